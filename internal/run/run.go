// Package run keeps what one provider process knows of its run: what its resources
// take of each node, what was read of the nodes, and what registries answered. It
// hands the planner plain values and decides nothing.
//
// Terraform plans at once what does not depend on each other, so everything here is
// safe for concurrent use. If two resources want the same, the one that was noted later
// gets the problem.
package run

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// Run is what a process knows of its run.
type Run struct {
	mu      sync.Mutex // guards what follows
	nodes   map[string]*node
	subnets []check.Subnet
	noted   int // how many notes were given a place in the order
}

// node is what the run's resources take of one node.
type node struct {
	stacks      map[string]ordered[check.Reservation]
	networks    map[networkKey]ordered[check.Network]
	secrets     map[string]plan.PlannedSecret
	owners      map[plan.Thing]plan.Owner
	directories map[string]map[string]desired.Directory // by path and the resource's identity
	// failed are the stacks whose create failed before this run.
	failed map[string]bool
	// removed are the volumes that destroying a stack removes.
	removed map[string][]string
	warned  bool                     // of its memory
	turns   map[string]chan struct{} // hold whose turn it is to write a thing
	// writers are the applies and destroys under way, without those that wait, and
	// written how many have ended.
	writers, written int
	changed          chan struct{} // closed with the next change of these; nil: nothing waits
}

// networkKey identifies a network; stack is empty for one that is a resource.
type networkKey struct{ stack, name string }

// ordered is a note with its place in the order of first notes.
type ordered[T any] struct {
	value T
	place int
}

// New returns what is known at the start of a run: nothing.
func New() *Run { return &Run{nodes: map[string]*node{}} }

// at returns the notes of a node. The caller holds mu.
func (r *Run) at(name string) *node {
	if r.nodes[name] == nil {
		r.nodes[name] = &node{
			stacks: map[string]ordered[check.Reservation]{}, networks: map[networkKey]ordered[check.Network]{}, secrets: map[string]plan.PlannedSecret{},
			owners: map[plan.Thing]plan.Owner{}, directories: map[string]map[string]desired.Directory{}, failed: map[string]bool{},
			removed: map[string][]string{}, turns: map[string]chan struct{}{},
		}
	}
	return r.nodes[name]
}

// next returns the place of a note: that of an earlier one of the same, or the next.
// The caller holds mu.
func (r *Run) next(place int) int {
	if place > 0 {
		return place
	}
	r.noted++
	return r.noted
}

// Stack returns the thing that a stack is.
func Stack(name string) plan.Thing { return plan.Thing{Kind: plan.ThingStack, Name: name} }

// Network returns the thing that a network is.
func Network(name string) plan.Thing { return plan.Thing{Kind: plan.ThingNetwork, Name: name} }

// Secret returns the thing that a secret is.
func Secret(name string) plan.Thing { return plan.Thing{Kind: plan.ThingSecret, Name: name} }

// PlanStack notes that a resource is planned to have a stack on a node, and what the
// stack takes there. identity is unique to the resource; without one, no other resource
// gets a problem.
func (r *Run) PlanStack(name, identity string, want *desired.Stack) {
	r.own(name, plan.Owner{Identity: identity, Name: plan.StackOwner(want.Name)}, plan.ThingsOf(want)...)
	r.NoteStack(name, check.ReservationOf(want), check.NetworksOf(want))
}

// StackApplied forgets which resource a stack was planned for: once it is applied it
// may be planned again in the same process, with the state that came of it.
func (r *Run) StackApplied(name, stack string) { r.disown(name, plan.StackOwner(stack)) }

// PlanNetwork notes that a resource is planned to have a network on a node.
func (r *Run) PlanNetwork(name string, by plan.Owner, vlan int, want *desired.Network) {
	r.own(name, by, Network(want.Name))
	one := check.NetworkOf(by.Name, want)
	one.VLAN = vlan
	r.NoteNetwork(name, one)
}

// PlanSecret notes that a resource is planned to have a secret on a node.
func (r *Run) PlanSecret(name string, by plan.Owner, secret string) {
	r.own(name, by, Secret(secret))
}

// NoteStack notes what a stack takes of a node, with its networks, in place of what
// was noted of it before.
func (r *Run) NoteStack(name string, reservation check.Reservation, networks []check.Network) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.at(name)
	n.stacks[reservation.Stack] = ordered[check.Reservation]{reservation, r.next(n.stacks[reservation.Stack].place)}
	places := map[networkKey]int{}
	for key, one := range n.networks {
		if key.stack == reservation.Stack {
			places[key] = one.place
			delete(n.networks, key)
		}
	}
	for _, one := range networks {
		key := networkKey{reservation.Stack, one.Name}
		n.networks[key] = ordered[check.Network]{one, r.next(places[key])}
	}
}

// NoteNetwork notes what a network that is a resource takes of a node.
func (r *Run) NoteNetwork(name string, one check.Network) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, key := r.at(name), networkKey{name: one.Name}
	n.networks[key] = ordered[check.Network]{one, r.next(n.networks[key].place)}
}

// NetworkMade notes that a network exists as it was planned: no warning about its
// creation is needed any more.
func (r *Run) NetworkMade(name, network string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, key := r.at(name), networkKey{name: network}
	if one, ok := n.networks[key]; ok {
		one.value.Made = false
		n.networks[key] = one
	}
}

// NoteSubnet notes a subnet in place of what was noted of it before, and returns all
// that are noted then.
func (r *Run) NoteSubnet(one check.Subnet) []check.Subnet {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subnets = append(slices.DeleteFunc(r.subnets, func(other check.Subnet) bool { return other.Name == one.Name }), one)
	return slices.Clone(r.subnets)
}

// RemoveSubnet notes that the run removes a subnet.
func (r *Run) RemoveSubnet(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subnets = slices.DeleteFunc(r.subnets, func(other check.Subnet) bool { return other.Name == name })
}

// NoteSecret notes what will be of a secret.
func (r *Run) NoteSecret(name string, reservation plan.PlannedSecret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(name).secrets[reservation.Name] = reservation
}

// own notes that a resource is planned to have things of a node for itself. Where
// another resource was noted before, that one stays. Without an
// identity nothing is noted.
func (r *Run) own(name string, by plan.Owner, things ...plan.Thing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	owners := r.at(name).owners
	for _, t := range things {
		if _, taken := owners[t]; !taken && by.Identity != "" {
			owners[t] = by
		}
	}
}

// IsOwned reports whether a resource of the run is planned to have a thing of a node.
func (r *Run) IsOwned(name string, t plan.Thing) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, owned := r.at(name).owners[t]
	return owned
}

// disown forgets what a resource was noted for.
func (r *Run) disown(name, owner string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.at(name).owners, func(_ plan.Thing, by plan.Owner) bool { return by.Name == owner })
}

// CreateFailed notes that the create of a stack failed before this run, and left part
// of it on the node; ended that this is over.
func (r *Run) CreateFailed(name, stack string, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at(name).failed[stack] = true; ended {
		delete(r.at(name).failed, stack)
	}
}

// NoteRemovedVolumes notes which volumes destroying a stack removes, as its state
// says; nil for none.
func (r *Run) NoteRemovedVolumes(name, stack string, volumes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(name).removed[stack] = volumes
}

// RemovedVolumes is what was noted with [Run.NoteRemovedVolumes].
func (r *Run) RemovedVolumes(name, stack string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at(name).removed[stack]
}

// WarnOfMemory reports whether no warning of a node's memory was given yet.
func (r *Run) WarnOfMemory(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.at(name)
	first := !n.warned
	n.warned = true
	return first
}

// NoteDirectory notes a directory that a resource is planned to have on a node, and
// returns how another one has it if the two do not agree. Without an identity nothing
// is noted.
func (r *Run) NoteDirectory(name, identity string, want desired.Directory) (other desired.Directory, differs bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if identity == "" {
		return other, false
	}
	directories := r.at(name).directories
	for _, by := range slices.Sorted(maps.Keys(directories[want.Path])) {
		if one := directories[want.Path][by]; by != identity && !one.Fits(want) {
			return one, true
		}
	}
	if directories[want.Path] == nil {
		directories[want.Path] = map[string]desired.Directory{}
	}
	directories[want.Path][identity] = want
	return other, false
}

// World returns what the planner has to know of the run, for a resource of a node. self
// is the thing that the resource is, which is left out of what others take.
func (r *Run) World(name string, self plan.Thing, identity string) plan.World {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.at(name)
	w := plan.World{
		Node: name, Secrets: maps.Clone(n.secrets), Subnets: slices.Clone(r.subnets), Owners: map[plan.Thing]string{},
		CreateFailed: self.Kind == plan.ThingStack && n.failed[self.Name],
	}
	w.Stacks, w.Networks = n.otherStacks(self), n.otherNetworks(self)
	for t, by := range n.owners {
		if by.Identity != identity && identity != "" {
			w.Owners[t] = by.Name
		}
	}
	return w
}

// otherStacks are what stacks take of the node but self, in order.
func (n *node) otherStacks(self plan.Thing) []check.Reservation {
	own, planned := n.stacks[self.Name]
	planned = planned && self.Kind == plan.ThingStack
	var out []check.Reservation
	for _, one := range inOrder(n.stacks) {
		if self.Kind != plan.ThingStack || one.value.Stack != self.Name {
			one.value.Before = !planned || one.place < own.place
			out = append(out, one.value)
		}
	}
	return out
}

// otherNetworks are what networks take of the node but those of self, in order.
func (n *node) otherNetworks(self plan.Thing) []check.Network {
	first := 0 // place of the first network of self
	for key, one := range n.networks {
		if key.isOf(self) && (first == 0 || one.place < first) {
			first = one.place
		}
	}
	var out []check.Network
	for _, one := range inOrder(n.networks) {
		if key := (networkKey{one.value.Stack, one.value.Name}); !key.isOf(self) {
			one.value.Before = first == 0 || one.place < first
			out = append(out, one.value)
		}
	}
	return out
}

// NetworksOfNodes is what networks take of every node, in order.
func (r *Run) NetworksOfNodes() map[string][]check.Network {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]check.Network{}
	for name, n := range r.nodes {
		for _, one := range inOrder(n.networks) {
			out[name] = append(out[name], one.value)
		}
	}
	return out
}

func (k networkKey) isOf(self plan.Thing) bool {
	return self.Kind == plan.ThingStack && k.stack == self.Name || self.Kind == plan.ThingNetwork && k == networkKey{name: self.Name}
}

func inOrder[K comparable, T any](notes map[K]ordered[T]) []ordered[T] {
	return slices.SortedFunc(maps.Values(notes), func(a, b ordered[T]) int { return cmp.Compare(a.place, b.place) })
}
