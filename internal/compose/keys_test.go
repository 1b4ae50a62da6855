package compose

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
)

// TestKeyTable_EveryKeyOfTheSchema_HasARule walks the schema that compose-go
// validates with, so that a key which a newer one brings is decided about.
func TestKeyTable_EveryKeyOfTheSchema_HasARule(t *testing.T) {
	table := newKeyTable()
	keys := schemaKeys(t)
	if len(keys) < 250 {
		t.Fatalf("the schema has %d keys only: is it still read as it is written?", len(keys))
	}
	for _, key := range keys {
		if !table.covers(key) {
			t.Errorf("%s has no rule", key)
		}
	}
}

// TestKeyTable_EveryRule_IsAboutAKeyOfTheSchema finds misspelt rules.
func TestKeyTable_EveryRule_IsAboutAKeyOfTheSchema(t *testing.T) {
	keys := schemaKeys(t)
	for path := range newKeyTable().rules {
		if !slices.Contains(keys, path) {
			t.Errorf("the schema has no %s", path)
		}
	}
}

func TestKeyTable_RefusedAndIgnored_HaveAReason(t *testing.T) {
	for path, r := range newKeyTable().rules {
		if r.verdict != supported && (r.reason == "" || strings.HasSuffix(r.reason, ".")) {
			t.Errorf("%s: %q", path, r.reason)
		}
	}
}

func TestLoad_IgnoredKey_WarnsWithServiceAndKey(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("deploy: {labels: {a: b}, placement: {constraints: [x]}, update_config: {parallelism: 1}}")})
	for _, key := range []string{"deploy.labels", "deploy.placement", "deploy.update_config"} {
		if !contains(stack.Warnings, `service "web": key "`+key+`" has no effect: `) {
			t.Errorf("no warning of %s: %q", key, stack.Warnings)
		}
	}
}

func TestLoad_RefusedKeyWithHarmlessValue_IsAccepted(t *testing.T) {
	oneService(t, "use_api_socket: false")
}

// covers tells whether a key or one above it, which is not looked into, has a
// rule.
func (t *keyTable) covers(key string) bool {
	for {
		if _, ok := t.rules[key]; ok {
			return true
		}
		i := strings.LastIndex(key, ".")
		if i < 0 {
			return false
		}
		key = key[:i]
		if r, ok := t.rules[key]; ok {
			return r.verdict != supported
		}
	}
}

// schemaKeys returns the paths of all properties of the Compose schema.
func schemaKeys(t *testing.T) []string {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(schema.Schema), &root); err != nil {
		t.Fatal(err)
	}
	w := schemaWalk{definitions: root["$defs"].(map[string]any), keys: map[string]bool{}}
	w.walk(root, "", nil)
	return sortedKeys(w.keys)
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
			w.walk(w.definitions[name].(map[string]any), at, append(slices.Clone(inside), name))
		}
	}
	for _, combination := range []string{"oneOf", "anyOf", "allOf"} {
		for _, option := range list(node[combination]) {
			w.walk(option.(map[string]any), at, inside)
		}
	}
	if items, ok := node["items"].(map[string]any); ok {
		w.walk(items, at, inside)
	}
	properties, _ := node["properties"].(map[string]any)
	for key, child := range properties {
		w.keys[join(at, key)] = true
		w.walk(child.(map[string]any), join(at, key), inside)
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

// isScalar tells a pattern whose values are plain data.
func isScalar(node map[string]any) bool {
	_, typed := node["type"]
	_, properties := node["properties"]
	return typed && !properties
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
