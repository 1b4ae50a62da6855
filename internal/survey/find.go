package survey

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Project is one Compose project below the surveyed directory.
type Project struct {
	// ID tells it apart: its folder, and its file where the folder has several.
	ID string
	// Name is what Docker Compose would call it.
	Name string
	// Dir is its folder, relative to the surveyed directory.
	Dir string
	// Files are its documents, in the order of merging.
	Files []string
}

// defaults are the names that Docker Compose looks for, and overrides what it merges.
var (
	defaults  = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
	overrides = []string{"compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"}
	// skipped are folders of other people's code.
	skipped = []string{"node_modules", "vendor", "testdata", ".git", ".github"}
)

// outline is the part of a document by which a project is known.
type outline struct {
	Services map[string]map[string]any `yaml:"services"`
	Include  []any                     `yaml:"include"`
	whole    bool
}

// Find lists the Compose projects below a directory, sorted by ID: for each folder the
// file with Docker Compose's own name, with its override, and every other document
// that can be a project by itself. A document that another one includes or extends is
// none.
func Find(dir string) ([]Project, error) {
	documents, err := outlines(dir)
	if err != nil {
		return nil, err
	}
	used := parts(documents)
	folders := map[string][]string{}
	for file := range documents {
		folders[filepath.Dir(file)] = append(folders[filepath.Dir(file)], filepath.Base(file))
	}
	var out []Project
	for folder, files := range folders {
		slices.Sort(files)
		for _, p := range inFolder(folder, files, documents) {
			if !used[filepath.Join(folder, p.Files[0])] {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(a, b Project) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func inFolder(folder string, files []string, documents map[string]outline) []Project {
	var out []Project
	var main string
	for _, name := range defaults {
		if slices.Contains(files, name) {
			main = name
			break
		}
	}
	for _, file := range files {
		switch {
		case file == main:
			p := Project{ID: folder, Name: projectName(folder, ""), Dir: folder, Files: []string{file}}
			for _, name := range overrides {
				if slices.Contains(files, name) {
					p.Files = append(p.Files, name)
					break
				}
			}
			out = append(out, p)
		case slices.Contains(overrides, file):
		case documents[filepath.Join(folder, file)].whole:
			out = append(out, Project{ID: filepath.Join(folder, file), Name: projectName(folder, file), Dir: folder, Files: []string{file}})
		}
	}
	return out
}

var (
	notInName = regexp.MustCompile(`[^a-z0-9_-]+`)
	repeated  = regexp.MustCompile(`-{2,}`)
	plainFile = regexp.MustCompile(`(^|[-_.])(docker-)?compose([-_.]|$)|\.ya?ml$`)
)

// projectName makes a project's name of its folder, and of its file's where the
// folder alone doesn't tell.
func projectName(folder, file string) string {
	name := filepath.Base(folder)
	if name == "." {
		name = "project"
	}
	if file != "" {
		name += "-" + plainFile.ReplaceAllString(plainFile.ReplaceAllString(file, "-"), "-")
	}
	name = repeated.ReplaceAllString(name, "-")
	name = strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "-"), "-_")
	if name == "" {
		return "project"
	}
	return name
}

// outlines reads the documents with services below a directory, by relative path.
func outlines(dir string) (map[string]outline, error) {
	out := map[string]outline{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(skipped, entry.Name()) {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); !entry.Type().IsRegular() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if o, ok := readOutline(text); ok || slices.Contains(defaults, entry.Name()) {
			rel, err := filepath.Rel(dir, path)
			out[rel] = o
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for projects: %w", err)
	}
	return out, nil
}

// readOutline reads a document; ok reports whether it has services or includes
// some.
func readOutline(text []byte) (o outline, ok bool) {
	err := yaml.Unmarshal(text, &o)
	ok = len(o.Services)+len(o.Include) > 0
	o.whole = ok
	for _, s := range o.Services {
		if s["image"] == nil && s["build"] == nil && s["extends"] == nil {
			o.whole = false
		}
	}
	return o, ok && err == nil
}

// parts are the documents that another one includes, or of which one extends a
// service.
func parts(documents map[string]outline) map[string]bool {
	used := map[string]bool{}
	for file, o := range documents {
		mark := func(path any) {
			if text, ok := path.(string); ok {
				used[filepath.Join(filepath.Dir(file), text)] = true
			}
		}
		for _, item := range o.Include {
			long, ok := item.(map[string]any)
			if !ok {
				mark(item)
				continue
			}
			mark(long["path"])
			if list, ok := long["path"].([]any); ok {
				for _, path := range list {
					mark(path)
				}
			}
		}
		for _, s := range o.Services {
			if e, ok := s["extends"].(map[string]any); ok {
				mark(e["file"])
			}
		}
	}
	return used
}
