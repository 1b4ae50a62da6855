package compose

import (
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// checkIncludes refuses what compose-go would do about included files behind
// the reader's back, in the documents and in the files that they include.
func (l *load) checkIncludes() {
	for _, doc := range l.docs {
		for _, root := range doc.roots {
			i := includes{load: l, attribute: doc.attribute, seen: map[string]bool{}}
			i.check(root, l.dir)
		}
	}
}

// includes follows the include sections from one document.
type includes struct {
	*load
	attribute string
	line      int // of the section's entry in the document itself
	seen      map[string]bool
}

// check looks at the include section of root, whose paths start from base.
func (i *includes) check(root *yaml.Node, base string) {
	_, list := step(resolve(root), "include")
	if list = resolve(list); list == nil {
		return
	}
	own := i.line == 0
	for _, item := range list.Content {
		if own {
			i.line = item.Line
		}
		i.entry(resolve(item), base)
	}
	if own {
		i.line = 0
	}
}

func (i *includes) entry(item *yaml.Node, base string) {
	if item == nil {
		return
	}
	paths, dir, environment := item, "", false
	if item.Kind == yaml.MappingNode {
		_, paths = stepMapping(item, "path")
		_, file := stepMapping(item, "env_file")
		environment = file != nil
		if _, node := stepMapping(item, "project_directory"); node != nil {
			dir = i.text(node)
		}
	}
	files := i.files(resolve(paths), base)
	if len(files) == 0 {
		return
	}
	switch {
	case dir == "":
		dir = filepath.Dir(files[0])
	case filepath.IsAbs(dir):
		// The included file's relative paths become absolute: they could no
		// longer be told from paths of the node.
		i.problem("include: project_directory must be relative to the stack's project_directory")
	default:
		dir = filepath.Join(base, dir)
	}
	i.environmentFile(files[0], dir, environment)
	for _, file := range files {
		i.follow(file, dir)
	}
}

// files returns the absolute local paths of an entry; remote ones, and relative
// ones without a directory to start from, are reported by sourceGuard.
func (i *includes) files(paths *yaml.Node, base string) []string {
	if paths == nil {
		return nil
	}
	nodes := []*yaml.Node{paths}
	if paths.Kind == yaml.SequenceNode {
		nodes = paths.Content
	}
	var files []string
	for _, node := range nodes {
		file := i.text(node)
		switch {
		case file == "" || isRemote(file) || !filepath.IsAbs(file) && base == "":
		case filepath.IsAbs(file):
			files = append(files, file)
		default:
			files = append(files, filepath.Join(base, file))
		}
	}
	return files
}

// environmentFile refuses a .env file that is read because it happens to lie
// there: often it is in no repository, and the plan would differ with it.
func (i *includes) environmentFile(file, dir string, explicit bool) {
	path := filepath.Join(dir, ".env")
	if info, err := os.Stat(path); explicit || err != nil || info.IsDir() {
		return
	}
	i.problem("include of " + file + " would read " + path + ": write env_file in this entry, with that path to read it or /dev/null to leave it out")
}

// follow looks into an included file; one that cannot be read is compose-go's
// to report.
func (i *includes) follow(file, dir string) {
	if i.seen[file] {
		return
	}
	i.seen[file] = true
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	doc, problem := parse(file, string(text))
	if problem != nil {
		return
	}
	for _, root := range doc.roots {
		i.check(root, dir)
	}
}

func (i *includes) text(node *yaml.Node) string {
	if node = resolve(node); node == nil {
		return ""
	}
	text, err := (&substitution{}).apply(node.Value, i.lookup)
	if err != nil {
		return ""
	}
	return text
}

func (i *includes) problem(detail string) {
	i.insert(&Error{Attribute: i.attribute, Line: i.line, Detail: detail})
}
