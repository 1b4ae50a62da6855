package plan

import (
	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// writeNote notes on the node which containers are disconnected from a network that is
// replaced, and how each was attached: if this run is interrupted, the next apply
// attaches them. Without containers there is nothing to note. It returns the note, nil
// for none, and the operation that writes it.
func (p *Plan) writeNote(have *observed.NetworkOnNode, order []observed.Attached) (*desired.Network, []*Operation) {
	var list []desired.Detached
	for _, c := range order {
		list = append(list, desired.Detached{ID: c.ID, Name: c.Name, Endpoint: c.Endpoint})
	}
	if len(list) == 0 {
		return nil, nil
	}
	note, err := desired.ReattachNote(have.Name, list, func(name string) bool { return isTaken(have, name) })
	if err != nil {
		p.Problems = append(p.Problems, check.Problem{Attribute: "name", Detail: err.Error()})
		return nil, nil
	}
	return note, []*Operation{p.add(Operation{Kind: CreateNetwork, Name: note.Name, Made: note})}
}

// isTaken reports whether the node has a network of a name.
func isTaken(have *observed.NetworkOnNode, name string) bool {
	for _, note := range have.Notes {
		if note.Name == name {
			return true
		}
	}
	_, exists := have.Others[name]
	return exists
}

// removeNotes removes the notes of a network: those that were found, and the one
// that this plan writes, if it does.
func (p *Plan) removeNotes(have *observed.NetworkOnNode, written *desired.Network, needs []*Operation) {
	var notes []*desired.Network
	for _, found := range have.Notes {
		n := desired.NetworkOf(found)
		notes = append(notes, &n)
	}
	if written != nil {
		notes = append(notes, written)
	}
	for _, note := range notes {
		p.add(Operation{Kind: RemoveNetwork, Name: note.Name, Made: note, Needs: needs})
	}
}
