package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Touched tells which projects use each key: paths as compose.Key has them, to
// names of projects in order. All documents of a project count, those that it
// includes or extends too. It reads the projects' files.
func Touched(projects []Project, keys []string) (map[string][]string, error) {
	known := map[string]bool{}
	for _, key := range keys {
		known[key] = true
	}
	touched := map[string][]string{}
	for _, p := range projects {
		mark := func(key string) {
			if !slices.Contains(touched[key], p.Name) {
				touched[key] = append(touched[key], p.Name)
			}
		}
		err := filepath.WalkDir(p.Dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || entry.Name() == ManifestFile {
				return err
			}
			return eachDocument(path, func(root *yaml.Node) { walk(root, "", known, mark) })
		})
		if err != nil {
			return nil, fmt.Errorf("read project %s: %w", p.Name, err)
		}
	}
	return touched, nil
}

// eachDocument decodes a file's documents.
func eachDocument(path string, do func(*yaml.Node)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read document %s: %w", path, err)
		}
		do(&root)
	}
}

// walk marks the keys in a node that is at a path of the specification.
func walk(node *yaml.Node, at string, known map[string]bool, mark func(string)) {
	switch node.Kind {
	case yaml.AliasNode:
		walk(node.Alias, at, known, mark)
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, item := range node.Content {
			walk(item, at, known, mark)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i].Value, node.Content[i+1]
			if key == "<<" {
				walk(value, at, known, mark)
				continue
			}
			for _, name := range []string{key, "*"} {
				if path := strings.TrimPrefix(at+"."+name, "."); known[path] {
					mark(path)
					walk(value, path, known, mark)
					break
				}
			}
		}
	case yaml.ScalarNode, yaml.StreamNode:
	}
}
