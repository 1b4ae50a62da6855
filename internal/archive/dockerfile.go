package archive

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// DockerfileImages returns the images that a Dockerfile names, sorted: those that
// stages start from, and those that files are copied or mounted from. Names of
// stages and "scratch" are left out. args are the build's arguments, which take
// the place of defaults. Text that is no Dockerfile gives nil.
func DockerfileImages(text []byte, args map[string]string) []string {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	f := dockerfile{lex: shell.NewLex(parsed.EscapeToken), args: args, known: map[string]string{}, images: map[string]bool{},
		stages: map[string]bool{"scratch": true}}
	for _, node := range parsed.AST.Children {
		f.instruction(node)
	}
	return slices.Sorted(maps.Keys(f.images))
}

// dockerfile is how far a Dockerfile has been read.
type dockerfile struct {
	lex    *shell.Lex
	args   map[string]string // of the build
	known  map[string]string // the arguments that hold outside of stages
	stages map[string]bool
	images map[string]bool
	inside bool // a stage has begun
}

func (f *dockerfile) instruction(node *parser.Node) {
	switch strings.ToLower(node.Value) {
	case "arg":
		if !f.inside {
			f.argument(node.Next)
		}
	case "from":
		f.inside = true
		f.stage(node.Next)
	case "copy", "add", "run":
		for _, flag := range node.Flags {
			f.source(flag)
		}
	}
}

// argument notes "ARG name=default ...".
func (f *dockerfile) argument(node *parser.Node) {
	for ; node != nil; node = node.Next {
		name, value, _ := strings.Cut(node.Value, "=")
		if given, ok := f.args[name]; ok {
			value = given
		} else {
			value = f.expand(value)
		}
		f.known[name] = value
	}
}

// stage notes "FROM image [AS name]".
func (f *dockerfile) stage(node *parser.Node) {
	if node == nil {
		return
	}
	f.image(f.expand(node.Value))
	if as := node.Next; as != nil && strings.EqualFold(as.Value, "as") && as.Next != nil {
		f.stages[strings.ToLower(as.Next.Value)] = true
	}
}

// source notes "--from=image" and "--mount=...,from=image".
func (f *dockerfile) source(flag string) {
	for _, field := range strings.Split(strings.TrimPrefix(flag, "--mount="), ",") {
		if name, ok := strings.CutPrefix(strings.TrimPrefix(field, "--"), "from="); ok {
			f.image(name)
		}
	}
}

func (f *dockerfile) image(name string) {
	if name == "" || f.stages[strings.ToLower(name)] || strings.Trim(name, "0123456789") == "" { // a stage by its number
		return
	}
	f.images[name] = true
}

func (f *dockerfile) expand(word string) string {
	text, _, err := f.lex.ProcessWord(word, environment(f.known))
	if err != nil {
		return word
	}
	return text
}

// environment lets the lexer look arguments up.
type environment map[string]string

// Get returns a variable's value.
func (e environment) Get(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// Keys returns the variables' names, sorted.
func (e environment) Keys() []string { return slices.Sorted(maps.Keys(e)) }
