package compose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/schema"
)

// Key is one key of the Compose specification and what becomes of it here.
type Key struct {
	// Path is the key's path, with "*" for a name that the user chooses and
	// nothing for a list's index: "services.*.ports.target".
	Path string
	// Verdict is "supported", "ignored" (with a warning) or "refused" (an error).
	Verdict string
	// Reason says why a key is ignored or refused, and what to use instead. A
	// supported key has none.
	Reason string
}

// Keys lists every key of the specification's schema in order of their paths.
// What is below a key that is not supported shares its verdict. It does no I/O.
func Keys() ([]Key, error) {
	paths, err := schemaKeys()
	if err != nil {
		return nil, err
	}
	names := map[verdict]string{supported: "supported", ignored: "ignored", refused: "refused"}
	table, keys := knownKeys(), make([]Key, 0, len(paths))
	for _, path := range paths {
		r := table.ruling(path)
		keys = append(keys, Key{Path: path, Verdict: names[r.verdict], Reason: r.reason})
	}
	return keys, nil
}

// ruling is the rule for a key: its own, or that of the nearest key above it.
func (t *keyTable) ruling(key string) rule {
	for {
		if r, ok := t.rules[key]; ok {
			return r
		}
		i := strings.LastIndex(key, ".")
		if i < 0 {
			return rule{}
		}
		key = key[:i]
	}
}

// schemaKeys returns the paths of all properties of the Compose schema.
func schemaKeys() ([]string, error) {
	var root map[string]any
	if err := json.Unmarshal([]byte(schema.Schema), &root); err != nil {
		return nil, fmt.Errorf("read the Compose schema: %w", err)
	}
	definitions, _ := root["$defs"].(map[string]any)
	w := schemaWalk{definitions: definitions, keys: map[string]bool{}}
	w.walk(root, "", nil)
	return sortedKeys(w.keys), nil
}

type schemaWalk struct {
	definitions map[string]any
	keys        map[string]bool
}

// freeForm are definitions of which every key is the user's own data.
var freeForm = []string{"list_or_dict", "string_or_list", "list_of_strings", "command"}

func (w schemaWalk) walk(node map[string]any, at string, inside []string) {
	if ref, ok := node["$ref"].(string); ok {
		name := ref[strings.LastIndex(ref, "/")+1:]
		if !slices.Contains(inside, name) && !slices.Contains(freeForm, name) {
			definition, _ := w.definitions[name].(map[string]any)
			w.walk(definition, at, append(slices.Clone(inside), name))
		}
	}
	for _, combination := range []string{"oneOf", "anyOf", "allOf"} {
		options, _ := node[combination].([]any)
		for _, option := range options {
			below, _ := option.(map[string]any)
			w.walk(below, at, inside)
		}
	}
	if items, ok := node["items"].(map[string]any); ok {
		w.walk(items, at, inside)
	}
	properties, _ := node["properties"].(map[string]any)
	for key, child := range properties {
		w.keys[join(at, key)] = true
		below, _ := child.(map[string]any)
		w.walk(below, join(at, key), inside)
	}
	patterns, _ := node["patternProperties"].(map[string]any)
	for pattern, child := range patterns {
		below, _ := child.(map[string]any)
		if pattern == "^x-" || len(below) == 0 || isScalar(below) {
			continue
		}
		w.keys[join(at, "*")] = true
		w.walk(below, join(at, "*"), inside)
	}
}

// isScalar reports whether the values of a pattern are plain data.
func isScalar(node map[string]any) bool {
	_, typed := node["type"]
	_, properties := node["properties"]
	return typed && !properties
}
