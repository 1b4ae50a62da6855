package diagram

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Diagram is a drawn homelab.
type Diagram struct {
	// Mermaid is the text of a flowchart, ending with a newline.
	Mermaid string
	// Omitted says what had to be left out to stay within [MaxCharacters] and
	// [MaxEdges], in sentences without capital and full stop; empty for nothing.
	// The diagram says it too.
	Omitted []string
}

// Draw draws a homelab within the limits of GitHub's Mermaid: as much as fits.
func Draw(h Homelab, o Options) Diagram {
	h = h.sorted()
	networks := h.lans()
	for l := everything; l < fewNodes; l++ {
		if d, fits := draw(h, networks, o, l, 0); fits {
			return d
		}
	}
	for few := len(h.Nodes) / 2; ; few /= 2 { // of a size that no homelab has
		some := Homelab{h.Nodes[:few]}
		if d, fits := draw(some, some.lans(), o, fewNodes, len(h.Nodes)-few); fits || few == 0 {
			return d
		}
	}
}

// tooLong is a length, in bytes, that no text within MaxCharacters has: what is
// longer is not written to its end.
const tooLong = 4 * MaxCharacters

// picture is a diagram in the making.
type picture struct {
	Options
	level level
	h     Homelab
	lans  *lans

	ids    *ids
	body   strings.Builder
	indent int
	edges  []string
	seen   map[member]bool // services that were drawn
}

// draw draws a homelab with as much as a level leaves, and reports whether that is
// within the limits. hidden is how many nodes it lacks.
func draw(h Homelab, networks *lans, o Options, at level, hidden int) (Diagram, bool) {
	omitted := slices.Clone(leftOut(at, o.GroupBy))
	if hidden > 0 {
		omitted = append(omitted, fmt.Sprintf("%d of the %d nodes are not shown", hidden, len(h.Nodes)+hidden))
	}
	p := &picture{Options: o, level: at, h: h, lans: networks, ids: newIDs(at >= shortIDs), seen: map[member]bool{}}
	p.indent++
	p.groups()
	p.outside()
	p.needs()
	p.memberships()
	if len(omitted) > 0 {
		p.node(p.ids.of("note"), "[", []string{"Shortened to fit:"}, omitted, "note")
	}
	for _, edge := range p.edges {
		p.line("%s", edge)
	}
	d := Diagram{Mermaid: "flowchart " + direction(o.Direction) + "\n" + classes(p.body.String()) + p.body.String(), Omitted: omitted}
	return d, characters(d.Mermaid) <= MaxCharacters && len(p.edges) <= MaxEdges
}

// characters counts as JavaScript does.
func characters(s string) int { return len(utf16.Encode([]rune(s))) }

func direction(d string) string {
	if d == "" {
		return "LR"
	}
	return d
}

func (p *picture) shows(d Detail) bool { return p.Options.shows(d) }

func (p *picture) line(format string, args ...any) {
	if p.body.Len() > tooLong {
		return
	}
	p.body.WriteString(strings.Repeat("  ", p.indent))
	fmt.Fprintf(&p.body, format, args...)
	p.body.WriteByte('\n')
}

// styles are what classes look like. They set no fill, so that GitHub's light and
// dark themes both stay readable.
var styles = []struct{ class, style string }{
	{"exposed", "stroke:#d9730d,stroke-width:3px"},
	{"served", "stroke:#2f9e44,stroke-width:2px"},
	{"network", "stroke:#1c7ed6"},
	{"vlan", "stroke:#7048e8,stroke-width:3px"},
	{"unwell", "stroke:#e03131,stroke-width:3px"},
	{"absent", "stroke:#868e96,stroke-dasharray:5 4"},
	{"note", "stroke:#e03131"},
}

// classes defines the classes that a diagram's body uses.
func classes(body string) string {
	var out strings.Builder
	for _, s := range styles {
		if strings.Contains(body, ":::"+s.class+"\n") {
			fmt.Fprintf(&out, "  classDef %s %s\n", s.class, s.style)
		}
	}
	return out.String()
}

// closing are the brackets that end a shape.
var closing = map[string]string{"[": "]", "{{": "}}", "([": "])", "[[": "]]", "[(": ")]"}

// node draws one thing; lines are escaped already.
func (p *picture) node(id, shape string, lines, more []string, class string) {
	label := strings.Join(slices.Concat(lines, more), newline)
	suffix := ""
	if class != "" {
		suffix = ":::" + class
	}
	p.line(`%s%s"%s"%s%s`, id, shape, label, closing[shape], suffix)
}

// box draws a group with what is in it.
func (p *picture) box(id, title, class string, inside func()) {
	p.line(`subgraph %s["%s"]`, id, strings.ReplaceAll(title, " ", "#nbsp;")) // older Mermaids wrap it over what is inside
	p.indent++
	p.line("direction %s", direction(p.Direction)) // else Mermaid turns every other one
	inside()
	p.indent--
	p.line("end")
	if class != "" {
		p.line("class %s %s", id, class)
	}
}

func (p *picture) edge(from, arrow, label, to string) {
	if label != "" {
		arrow += `|"` + label + `"|`
	}
	p.edges = append(p.edges, from+" "+arrow+" "+to)
}
