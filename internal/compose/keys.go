package compose

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

// verdict is what happens to a Compose key.
type verdict int

const (
	supported verdict = iota // it has its effect
	ignored                  // it has none here, as under Docker Compose: a warning
	refused                  // it would silently do nothing or the wrong thing: an error
)

// rule is the table's entry for one key.
type rule struct {
	verdict verdict
	// reason says why a key is ignored or refused, and what to use instead.
	reason string
}

// keyTable maps every key of the Compose schema, with "*" for a name that the
// user chooses and nothing for a list's index, to its rule. A key whose rule
// has no entries below it may hold anything.
type keyTable struct {
	rules   map[string]rule
	parents map[string]bool
}

// knownKeys is the table, which nobody changes once it is made.
var knownKeys = sync.OnceValue(newKeyTable)

// newKeyTable joins the tables of all parts of the schema.
func newKeyTable() *keyTable {
	t := &keyTable{rules: map[string]rule{}, parents: map[string]bool{}}
	for _, part := range []map[string]string{topLevelKeys, serviceKeys, deployKeys, buildKeys} {
		for parent, keys := range part {
			for _, key := range strings.Fields(keys) {
				t.set(join(parent, key), rule{})
			}
		}
	}
	for path, reason := range ignoredKeys {
		t.set(path, rule{ignored, reason})
	}
	for path, reason := range refusedKeys {
		t.set(path, rule{refused, reason})
	}
	return t
}

func (t *keyTable) set(path string, r rule) {
	t.rules[path] = r
	for i, c := range path {
		if c == '.' {
			t.parents[path[:i]] = true
		}
	}
}

// child returns the table's path of a key below parent, and false for a key
// that the schema does not know there.
func (t *keyTable) child(parent, key string) (string, bool) {
	for _, path := range []string{join(parent, key), join(parent, "*")} {
		if _, ok := t.rules[path]; ok {
			return path, true
		}
	}
	return "", false
}

func join(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

// checkModel reports the keys of a merged model that are refused, and warns of
// those that are ignored. Only what is below the enabled services counts.
func (t *keyTable) checkModel(model map[string]any, enabled map[string]bool, p *problems, warn func(string)) {
	t.checkValue(model, "", nil, func(path fieldPath, r rule) bool {
		if len(path) == 2 && path[0] == "services" {
			return enabled[path[1]]
		}
		switch r.verdict {
		case refused:
			p.addErrorAt(path, "%skey %q is not supported: %s", owner(path), keyName(path), r.reason)
		case ignored:
			warn(owner(path) + "key " + strconv.Quote(keyName(path)) + " has no effect: " + r.reason)
		case supported:
			return true
		}
		return false
	})
}

func (t *keyTable) checkValue(value any, at string, path fieldPath, seen func(fieldPath, rule) bool) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			child, ok := t.child(at, key)
			if !ok || isUnset(v[key]) && t.rules[child].verdict != supported {
				continue
			}
			if seen(path.next(key), t.rules[child]) && t.parents[child] {
				t.checkValue(v[key], child, path.next(key), seen)
			}
		}
	case []any:
		for i, item := range v {
			t.checkValue(item, at, path.next(strconv.Itoa(i)), seen)
		}
	}
}

// isUnset reports whether a value means the same as the key's absence.
func isUnset(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// checkUnknown reports the keys of the documents that the schema does not know.
func (t *keyTable) checkUnknown(docs documents, p *problems) {
	for _, doc := range docs {
		for _, root := range doc.roots {
			t.unknownBelow(root, "", nil, func(node *yaml.Node, at string, path fieldPath) {
				p.addOnce(&Error{Attribute: doc.attribute, Line: node.Line,
					Detail: owner(path) + "unknown key " + strconv.Quote(keyName(path)) + t.suggestion(at, node.Value)})
			})
		}
	}
}

func (t *keyTable) unknownBelow(node *yaml.Node, at string, path fieldPath, report func(*yaml.Node, string, fieldPath)) {
	node = resolve(node)
	if node == nil || at != "" && !t.parents[at] {
		return
	}
	if node.Kind == yaml.SequenceNode {
		for i, item := range node.Content {
			if item = resolve(item); item != nil && item.Kind == yaml.MappingNode {
				t.unknownBelow(item, at, path.next(strconv.Itoa(i)), report)
			}
		}
	}
	if node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Value == "<<" {
			t.unknownBelow(value, at, path, report)
			continue
		}
		child, ok := t.child(at, key.Value)
		switch {
		case ok:
			t.unknownBelow(value, child, path.next(key.Value), report)
		case !strings.HasPrefix(key.Value, "x-"):
			report(key, at, path.next(key.Value))
		}
	}
}

// suggestion names the known key that a misspelt one is closest to.
func (t *keyTable) suggestion(at, key string) string {
	best, distance := "", 3
	for path := range t.rules {
		name, ok := strings.CutPrefix(path, at+".")
		if at == "" {
			name, ok = path, true
		}
		if !ok || strings.Contains(name, ".") || name == "*" {
			continue
		}
		if d := editDistance(key, name); d < distance || d == distance && best != "" && name < best {
			best, distance = name, d
		}
	}
	if best == "" || distance >= len(key) {
		return ""
	}
	return "; did you mean " + strconv.Quote(best) + "?"
}

// editDistance is Levenshtein's: how many letters to add, drop or change.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// kinds are the sections whose members have names.
var kinds = map[string]string{
	"services": "service", "networks": "network", "volumes": "volume",
	"secrets": "secret", "configs": "config", "models": "model",
}

// owner names what a field belongs to, as the beginning of a sentence.
func owner(path fieldPath) string {
	if len(path) >= 2 && kinds[path[0]] != "" {
		return kinds[path[0]] + " " + strconv.Quote(path[1]) + ": "
	}
	return ""
}

// keyName names a field inside its owner, without indexes of lists. It is empty
// for the owner itself.
func keyName(path fieldPath) string {
	if owner(path) != "" {
		path = path[2:]
	}
	path = slices.DeleteFunc(slices.Clone(path), func(s string) bool {
		_, err := strconv.Atoi(s)
		return err == nil || s == "[]"
	})
	return path.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
