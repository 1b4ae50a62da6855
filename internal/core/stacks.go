package core

import (
	"context"
	"maps"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
	"github.com/homelab-iac/terraform-provider-homelab/internal/run"
)

// Stacks reads, plans, applies and destroys stacks.
type Stacks struct{ *shared }

// What a stack looks like, and what is remembered of it and decided about it.
type (
	// View is a stack as Terraform shows it.
	View = plan.View
	// Service is one service of a [View], Network one of its networks and Volume one of
	// its volumes.
	Service = plan.Service
	// Network is one of the networks of a [View].
	Network = plan.Network
	// Volume is one of the volumes of a [View].
	Volume = plan.Volume
	// Record is what is remembered of a stack between runs.
	Record = plan.Record
	// Preview is what applying a stack would do.
	Preview = plan.StackDecision
)

// PreviewOptions are what a preview depends on besides the stack.
type PreviewOptions struct {
	// Adopt allows a stack of which homelab made nothing, as after an import.
	Adopt bool
	// Leaving names a stack that will be gone before this one is applied; it may be
	// this one, of which the run makes another.
	Leaving string
	// Identity is unique to the resource in a run. Empty: not known.
	Identity string
}

// observe reads one stack, from the shared snapshot.
func (s Stacks) observe(ctx context.Context, node, stack string, refs []string, known observed.Cache) (Engine, *observed.Stack, error) {
	engine, snapshot, err := s.look(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	have, err := snapshot.Stack(ctx, stack, refs, known)
	return engine, have, explain(engine, err)
}

// Read shows what exists of a stack; exists is false when nothing of it does.
// It only reads.
func (s Stacks) Read(ctx context.Context, node, stack string, record Record, last View) (view View, exists bool, err error) {
	if record.Failed {
		s.run.CreateFailed(node, stack, false)
	}
	_, have, err := s.observe(ctx, node, stack, nil, record.Seen)
	if err != nil {
		return last, true, err
	}
	view, exists = record.View(have, last)
	return view, exists, nil
}

// Preview says what Apply would do. It only reads.
func (s Stacks) Preview(ctx context.Context, node string, want *desired.Stack, record Record, opts PreviewOptions) (Preview, error) {
	defer s.snapshots.Release(node, want.Name) // it was read just before; nothing of the plan reads it again
	s.run.PlanStack(node, opts.Identity, want)
	engine, have, err := s.observe(ctx, node, want.Name, references(want), record.Seen)
	if err != nil {
		return Preview{}, err
	}
	this := run.Stack(want.Name)
	in := plan.StackInput{Want: want, Have: have, Last: record, Adopt: opts.Adopt, Leaving: opts.Leaving, World: s.run.World(node, this, opts.Identity)}
	decision := s.decide(ctx, engine, in)
	s.run.NoteStack(node, decision.Takes, decision.Networks)
	if decision.Unsure { // a stack that was planned meanwhile does not know what this one starts
		in.World = s.run.World(node, this, opts.Identity)
		decision = s.decide(ctx, engine, in)
	}
	if decision.Overcommitted != "" && s.run.WarnOfMemory(node) {
		decision.Warnings = append(decision.Warnings, decision.Overcommitted)
	}
	return decision, nil
}

// decide decides about a stack, and asks for what the decision needs.
func (s Stacks) decide(ctx context.Context, engine Engine, in plan.StackInput) plan.StackDecision {
	s.ask(ctx, engine, &in.World, plan.Needs{}, nil)
	for {
		decision := plan.DecideStack(in)
		if decision.Needs.Empty() || ctx.Err() != nil {
			return decision
		}
		s.ask(ctx, engine, &in.World, decision.Needs, in.Have.Images)
	}
}

// Leave notes that the run takes a stack away from a node, so that what it holds
// there is free for others. It does no I/O.
func (s Stacks) Leave(node, stack string) {
	s.run.CreateFailed(node, stack, true)
	if !s.run.IsOwned(node, run.Stack(stack)) { // else another resource takes its place
		s.run.NoteStack(node, check.Reservation{Stack: stack, Leaves: true}, nil)
	}
}

// Undecided notes that what a stack takes of a node is known only at apply. It
// does no I/O.
func (s Stacks) Undecided(node, stack string) {
	s.run.NoteStack(node, check.Reservation{Stack: stack, Unknown: true}, nil)
}

// Follow asks registries what the tags mean now that a stack follows, and returns
// the record with their answers. It is called while the stack is read, and only
// reads. On an error of the node the record stays as it was.
func (s Stacks) Follow(ctx context.Context, node, stack string, record Record) Record {
	if len(record.Followed) == 0 {
		return record
	}
	refs := slices.Sorted(maps.Keys(record.Followed))
	_, have, err := s.observe(ctx, node, stack, refs, record.Seen)
	if err != nil {
		return record
	}
	record.Followed = s.lookUp(ctx, refs, have.Images)
	return record
}

// references are the images that a stack names.
func references(want *desired.Stack) []string {
	var refs []string
	for _, s := range want.Services {
		refs = append(append(refs, s.Image.Reference), s.OtherImages()...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}
