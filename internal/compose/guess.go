package compose

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ErrUndecided means that nobody knows the names of the secrets yet, and that
// the documents include others, in which names may be used that this one does not
// show.
var ErrUndecided = errors.New("the names of the secrets are not known yet")

// guess takes for secrets, of which nobody knows the value, the names that may be
// some: those that are used where a secret may be, nowhere else, and that are no
// variables. It returns false where files that the documents name use further
// names.
func (l *load) guess(ctx context.Context) bool {
	open, closed := map[string]bool{}, map[string]bool{}
	for _, doc := range l.docs {
		for _, root := range doc.roots {
			visit(root, nil, func(path fieldPath, node *yaml.Node) {
				into := closed
				if len(path) > 0 && (secretAllowed(path) || isSource(path)) {
					into = open
				}
				for _, name := range names(path, node) {
					into[name] = true
				}
			})
		}
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(open)) {
		if _, variable := l.in.Variables[name]; !variable && !closed[name] {
			unknown = append(unknown, name)
		}
	}
	if !l.complete(ctx, open, closed) {
		return false
	}
	l.masks = newMasks(nil, unknown)
	return true
}

// complete reports whether the documents themselves have all names for which
// nobody has a value. What cannot be read is reported later.
func (l *load) complete(ctx context.Context, names ...map[string]bool) bool {
	l.asked = map[string]bool{}
	lenient := l.lenient
	l.lenient = true
	defer func() { l.asked, l.lenient = nil, lenient }()
	if _, err := l.read(ctx, nil); err != nil {
		return true
	}
	for name := range l.asked {
		if !slices.ContainsFunc(names, func(known map[string]bool) bool { return known[name] }) {
			return false
		}
	}
	return true
}

// isSource reports whether a field names where a secret or config comes from. One
// that is external is taken to be on the node.
func isSource(path fieldPath) bool {
	return len(path) == 3 && (path[0] == "secrets" || path[0] == "configs") && path[2] == "environment"
}

// names are those that a field takes values by.
func names(path fieldPath, node *yaml.Node) []string {
	switch {
	case isSource(path):
		return []string{node.Value}
	case isEnvironment(path) && node.Tag == "!!null": // NAME:
		return []string{path[len(path)-1]}
	case isEnvironment(path) && isBare(path, node):
		return []string{node.Value}
	}
	asked := map[string]bool{}
	_, _ = (&substitution{asked: asked, lenient: true}).apply(node.Value, func(string) (string, bool) { return "", false })
	return slices.Collect(maps.Keys(asked))
}

// isBare reports whether a variable in an environment's list has no value of its own.
func isBare(path fieldPath, node *yaml.Node) bool {
	_, err := strconv.Atoi(path[len(path)-1])
	return err == nil && !strings.ContainsAny(node.Value, "=$")
}
