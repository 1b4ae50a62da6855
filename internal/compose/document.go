package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// fieldPath names a field of the Compose model: {"services", "web", "ports", "0"}.
type fieldPath []string

func (p fieldPath) String() string { return strings.Join(p, ".") }

// next returns a longer path that shares no memory with p.
func (p fieldPath) next(keys ...string) fieldPath {
	return append(append(make(fieldPath, 0, len(p)+len(keys)), p...), keys...)
}

// document is one YAML text as the user wrote it, kept to find lines in.
type document struct {
	attribute string
	text      string
	roots     []*yaml.Node
}

// documents are the Compose text and its overrides, in the order of merging.
type documents []document

var yamlPrefix = regexp.MustCompile(`^yaml: (?:line \d+(?:, column \d+)?: )?`)

var yamlLine = regexp.MustCompile(`line (\d+)`)

// parse reads a text's YAML documents. It returns an error with the line for a
// text that is not YAML.
func parse(attribute, text string) (document, *Error) {
	doc := document{attribute: attribute, text: text}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return doc, nil
		}
		if err != nil {
			return doc, syntaxError(attribute, err)
		}
		if e := checkAliases(&root); e != nil {
			e.Attribute = attribute
			return doc, e
		}
		doc.roots = append(doc.roots, &root)
	}
}

// maxNodes is how large a document may get when its aliases are written out:
// aliases of aliases could make a short text endless.
const maxNodes = 1_000_000

// checkAliases reports aliases that contain themselves or grow without measure.
func checkAliases(root *yaml.Node) *Error {
	const inside = -1
	sizes := map[*yaml.Node]int{}
	var size func(node *yaml.Node) (int, *Error)
	size = func(node *yaml.Node) (int, *Error) {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		switch known := sizes[node]; {
		case known == inside:
			return 0, &Error{Line: node.Line, Detail: "the anchor " + strconv.Quote(node.Anchor) + " contains itself"}
		case known > 0:
			return known, nil
		}
		sizes[node] = inside
		total := 1
		for _, child := range node.Content {
			n, err := size(child)
			if err != nil {
				return 0, err
			}
			if total += n; total > maxNodes {
				return 0, &Error{Line: node.Line, Detail: "the aliases make the document too large"}
			}
		}
		sizes[node] = total
		return total, nil
	}
	_, err := size(root)
	return err
}

func syntaxError(attribute string, err error) *Error {
	e := &Error{Attribute: attribute}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
	}
	text := yamlPrefix.ReplaceAllString(err.Error(), "")
	e.Detail = fmt.Sprintf("the text is not valid YAML: %s", text)
	return e
}

// locate returns the attribute and line on which a field is written: the last
// document that goes deepest into the path. A field that is in none of them,
// such as one of an included file, is said to be in "compose", line 0.
func (d documents) locate(path fieldPath) (string, int) {
	attribute, line, best := "compose", 0, 1
	for _, doc := range d {
		for _, root := range doc.roots {
			if depth, node := descend(root, path); depth >= best && depth > 1 {
				attribute, line, best = doc.attribute, node.Line, depth
			}
		}
	}
	return attribute, line
}

// descend follows path as deep as the nodes go, and returns how deep that is
// and the node that names the last step.
func descend(node *yaml.Node, path fieldPath) (int, *yaml.Node) {
	value := resolve(node)
	if len(path) == 0 || value == nil {
		return 0, node
	}
	key, child := step(value, path[0])
	if child == nil {
		return 0, node
	}
	depth, deepest := descend(child, path[1:])
	if depth == 0 {
		return 1, key
	}
	return depth + 1, deepest
}

// resolve sees through documents and aliases.
func resolve(node *yaml.Node) *yaml.Node {
	for node != nil {
		switch {
		case node.Kind == yaml.DocumentNode && len(node.Content) > 0:
			node = node.Content[0]
		case node.Kind == yaml.AliasNode:
			node = node.Alias
		default:
			return node
		}
	}
	return nil
}

// step finds a key in a mapping, an index in a list, or "KEY=value" or "KEY" in
// a list that may also be written as a mapping.
func step(node *yaml.Node, key string) (at, child *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		return stepMapping(node, key)
	case yaml.SequenceNode:
		for _, item := range node.Content {
			if name, _, _ := strings.Cut(item.Value, "="); item.Kind == yaml.ScalarNode && name == key {
				return item, item
			}
		}
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i]
		}
	default: // nothing has a name in it
	}
	return nil, nil
}

func stepMapping(node *yaml.Node, key string) (at, child *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i], node.Content[i+1]
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != "<<" {
			continue
		}
		merged := resolve(node.Content[i+1])
		if merged == nil {
			continue
		}
		sources := []*yaml.Node{merged}
		if merged.Kind == yaml.SequenceNode {
			sources = merged.Content
		}
		for _, source := range sources {
			if source = resolve(source); source != nil && source.Kind == yaml.MappingNode {
				if at, child = stepMapping(source, key); child != nil {
					return at, child
				}
			}
		}
	}
	return nil, nil
}

// visit calls f for every scalar below node, with its path. A list's items have
// their index in the path; an alias is followed wherever it is used.
func visit(node *yaml.Node, path fieldPath, f func(fieldPath, *yaml.Node)) {
	node = resolve(node)
	if node == nil {
		return
	}
	switch node.Kind {
	case yaml.ScalarNode:
		f(path, node)
	case yaml.SequenceNode:
		for i, item := range node.Content {
			visit(item, path.next(strconv.Itoa(i)), f)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			below := path
			if key := node.Content[i].Value; key != "<<" {
				below = path.next(key)
			}
			visit(node.Content[i+1], below, f)
		}
	default: // resolve leaves no others
	}
}
