package compose

import (
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/tree"
	"go.yaml.in/yaml/v4"
)

// casts are those of compose-go's conversions of texts to numbers and booleans
// that the documents may need: it compares every text's path with each of them,
// which is a seventh of the time that loading a stack takes.
func (l *load) casts(all map[tree.Path]interpolation.Cast) map[tree.Path]interpolation.Cast {
	keys := l.docs.keys()
	everything := keys["include"] || keys["extends"] // of files that nobody has read yet
	casts := map[tree.Path]interpolation.Cast{}
	for path, cast := range all {
		if everything || keys[ownKey(path)] {
			casts[path] = quiet(cast)
		}
	}
	if keys["include"] {
		casts[tree.NewPath("include", tree.PathMatchList)] = includeCast
	}
	return casts
}

// ownKey is the last key of a path that is the specification's, not the user's.
func ownKey(path tree.Path) string {
	parts := path.Parts()
	for len(parts) > 1 && parts[len(parts)-1] == tree.PathMatchAll {
		parts = parts[:len(parts)-1]
	}
	return parts[len(parts)-1]
}

// keys are all keys of all mappings in the documents, whatever they are in.
func (d documents) keys() map[string]bool {
	keys := map[string]bool{}
	var gather func(*yaml.Node)
	gather = func(node *yaml.Node) {
		for i, child := range node.Content {
			if node.Kind == yaml.MappingNode && i%2 == 0 {
				keys[child.Value] = true
			}
			gather(child) // what an alias stands for is below its anchor
		}
	}
	for _, doc := range d {
		for _, root := range doc.roots {
			gather(root)
		}
	}
	return keys
}

// quiet accepts YAML 1.1's other booleans without compose-go's note in a
// process-wide log, which would show the value.
func quiet(cast interpolation.Cast) interpolation.Cast {
	return func(value string) (any, error) {
		if word, ok := yamlBooleans[strings.ToLower(value)]; ok {
			if b, err := cast(word); err == nil {
				return b, nil
			}
		}
		return cast(value)
	}
}

// yamlBooleans are the booleans that compose-go notes, in lower case.
var yamlBooleans = map[string]string{
	"y": "true", "yes": "true", "on": "true",
	"n": "false", "no": "false", "off": "false",
}
