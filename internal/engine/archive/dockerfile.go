package archive

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// Dockerfile is what can be told of a Dockerfile without building it.
type Dockerfile struct {
	// Images are the images that it names, sorted: those that stages start from,
	// and those that files are copied or mounted from. Names of stages and
	// "scratch" are left out.
	Images []string
	// Syntax names what it uses that the classic builder does not have, sorted:
	// "RUN --mount", "here-documents".
	Syntax []string
	// Frontend reports that it asks for a frontend of its own ("# syntax=...").
	Frontend bool
}

// ReadDockerfile reads the text of a Dockerfile. args are the build's arguments,
// which take the place of defaults. Text that is not a Dockerfile gives the zero
// value.
func ReadDockerfile(text []byte, args map[string]string) Dockerfile {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return Dockerfile{}
	}
	f := dockerfile{lex: shell.NewLex(parsed.EscapeToken), args: args, known: map[string]string{}, images: map[string]bool{},
		syntax: map[string]bool{}, stages: map[string]bool{"scratch": true}}
	for _, node := range parsed.AST.Children {
		f.instruction(node)
	}
	_, _, _, frontend := parser.DetectSyntax(text)
	return Dockerfile{slices.Sorted(maps.Keys(f.images)), slices.Sorted(maps.Keys(f.syntax)), frontend}
}

// classicFlags are the flags of RUN, COPY and ADD that the classic builder has.
var classicFlags = []string{"--from", "--chown"}

// dockerfile is how far a Dockerfile has been read.
type dockerfile struct {
	lex    *shell.Lex
	args   map[string]string // of the build
	known  map[string]string // the arguments that hold outside of stages
	stages map[string]bool
	images map[string]bool
	syntax map[string]bool
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
			if name, _, _ := strings.Cut(flag, "="); !slices.Contains(classicFlags, name) {
				f.syntax[strings.ToUpper(node.Value)+" "+name] = true
			}
		}
		if len(node.Heredocs) > 0 {
			f.syntax["here-documents"] = true
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
