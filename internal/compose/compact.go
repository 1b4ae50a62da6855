package compose

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// compactWidth is how wide a line of a compact document gets, where it can be broken.
const compactWidth = 120

// Compact writes a YAML document with fewer lines and the same meaning: what fits on
// a line is on one. It is for documents that a program wrote: comments are lost. Order
// stays.
func Compact(text string) (string, error) {
	doc, problem := parse("document", text)
	if problem != nil {
		return "", errors.New(problem.Detail)
	}
	if len(doc.roots) != 1 || len(doc.roots[0].Content) != 1 {
		return "", errors.New("it is not one YAML document")
	}
	root := doc.roots[0].Content[0]
	if root.Kind != yaml.MappingNode {
		return "", errors.New("it is not a mapping from keys to values")
	}
	var w compactWriter
	w.mapping(root, "")
	if w.err != nil {
		return "", w.err
	}
	var before, after any
	if err := errors.Join(yaml.Unmarshal([]byte(text), &before), yaml.Unmarshal([]byte(w.String()), &after)); err != nil {
		return "", err
	}
	if !reflect.DeepEqual(before, after) { // an alias, or a spelling that the parser has its own idea of
		return text, nil
	}
	return w.String(), nil
}

type compactWriter struct {
	strings.Builder

	err error
}

// mapping writes a key and its value a line.
func (w *compactWriter) mapping(node *yaml.Node, indent string) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := w.flow(key) + ":"
		line := indent + name + " " + w.flow(value)
		switch {
		case value.Kind == yaml.ScalarNode && strings.Contains(value.Value, "\n"):
			w.literal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{plain(key), lines(value)}}, indent)
		case value.Kind == yaml.ScalarNode || len(line) <= compactWidth && !hasLines(value):
			w.WriteString(line + "\n")
		case w.packs(value):
			w.packed(value, indent, name)
		default:
			w.WriteString(indent + name + "\n")
			w.block(value, indent+"  ")
		}
	}
}

// block writes a collection that has more than a line.
func (w *compactWriter) block(node *yaml.Node, indent string) {
	if node.Kind == yaml.MappingNode {
		w.mapping(node, indent)
		return
	}
	for _, item := range node.Content {
		line := indent + "- " + w.flow(item)
		switch {
		case item.Kind == yaml.ScalarNode && strings.Contains(item.Value, "\n"):
			w.literal(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{lines(item)}}, indent)
		case item.Kind == yaml.ScalarNode || len(line) <= compactWidth && !hasLines(item):
			w.WriteString(line + "\n")
		default:
			w.WriteString(indent + "-\n")
			w.block(item, indent+"  ")
		}
	}
}

// packs reports whether a mapping has nothing but short values, so that several fit
// on a line.
func (w *compactWriter) packs(node *yaml.Node) bool {
	if node.Kind != yaml.MappingNode || hasLines(node) {
		return false
	}
	for i := 1; i < len(node.Content); i += 2 {
		value := node.Content[i]
		if value.Kind != yaml.ScalarNode && (value.Kind != yaml.SequenceNode || len(w.flow(value)) > compactWidth) {
			return false
		}
	}
	return true
}

// packed writes as many of a mapping's entries on a line as fit.
func (w *compactWriter) packed(node *yaml.Node, indent, name string) {
	line := indent + name + " {"
	for i := 0; i+1 < len(node.Content); i += 2 {
		entry := w.flow(node.Content[i]) + ": " + w.flow(node.Content[i+1])
		switch {
		case i == 0:
			line += entry
		case len(line)+len(entry)+2 >= compactWidth:
			w.WriteString(line + ",\n")
			line = indent + "  " + entry
		default:
			line += ", " + entry
		}
	}
	w.WriteString(line + "}\n")
}

// literal writes a collection of one text that has several lines.
func (w *compactWriter) literal(node *yaml.Node, indent string) {
	out, err := yaml.Dump(node, yaml.WithLineWidth(-1), yaml.WithIndent(2))
	w.note(err)
	for line := range strings.Lines(string(out)) {
		if strings.TrimSpace(line) != "" {
			line = indent + line
		}
		w.WriteString(line)
	}
}

// lines is a text as the lines that it has.
func lines(node *yaml.Node) *yaml.Node {
	out := plain(node)
	out.Style = yaml.LiteralStyle
	return out
}

// hasLines reports whether a text of several lines is in a node.
func hasLines(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && strings.Contains(node.Value, "\n") || slices.ContainsFunc(node.Content, hasLines)
}

// flow writes a node on one line.
func (w *compactWriter) flow(node *yaml.Node) string {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{plain(node)}}
	out, err := yaml.Dump(list, yaml.WithLineWidth(-1))
	w.note(err)
	text := strings.TrimSpace(string(out))
	if len(text) < 2 || strings.Contains(text, "\n") {
		w.note(fmt.Errorf("%q does not fit on a line", text))
		return ""
	}
	return strings.TrimSpace(text[1 : len(text)-1])
}

func (w *compactWriter) note(err error) {
	if w.err == nil {
		w.err = err
	}
}

// unquoted are the texts that no parser takes for something else, whichever version of
// YAML it knows; except for [taken].
var unquoted = regexp.MustCompile(`^(-{0,2}[A-Za-z_/][A-Za-z0-9_./-]*|[0-9]+[A-Za-z]+)$`)

// taken are texts that some parsers read as a boolean or null.
var taken = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)

// plain is a node without the style it was written in. A text stays a text, whatever
// else it looks like.
func plain(node *yaml.Node) *yaml.Node {
	out := *node
	out.HeadComment, out.LineComment, out.FootComment = "", "", ""
	switch {
	case out.Kind != yaml.ScalarNode:
		out.Style = yaml.FlowStyle
	case out.ShortTag() != "!!str":
		out.Style &^= yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle
	case unquoted.MatchString(out.Value) && !taken.MatchString(out.Value):
		out.Style = 0
	default:
		out.Style = yaml.DoubleQuotedStyle
	}
	out.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		out.Content[i] = plain(child)
	}
	return &out
}
