package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the import path of the repository's root.
const module = "github.com/homelab-iac/terraform-provider-homelab"

// file is one Go source file as far as the rules look at it.
type file struct {
	path    string            // slash-separated, relative to the repository's root
	lines   int               // number of lines
	imports map[string]int    // import path -> line
	uses    map[selection]int // qualified identifiers -> line of the first use
	tree    *ast.File
	set     *token.FileSet
}

// at is a place in the file, as offences name it.
func (f file) at(node ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(node.Pos()).Line)
}

// selection is a qualified identifier: an import path and a name in it.
type selection struct{ pkg, name string }

// layer returns the first path element below internal/, or below a folder that only
// groups packages, "main" for the repository's root, and "" for everything else, such as examples.
func (f file) layer() string {
	if f.path == path.Base(f.path) {
		return "main"
	}
	dir, ok := strings.CutPrefix(path.Dir(f.path), "internal/")
	if !ok {
		return ""
	}
	return layerOf(dir)
}

// groups are the folders below internal/ that only hold packages.
var groups = []string{"resources", "engine"}

// layerOf returns the layer that a folder below internal/ is in.
func layerOf(dir string) string {
	name, rest, _ := strings.Cut(dir, "/")
	if slices.Contains(groups, name) {
		name, _, _ = strings.Cut(rest, "/")
	}
	return name
}

// isTest reports whether only "go test" compiles the file.
func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// ours returns the name of the layer that an import path of this module is in,
// and "" for an import path of anybody else.
func ours(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, module+"/internal/")
	if !ok {
		return ""
	}
	return layerOf(rest)
}

// readRepository parses every Go file of the repository's root module.
func readRepository(t *testing.T) []file {
	t.Helper()
	root := os.DirFS(filepath.Join("..", ".."))
	var files []file
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(root, name)
		case path.Ext(name) != ".go":
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parse(name, source)
		if err != nil {
			return err
		}
		files = append(files, parsed)
		return nil
	})
	if err != nil {
		t.Fatalf("read the repository: %v", err)
	}
	return files
}

// skip leaves out what is not part of the root module: hidden directories, test
// data and nested modules.
func skip(root fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// parse reads imports and qualified identifiers. An identifier counts as a
// package's name when the file imports a package by that name; a local variable
// that shadows it is taken for the package too, which house style avoids anyway.
func parse(name string, source []byte) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{
		path:    name,
		lines:   set.File(tree.Pos()).LineCount(),
		imports: map[string]int{},
		uses:    map[selection]int{},
		tree:    tree,
		set:     set,
	}
	names := map[string]string{}
	for _, spec := range tree.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports[importPath] = set.Position(spec.Pos()).Line
		names[localName(spec, importPath)] = importPath
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if ident, ok := selector.X.(*ast.Ident); ok && names[ident.Name] != "" {
			used := selection{names[ident.Name], selector.Sel.Name}
			if _, seen := f.uses[used]; !seen {
				f.uses[used] = set.Position(selector.Pos()).Line
			}
		}
		return true
	})
	return f, nil
}

// localName is what a file calls an imported package. Without an alias it is the
// last path element, which is true of every package the rules ask about.
func localName(spec *ast.ImportSpec, importPath string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(importPath)
}
