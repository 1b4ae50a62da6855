package diagram

import "slices"

// GroupBy says what the outer boxes are.
type GroupBy string

// The groupings.
const (
	ByNode        GroupBy = "node"
	ByStack       GroupBy = "stack"
	ByCriticality GroupBy = "criticality"
)

// Detail is something that may be left out of a diagram.
type Detail string

// The details.
const (
	ShowHosts        Detail = "hosts"
	ShowPorts        Detail = "ports"
	ShowNetworks     Detail = "networks"
	ShowDependencies Detail = "dependencies"
	ShowImages       Detail = "images"
)

// Details are all details.
var Details = []Detail{ShowHosts, ShowPorts, ShowNetworks, ShowDependencies, ShowImages}

// Options say how a homelab is drawn.
type Options struct {
	GroupBy GroupBy // empty: ByNode
	// Direction is Mermaid's: "LR", "RL", "TB" or "BT"; empty is "LR".
	Direction string
	Show      []Detail
}

// The limits of GitHub's Mermaid, which are the defaults of its settings
// maxTextSize and maxEdges. A diagram above one is not drawn at all.
const (
	MaxCharacters = 50_000
	MaxEdges      = 500
)

// level is how much is left out to stay within the limits; each leaves out what
// those before it do.
type level int

const (
	everything    level = iota
	shortIDs            // nothing, but ids are numbers in place of names
	plainNetworks       // networks are named, without lines to them
	plainServices       // services without their names and ports
	plainStacks         // stacks without their services
	plainNodes          // nodes without their stacks
	fewNodes            // not even all of these
)

// losses say what each level leaves out, with all that the levels before it do.
var losses = map[level][]string{
	plainNetworks: {"no lines lead to networks: titles name those that are joined"},
	plainServices: {"no lines lead to networks: titles name those that are joined", "services show how many names and ports they have, not which"},
	plainStacks:   {"only the number of services is shown, not which, and no networks and dependencies"},
	plainNodes:    {"only the number of stacks and services is shown, not which, and no networks and dependencies"},
}

// leftOut says, in sentences without capital and full stop, what a level leaves
// out.
func leftOut(at level, by GroupBy) []string {
	at = min(at, plainNodes)
	if at == plainNodes && by != ByNode && by != "" { // which has no nodes to draw
		at = plainStacks
	}
	return losses[at]
}

func (o Options) shows(d Detail) bool { return slices.Contains(o.Show, d) }
