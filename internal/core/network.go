package core

import (
	"context"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
	"github.com/homelab-iac/terraform-provider-homelab/internal/run"
)

// NetworkView is a network that is a resource of its own, as the engine has it.
type NetworkView struct {
	// ID is the engine's.
	ID string
	// Network has all that the engine says of it, bookkeeping labels included.
	Network desired.Network
	// Attached names the containers on it.
	Attached []string
	// Unfinished reports that an earlier run began to replace it and did not end:
	// Detached names the containers that are still off it. Notes names the networks
	// that say so on the node. All of that is set for a network that is gone, too.
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
	// AppliedFields names the fields that were asked for before; one that is no longer
	// asked for is a change. Filled names those that the engine set by itself.
	AppliedFields, Filled []string
	// Asked is what was asked for before, for what the engine does not show; nil if
	// that is not known.
	Asked desired.Spec
	// Adopt allows a network that is there already.
	Adopt bool
	// Identity is unique to the resource in a run. Empty: not known. Replaces
	// reports that the same resource had the network before.
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
	plan.NetworkDecision

	// Now is what is there before.
	Now NetworkView
}

// Segment is what a network takes of its node.
type Segment = check.Network

// Networks reads, plans, applies and destroys networks that are resources.
type Networks struct{ *shared }

// observe reads one network, from the shared snapshot.
func (n Networks) observe(ctx context.Context, node, name string) (Engine, *observed.NetworkOnNode, error) {
	engine, snapshot, err := n.look(ctx, node)
	if err != nil {
		return nil, nil, err
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

// Read shows what exists of a network; exists is false when there is none of that
// name, of which the view has only who belongs on it. It only reads.
func (n Networks) Read(ctx context.Context, node, name string) (view NetworkView, exists bool, err error) {
	_, have, err := n.observe(ctx, node, name)
	if err != nil {
		return NetworkView{}, false, err
	}
	return networkView(have), have.Exists, nil
}

// Leave notes that the run takes a network away from a node, so that what it holds is
// free for others. It does no I/O.
func (n Networks) Leave(node, name string) {
	if !n.run.IsOwned(node, run.Network(name)) { // else another resource takes its place
		n.run.NoteNetwork(node, check.Network{Name: name, Leaves: true})
	}
}

// Preview says what Apply would do, and what is wrong with it. It only reads.
func (n Networks) Preview(ctx context.Context, node string, want *desired.Network, opts NetworkOptions) (NetworkPreview, error) {
	n.run.PlanNetwork(node, plan.Owner{Identity: opts.Identity, Name: opts.Owner}, opts.VLAN, want)
	engine, have, err := n.observe(ctx, node, want.Name)
	if err != nil {
		return NetworkPreview{}, err
	}
	in := opts.input(want, have, n.run.World(node, run.Network(want.Name), opts.Identity))
	first := n.decide(ctx, engine, in)
	// Whether the run creates the network is known now: of two networks that may get
	// each other's range, the one of which it is known later is told.
	n.run.NoteNetwork(node, first.Takes)
	in.World.Networks = n.run.World(node, run.Network(want.Name), opts.Identity).Networks
	out := NetworkPreview{NetworkDecision: n.decide(ctx, engine, in), Now: networkView(have)}
	if out.Created {
		out.Now = networkView(have.Gone())
		out.Now.Unfinished, out.Now.Detached, out.Now.Notes = networkView(have).Unfinished, networkView(have).Detached, networkView(have).Notes
	}
	return out, nil
}

// decide decides about a network, and asks for what the decision needs.
func (n Networks) decide(ctx context.Context, engine Engine, in plan.NetworkInput) plan.NetworkDecision {
	n.ask(ctx, engine, &in.World, plan.Needs{}, nil)
	decision := plan.DecideNetwork(in)
	if decision.Needs.Empty() {
		return decision
	}
	n.ask(ctx, engine, &in.World, decision.Needs, nil)
	return plan.DecideNetwork(in)
}

func (o NetworkOptions) input(want *desired.Network, have *observed.NetworkOnNode, w plan.World) plan.NetworkInput {
	return plan.NetworkInput{Want: want, Have: have, World: w, Owner: o.Owner, VLAN: o.VLAN, Replaces: o.Replaces,
		NetworkOptions: plan.NetworkOptions{AppliedFields: o.AppliedFields, Filled: o.Filled, Asked: o.Asked, Adopt: o.Adopt}}
}

// Apply makes the node have the network. The view is what is observed afterwards,
// also when an error is returned; it has no ID when there is no such network then, or
// the node cannot be looked at any more.
func (n Networks) Apply(ctx context.Context, node string, want *desired.Network, opts NetworkOptions) (NetworkView, error) {
	defer n.run.Write(node)()
	n.forget(node)
	defer n.forget(node)
	if err := n.tidy(ctx, node); err != nil {
		return NetworkView{}, err
	}
	engine, p, err := n.agreed(ctx, node, want, opts)
	if err != nil {
		return NetworkView{}, err
	}
	note := desired.Note{Kind: desired.NoteNetwork, Name: want.Name}
	if err := noteCreate(ctx, engine, note, !opts.Adopt); err != nil {
		return NetworkView{}, err
	}
	runErr := execute.Run(ctx, engine, nil, p, execute.Options{Name: want.Name, Rollback: true, Progress: opts.Progress, Slots: n.slotsOf(node)})
	n.forget(node)
	if runErr == nil {
		n.run.NetworkMade(node, want.Name)
	}
	later, cancel := afterwards(ctx)
	defer cancel()
	_, have, err := n.observe(later, node, want.Name)
	if err == nil && have.Unfinished && (runErr == nil || !have.Exists) {
		removeCreateNote(ctx, engine, note, opts.Progress)
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

// agreed decides what Apply does, by the rules of a preview, and compares it with what
// was agreed to. A network that is there may be about to leave: that is waited for.
func (n Networks) agreed(ctx context.Context, node string, want *desired.Network, opts NetworkOptions) (Engine, *plan.Plan, error) {
	for {
		engine, have, err := n.observe(ctx, node, want.Name)
		if err != nil {
			return nil, nil, err
		}
		in := opts.input(want, have, n.run.World(node, run.Network(want.Name), opts.Identity))
		in.World.Applying = true
		decision := n.decide(ctx, engine, in)
		switch {
		case len(decision.Problems) > 0 && decision.MayClear && n.run.AwaitWriter(ctx, node):
			continue
		case len(decision.Problems) > 0:
			return nil, nil, &ProblemsError{decision.Problems}
		}
		if extra := beyond(decision.Changes, opts.Planned); len(extra) > 0 {
			return nil, nil, &ChangedError{Node: node, Stack: want.Name, Changes: extra}
		}
		return engine, decision.Plan, nil
	}
}

// Destroy removes a network. Containers on it are an error that names them; that it is
// gone already is none.
func (n Networks) Destroy(ctx context.Context, node, name string, progress func(ctx context.Context, message string)) error {
	defer n.run.Write(node)()
	n.forget(node)
	defer n.forget(node)
	if err := n.tidy(ctx, node); err != nil {
		return err
	}
	engine, have, err := n.observe(ctx, node, name)
	for err == nil && len(have.Attached) > 0 && n.run.AwaitWriter(ctx, node) { // another resource may be about to detach its containers
		engine, have, err = n.observe(ctx, node, name)
	}
	if err != nil {
		return err
	}
	p := plan.DestroyNetwork(have)
	if len(p.Problems) > 0 {
		return &ProblemsError{p.Problems}
	}
	if err := execute.Run(ctx, engine, nil, p, execute.Options{Name: name, Progress: progress, Slots: n.slotsOf(node)}); err != nil || !have.Unfinished {
		return err
	}
	return explain(engine, execute.RemoveNote(ctx, engine, desired.Note{Kind: desired.NoteNetwork, Name: name}))
}

// CheckPools says what is wrong with a network's address ranges in themselves. It
// does no I/O.
func CheckPools(pools []desired.Pool) []Problem { return check.Pools(pools) }

// Reattach is what happens to containers on a network that is replaced.
const Reattach = plan.Reattach
