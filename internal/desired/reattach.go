package desired

import (
	"encoding/json"
	"fmt"
)

// Detached is a container that was taken off a network for as long as that is made
// again, with how it is to be attached.
type Detached struct {
	ID       string
	Name     string
	Endpoint Endpoint
}

// reattachNote is the value of [LabelReattach].
type reattachNote struct {
	Network    string     `json:"network"`
	Containers []Detached `json:"containers"`
}

// ReattachNote is a network that nothing can join and that has no addresses: it
// keeps, on the node, which containers belong on another network while that is made
// again, so that a later apply knows them if this one does not live to attach them.
// taken reports whether a network's name is in use. The error is that of encoding.
func ReattachNote(network string, list []Detached, taken func(name string) bool) (*Network, error) {
	value, err := json.Marshal(reattachNote{Network: network, Containers: list})
	if err != nil {
		return nil, fmt.Errorf("note containers of network %s: %w", network, err)
	}
	name := network + ".reattach"
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s.reattach%d", network, i)
	}
	return &Network{Name: name, ConfigOnly: true, Labels: map[string]string{LabelReattach: string(value)}}, nil
}

// ReadReattachNote reads the note that a network is, by its labels; ok is false for
// a network that is none.
func ReadReattachNote(labels map[string]string) (network string, list []Detached, ok bool) {
	value, marked := labels[LabelReattach]
	var note reattachNote
	if !marked || json.Unmarshal([]byte(value), &note) != nil {
		return "", nil, false
	}
	return note.Network, note.Containers, true
}

// IsReattachNote reports whether a network is such a note.
func (n *Network) IsReattachNote() bool { return n.Labels[LabelReattach] != "" }
