package compose

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// noEnvironment is what env_file says in an include that reads no such file.
const noEnvironment = "/dev/null"

// checkIncludes keeps compose-go from what it would do about included files behind
// the reader's back, in the documents and in the files that they include.
func (l *load) checkIncludes() {
	unread := map[string]bool{}
	for at := range l.docs {
		doc := &l.docs[at]
		var entries []*yaml.Node
		for _, root := range doc.roots {
			i := includes{load: l, attribute: doc.attribute, seen: map[string]bool{}, unread: unread}
			i.check(root, l.dir)
			entries = append(entries, i.entries...)
		}
		doc.leaveEnvironmentOut(entries)
	}
	if len(unread) > 0 {
		l.warn(unreadWarning(sortedKeys(unread)))
	}
}

// unreadWarning is what a plan says of .env files beside included ones.
func unreadWarning(files []string) string {
	return "include does not read " + strings.Join(files, ", ") + ": Docker Compose would, but a .env file is often in no repository, and the plan must not depend on where it is made. Put the values into variables and secrets, or name the file in env_file of the entry of include"
}

// includes follows the include sections from one document.
type includes struct {
	*load
	attribute string
	line      int // of the section's entry in the document itself
	seen      map[string]bool
	unread    map[string]bool // .env files that are left out
	// entries are those of the document itself that must say so.
	entries []*yaml.Node
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
		i.entry(resolve(item), base, own)
	}
	if own {
		i.line = 0
	}
}

func (i *includes) entry(item *yaml.Node, base string, own bool) {
	if item == nil {
		return
	}
	paths, dir, environment := item, "", false
	if item.Kind == yaml.MappingNode {
		_, paths = stepMapping(item, "path")
		_, file := stepMapping(item, "env_file")
		environment = file != nil
		for _, name := range i.files(resolve(file), base) {
			i.special(name)
		}
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
		// longer be distinguished from paths of the node.
		i.addIncludeError("include: project_directory must be relative to the stack's project_directory")
	default:
		dir = filepath.Join(base, dir)
	}
	if !environment {
		i.environmentFile(item, files[0], dir, own)
	}
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

// environmentFile leaves out a .env file that compose-go would read because it
// happens to lie there: often it is in no repository, and the plan would differ
// with it. An entry that is a path alone is taken care of by includeCast.
func (i *includes) environmentFile(item *yaml.Node, file, dir string, own bool) {
	path := filepath.Join(dir, ".env")
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return
	}
	switch {
	case item.Kind != yaml.MappingNode:
	case own:
		i.entries = append(i.entries, item)
	default: // only its own text could say so
		i.addIncludeError("include of " + file + " would read " + path + ": write env_file in this entry, with that path to read it or " + noEnvironment + " to leave it out")
		return
	}
	if name, err := filepath.Rel(i.dir, path); err == nil && i.dir != "" {
		path = name
	}
	i.unread[path] = true
}

// includeCast makes of an include's path an entry that reads no .env file,
// whichever file it is written in.
func includeCast(path string) (any, error) {
	return map[string]any{"path": path, "env_file": noEnvironment}, nil
}

// leaveEnvironmentOut writes into entries of the document's include sections that
// they read no .env file. A text that compose-go will refuse stays as it is, for
// the sake of its lines.
func (d *document) leaveEnvironmentOut(entries []*yaml.Node) {
	for _, root := range d.roots {
		var value any
		if len(entries) == 0 || root.Decode(&value) != nil {
			return
		}
	}
	// From the last one on: what is before it keeps its place.
	slices.SortFunc(entries, func(a, b *yaml.Node) int {
		return cmp.Or(cmp.Compare(b.Content[0].Line, a.Content[0].Line), cmp.Compare(b.Content[0].Column, a.Content[0].Column))
	})
	lines := strings.Split(d.text, "\n")
	for _, entry := range slices.Compact(entries) {
		first := entry.Content[0]
		line, column := []rune(lines[first.Line-1]), first.Column-1
		text := "env_file: " + noEnvironment
		if entry.Style&yaml.FlowStyle != 0 {
			text = strconv.Quote("env_file") + ": " + strconv.Quote(noEnvironment) + ", "
		} else {
			text += "\n" + strings.Repeat(" ", column)
		}
		lines[first.Line-1] = string(line[:column]) + text + string(line[column:])
	}
	d.text = strings.Join(lines, "\n")
}

// follow looks into an included file; one that cannot be read is compose-go's
// to report.
func (i *includes) follow(file, dir string) {
	if i.seen[file] {
		return
	}
	i.seen[file] = true
	if i.special(file) {
		return
	}
	text, err := localfile.ReadFile(file)
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

// special reports a path that leads to neither a file nor a directory: compose-go
// would wait for what a named pipe gives.
func (i *includes) special(file string) bool {
	_, err := localfile.Stat(file)
	special := errors.As(err, new(*localfile.KindError))
	if special {
		i.addIncludeError(fmt.Sprintf("include names %s, which cannot be read: %v", file, reason(err)))
	}
	return special
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

// addIncludeError records a problem with the entry of include being read.
func (i *includes) addIncludeError(detail string) {
	i.addOnce(&Error{Attribute: i.attribute, Line: i.line, Detail: detail})
}
