package converge

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// NetworkView is a network that is no stack's, as the engine has it.
type NetworkView struct {
	// ID is the engine's.
	ID string
	// Network has all that the engine says of it, bookkeeping labels included.
	Network desired.Network
	// Attached names the containers on it.
	Attached []string
	// Unfinished tells that an earlier run began to make it again and did not end:
	// Detached names the containers that are still off it. Notes names the networks
	// that say so on the node. All of that is told of a network that is gone, too.
	Unfinished bool
	Detached   []string
	Notes      []string
	// Reattached names the containers that ApplyNetwork attached.
	Reattached []string
}

// NetworkOptions are how a network is planned and applied.
type NetworkOptions struct {
	// Owner says whose it is in messages, as in `homelab_network "lan"`.
	Owner string
	// Known names the fields that were asked for before; one that is no longer
	// asked for is a change. Filled names those that the engine set by itself.
	Known, Filled []string
	// Asked is what was asked for before, for what the engine does not tell; nil
	// if nobody knows.
	Asked desired.Spec
	// Adopt allows a network that is there already.
	Adopt bool
	// Identity tells the resources of a run apart. Empty: nobody knows. Replaces
	// tells that the same resource had the network before.
	Identity string
	Replaces bool
	// VLAN is the id of a subnet's network, which has its sub-interface for itself;
	// 0 for all others.
	VLAN int
	// Planned are the changes that were agreed to; nil allows any.
	Planned []string
	// Progress is told what happens.
	Progress func(ctx context.Context, message string)
}

// NetworkPreview is what applying a network would do.
type NetworkPreview struct {
	// Replaced tells that the network is made again, Created that there is none
	// yet.
	Replaced, Created bool
	// Now is what is there before.
	Now NetworkView
	// Changes are everything that will happen, for ApplyNetwork to hold to.
	Changes  []Change
	Problems []plan.Problem
	Warnings []string
	// Remarks are what the node has that the network takes the place of.
	Remarks []string
}

// Segment is what a network takes of its node.
type Segment = plan.Segment

// observeNetwork reads one network, from the shared snapshot.
func (d *Door) observeNetwork(ctx context.Context, node, name string) (Engine, *observed.NetworkOnNode, error) {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := d.snapshot(ctx, node, engine)
	if err != nil {
		return nil, nil, explain(engine, err)
	}
	have, err := snapshot.Network(ctx, name)
	return engine, have, explain(engine, err)
}

func networkView(have *observed.NetworkOnNode) NetworkView {
	view := NetworkView{Unfinished: len(have.Notes) > 0}
	for _, c := range have.Detached {
		view.Detached = append(view.Detached, c.Name)
	}
	slices.Sort(view.Detached)
	for _, note := range have.Notes {
		view.Notes = append(view.Notes, note.Name)
	}
	if !have.Exists {
		return view
	}
	view.ID, view.Network = have.Network.ID, have.Desired()
	view.Network.Labels = have.Network.Labels
	for _, c := range have.Attached {
		view.Attached = append(view.Attached, c.Name)
	}
	return view
}

// ReadNetwork shows what exists of a network; exists is false when there is none
// of that name, of which the view has only who belongs on it. It only reads.
func (d *Door) ReadNetwork(ctx context.Context, node, name string) (view NetworkView, exists bool, err error) {
	defer d.claims.work()()
	_, have, err := d.observeNetwork(ctx, node, name)
	if err != nil {
		return NetworkView{}, false, err
	}
	return networkView(have), have.Exists, nil
}

// LeaveNetwork notes that the run takes a network away from a node, so that what it
// holds is free for others. It does no I/O.
func (d *Door) LeaveNetwork(node, name string) {
	this := thing{KindNetwork, node, name}
	if !d.claims.isDeclared(this) { // else another resource takes its place
		d.segments.put(node, plan.Segment{Name: name, Leaves: true})
	}
	d.claims.hold(this)
}

// PreviewNetwork says what ApplyNetwork would do, and what is wrong with it. It
// only reads.
func (d *Door) PreviewNetwork(ctx context.Context, node string, want *desired.Network, opts NetworkOptions) (NetworkPreview, error) {
	defer d.claims.work()()
	this := thing{KindNetwork, node, want.Name}
	if opts.Adopt {
		d.claims.hold(this)
	}
	clashes := d.clash("name", this, declaration{opts.Identity, opts.Owner})
	own := plan.SegmentOf(opts.Owner, want)
	own.VLAN = opts.VLAN
	declared := d.segments.put(node, own)
	engine, have, err := d.observeNetwork(ctx, node, want.Name)
	if err != nil {
		return NetworkPreview{}, err
	}
	have, moved, err := d.vacatedNetwork(ctx, this, have, opts)
	if err != nil {
		return NetworkPreview{}, err
	}
	p := plan.Network(want, have, networkOptions(opts))
	out := NetworkPreview{Changes: p.Changes, Problems: append(clashes, p.Problems...), Created: !have.Exists}
	for _, c := range p.Changes {
		out.Replaced = out.Replaced || c.Action == plan.Replace
	}
	out.Now = networkView(have)
	own.Made = !have.Exists || out.Replaced
	neighbours, warnings := plan.CheckNeighbours(own, declared, have, d.claims.gone(node))
	if own.Made {
		made := d.segments.put(node, own)
		warnings = append(warnings, plan.CheckOwnRanges(own, made, func() []netip.Prefix { return d.ownRanges(ctx, node, engine) })...)
	}
	zoned, exposed := plan.CheckZone(own, d.claims.others(node, ""), have.Attached)
	out.Problems = slices.Concat(out.Problems, plan.CheckEngine(want, have), neighbours, d.farSubnets(node, own), zoned, d.checkSwarm(ctx, node, engine, own))
	out.Warnings = slices.Concat(warnings, exposed)
	out.Remarks = p.Warnings
	if moved && !opts.Replaces {
		out.Remarks = append(out.Remarks, movedWarning(opts.Owner, node))
	}
	return out, nil
}

// vacatedNetwork is [Door.vacated] for a network by itself.
func (d *Door) vacatedNetwork(ctx context.Context, t thing, have *observed.NetworkOnNode, opts NetworkOptions) (left *observed.NetworkOnNode, moved bool, err error) {
	switch {
	case opts.Adopt || !have.Exists:
		return have, false, nil
	case d.sameElsewhere(ctx, t, have.Lives):
		return have.Gone(), false, nil
	case have.Unfinished && !d.claims.holdsNow(t):
		return have, false, nil
	case d.claims.holds(ctx, t):
		return have.Gone(), true, nil
	}
	_, have, err = d.observeNetwork(ctx, t.node, t.name) // what was written meanwhile is read
	return have, false, err
}

func networkOptions(opts NetworkOptions) plan.NetworkOptions {
	return plan.NetworkOptions{Known: opts.Known, Filled: opts.Filled, Asked: opts.Asked, Adopt: opts.Adopt}
}

// ApplyNetwork makes the node have the network. The view is what is observed
// afterwards, also when an error is returned; it has no ID when there is no such
// network then, or the node can't be looked at any more.
func (d *Door) ApplyNetwork(ctx context.Context, node string, want *desired.Network, opts NetworkOptions) (NetworkView, error) {
	defer d.claims.write(node)()
	d.forget(node)
	defer d.forget(node)
	if err := d.tidy(ctx, node); err != nil {
		return NetworkView{}, err
	}
	engine, p, err := d.agreedNetwork(ctx, node, want, opts)
	if err != nil {
		return NetworkView{}, err
	}
	note := desired.Note{Kind: desired.NoteNetwork, Name: want.Name}
	if err := noteCreate(ctx, engine, note, !opts.Adopt); err != nil {
		return NetworkView{}, err
	}
	runErr := execute.Run(ctx, engine, &desired.Stack{Name: want.Name}, p,
		execute.Options{Rollback: true, Progress: opts.Progress, Slots: d.slotsOf(node)})
	d.forget(node)
	if runErr == nil {
		d.segments.settle(node, want.Name)
	}
	later, cancel := afterwards(ctx)
	defer cancel()
	_, have, err := d.observeNetwork(later, node, want.Name)
	if err == nil && have.Unfinished && (runErr == nil || !have.Exists) {
		d.settleNote(ctx, engine, note, opts.Progress)
	}
	switch {
	case runErr != nil && err != nil:
		return NetworkView{}, runErr
	case err != nil:
		return NetworkView{}, err
	case !have.Exists:
		return NetworkView{}, runErr
	}
	view := networkView(have)
	if runErr == nil {
		view.Reattached = reattached(p)
	}
	return view, runErr
}

// reattached names the containers that a plan attaches to a network again.
func reattached(p *plan.Plan) []string {
	var names []string
	for _, c := range p.Changes {
		if c.Action == plan.Reattach {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

// agreedNetwork plans what ApplyNetwork does, and holds it against what was agreed
// to. A network that is there may be about to leave: that is waited for.
func (d *Door) agreedNetwork(ctx context.Context, node string, want *desired.Network, opts NetworkOptions) (Engine, *plan.Plan, error) {
	engine, have, err := d.observeNetwork(ctx, node, want.Name)
	for err == nil && !opts.Adopt && have.Exists && !have.Unfinished && d.claims.another(ctx, node) {
		engine, have, err = d.observeNetwork(ctx, node, want.Name)
	}
	if err != nil {
		return nil, nil, err
	}
	p := plan.Network(want, have, networkOptions(opts))
	if problems := slices.Concat(p.Problems, plan.CheckEngine(want, have)); len(problems) > 0 {
		return nil, nil, &ProblemsError{problems}
	}
	if extra := beyond(p.Changes, opts.Planned); len(extra) > 0 {
		return nil, nil, &ChangedError{Node: node, Stack: want.Name, Changes: extra}
	}
	return engine, p, nil
}

// DestroyNetwork removes a network. Containers on it are an error that names them;
// that it is gone already is none.
func (d *Door) DestroyNetwork(ctx context.Context, node, name string, progress func(ctx context.Context, message string)) error {
	d.claims.hold(thing{KindNetwork, node, name})
	defer d.claims.write(node)()
	d.forget(node)
	defer d.forget(node)
	if err := d.tidy(ctx, node); err != nil {
		return err
	}
	engine, have, err := d.observeNetwork(ctx, node, name)
	for err == nil && len(have.Attached) > 0 && d.claims.another(ctx, node) { // who is on it may be about to leave
		engine, have, err = d.observeNetwork(ctx, node, name)
	}
	if err != nil {
		return err
	}
	p := plan.DestroyNetwork(have)
	if len(p.Problems) > 0 {
		return &ProblemsError{p.Problems}
	}
	if err := execute.Run(ctx, engine, &desired.Stack{Name: name}, p, execute.Options{Progress: progress, Slots: d.slotsOf(node)}); err != nil || !have.Unfinished {
		return err
	}
	return explain(engine, execute.RemoveNote(ctx, engine, desired.Note{Kind: desired.NoteNetwork, Name: name}))
}

// CheckPools says what is wrong with a network's address ranges in themselves. It
// does no I/O.
func CheckPools(pools []desired.Pool) []Problem { return plan.CheckPools(pools) }

// Reattach is what happens to containers on a network that is made again.
const Reattach = plan.Reattach

// NetworkAdvice says what to do about an engine's refusal of a network, as far as
// its words tell; empty otherwise. The words are those of Docker Engine 20.10 to
// 29, and of the kernel.
func NetworkAdvice(err error) string {
	text := strings.ToLower(err.Error())
	for _, a := range networkAdvice {
		if strings.Contains(text, a.says) {
			return a.advice
		}
	}
	return ""
}

var networkAdvice = []struct{ says, advice string }{
	{"pool overlaps with other one", "Another network of the node has addresses of this range: choose another subnet (docker network inspect shows who has it)."},
	{"vlan link: operation not supported", "The node's kernel can't tag VLANs: load its module with modprobe 8021q, or use a kernel that has it."},
	{"invalid subinterface vlan name", "The node has no such interface (ip link shows them); one that is to be made for a VLAN is written as eth0.20."},
	{"is already using parent interface", "On this engine one interface can be the parent of one such network only: use another parent, or a VLAN of it such as eth0.20."},
	{"device or resource busy", "The parent is in use by the other of macvlan and ipvlan, and the kernel lets an interface carry only one of them: use another parent."},
	{"is not a swarm manager", "Overlay networks are made on a swarm manager: docker swarm init makes the node one."},
	{"is not a bridge", "The node has an interface of this name that is no bridge: choose another interface_name."},
	{"was not found on the host", "The node has no such interface: ip link shows them."},
	{"failed to find master interface", "The node has no such interface: ip link shows them."},
	{"vlan link: file exists", "The node has this VLAN of the interface already, under another name: remove that interface, or choose another VLAN."},
	{"vlan link: operation not permitted", "The engine may not make interfaces, as one without root: use an engine that runs as root."},
	{"requested parent interface", "The node has no such interface: ip link shows them."},
	{"no available ipv4 address pool", "The engine's own address ranges are used up: name a subnet under ipam."},
	{"non-overlapping ipv4 address pool", "The engine's own address ranges are used up: name a subnet under ipam."},
	{"non-overlapping ipv6 address pool", "The engine has no IPv6 ranges of its own: name an IPv6 subnet under ipam."},
	{"address already in use", addressTaken},
	{"has active endpoints", "Containers were attached meanwhile: take them off first."},
	{"operation not supported", "The node's kernel lacks a module for this: macvlan, ipvlan, or dummy for a network without a parent. Load it with modprobe, or use a kernel that has it."},
	{"configuration network", "config_from names a network with config_only = true on the same node, which has to be there first."},
}
