package converge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// ApplyOptions are how a stack is applied.
type ApplyOptions struct {
	// Adopt allows a stack of which homelab made nothing, as after an import.
	Adopt bool
	// Rollback undoes the changes when one of them does not arrive.
	Rollback bool
	// Planned are the changes that were agreed to; nil allows any.
	Planned []string
	// Digests are the image digests that were planned, by service: what a tag
	// meant then, whatever it means by now. nil has them looked up.
	Digests map[string]string
	// Progress is told what happens. It is never given a secret.
	Progress func(ctx context.Context, message string)
}

// ProblemsError is a plan that can't be carried out.
type ProblemsError struct{ Problems []plan.Problem }

func (e *ProblemsError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.Detail)
	}
	return strings.Join(lines, "\n")
}

// ErrOutOfSight means that every operation succeeded and the node could not be
// looked at afterwards.
var ErrOutOfSight = errors.New("look at what was applied")

// ChangedError means that the node is no longer as it was when the plan was
// made: applying would do what nobody agreed to. Nothing was written.
type ChangedError struct {
	Node, Stack string
	Changes     []string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("node %q changed since the plan was made: %s", e.Node, strings.Join(e.Changes, ", "))
}

// DivergedError means that every operation succeeded and the engine still has
// something else than was asked for.
type DivergedError struct {
	Node, Stack string
	Changes     []plan.Change
}

func (e *DivergedError) Error() string {
	var lines []string
	for _, c := range e.Changes {
		for _, cause := range c.Causes {
			lines = append(lines, c.Subject+" "+cause.String())
		}
	}
	return strings.Join(lines, "; ")
}

// Apply makes the node have the stack. The view is what is observed afterwards,
// and memory what is to be remembered, also when an error is returned; on an
// error before anything was written its Services are nil, and empty when the node
// can't be looked at any more.
func (d *Door) Apply(ctx context.Context, node string, want *desired.Stack, mem Memory, opts ApplyOptions) (View, Memory, error) {
	create := mem.creates(opts.Adopt)
	if create {
		end, err := d.creating(ctx, node, want.Name)
		if err != nil {
			return View{}, mem, err
		}
		defer end()
	}
	mem.Failed = false
	defer d.claims.write(node)()
	d.forget(node)
	defer d.forget(node)
	if err := d.tidy(ctx, node); err != nil {
		return View{}, mem, err
	}
	engine, have, err := d.observe(ctx, node, want.Name, references(want), mem.Seen)
	if err != nil {
		return View{}, mem, err
	}
	want, p, have, err := d.agreed(ctx, node, engine, want, have, mem, opts)
	if err != nil {
		return View{}, mem, err
	}
	after, err := remember(want, p, mem, have)
	if err != nil {
		return View{}, mem, err
	}
	defer d.claims.fulfil(node, stackOwner(want.Name))
	note := desired.Note{Kind: desired.NoteStack, Name: want.Name}
	if err := noteCreate(ctx, engine, note, create); err != nil {
		return View{}, mem, err
	}
	runErr := execute.Run(ctx, engine, want, p, execute.Options{Rollback: opts.Rollback, Auth: d.registry.Auth, AuthSource: d.registry.AuthSource, Mirrors: d.registry.Mirrors,
		Digests: knownDigests(have), Progress: opts.Progress, Slots: d.slotsOf(node)})
	if runErr == nil {
		runErr = d.sweepSecrets(ctx, node, secretsIn(have))
	}
	if create || have.Unfinished {
		d.settleNote(ctx, engine, note, opts.Progress)
	}
	d.forget(node)
	var failed *execute.Error
	if errors.As(runErr, &failed) && failed.RolledBack {
		after = mem
	}
	return d.account(ctx, node, want, have, after, runErr)
}

// agreed plans what Apply does and holds it against what was agreed to. The stacks it
// returns are what is planned for, and what exists by then.
func (d *Door) agreed(ctx context.Context, node string, engine Engine, want *desired.Stack, have *observed.Stack, mem Memory, opts ApplyOptions) (*desired.Stack, *plan.Plan, *observed.Stack, error) {
	if opts.Digests != nil {
		want = pin(want, registryDigests(opts.Digests, have))
	} else {
		want, _ = d.resolve(ctx, want, have, nil)
	}
	want, _ = plan.Fitting(want, have.APIVersion)
	options := plan.Options{Known: mem.Known, Accepted: mem.Accepted, NodePaths: mem.NodePaths, Adopt: opts.Adopt, Create: mem.creates(opts.Adopt), Node: node}
	want = plan.KeepNodePaths(want, have, options)
	p, have, err := d.buildFree(ctx, node, want, have, mem, options)
	if err != nil {
		return nil, nil, nil, err
	}
	if problems := slices.Concat(p.Problems, p.Missing, unbuildable(engine, want, p)); len(problems) > 0 {
		return nil, nil, nil, &ProblemsError{problems}
	}
	if extra := beyond(p.Changes, opts.Planned); len(extra) > 0 {
		return nil, nil, nil, &ChangedError{Node: node, Stack: want.Name, Changes: extra}
	}
	return want, p, have, nil
}

// noteCreate notes on the node that a create is under way, if one is.
func noteCreate(ctx context.Context, engine Engine, note desired.Note, create bool) error {
	if !create {
		return nil
	}
	return explain(engine, execute.WriteNote(ctx, engine, note))
}

// creating waits until nobody else creates the same, which then is there, and returns
// what ends the create.
func (d *Door) creating(ctx context.Context, node, stack string) (end func(), err error) {
	next, err := d.turn(ctx, node, "create "+stack)
	if err != nil {
		return nil, err
	}
	return func() {
		d.claims.over(thing{KindStack, node, stack})
		next()
	}, nil
}

// settleNote removes the note of a create, as Terraform is about to have a state of
// what was made. An apply that was cancelled keeps it: Terraform may be gone. So
// does one that can't remove it; the next apply of the same does.
func (d *Door) settleNote(ctx context.Context, engine Engine, note desired.Note, progress func(context.Context, string)) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if err := execute.RemoveNote(ctx, engine, note); err != nil && progress != nil {
		progress(ctx, err.Error())
	}
}

// beyond are the changes that were not agreed to.
func beyond(changes []plan.Change, planned []string) []string {
	if planned == nil {
		return nil
	}
	var extra []string
	for _, c := range changes {
		if !slices.Contains(planned, c.Identity()) {
			extra = append(extra, c.Identity())
		}
	}
	return extra
}

// account looks at what is there after the operations ran. It does so also
// when time was up: state has to say what really runs. before is what was there.
func (d *Door) account(ctx context.Context, node string, want *desired.Stack, before *observed.Stack, mem Memory, runErr error) (View, Memory, error) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	_, have, err := d.observe(ctx, node, want.Name, references(want), mem.Seen)
	if err != nil {
		lost := View{Services: map[string]Service{}}
		if runErr == nil {
			runErr = fmt.Errorf("%w: %w", ErrOutOfSight, err)
		}
		return lost, mem, &AftermathError{runErr, Aftermath{Unseen: true}}
	}
	mem.Seen = have.Known()
	if runErr != nil {
		return viewOf(have, mem, View{}), mem, &AftermathError{runErr, aftermath(before, have)}
	}
	check := plan.Build(want, have, plan.Options{Known: mem.Known, Accepted: mem.Accepted, Adopt: true})
	if len(check.Problems) > 0 || len(check.Changes) > 0 {
		return viewOf(have, mem, View{}), mem, &AftermathError{&DivergedError{Node: node, Stack: want.Name, Changes: check.Changes}, aftermath(before, have)}
	}
	return settled(want, have, check, mem), mem, nil
}

// settled shows a stack that is as it should be: the fields as they were
// planned, the rest as observed.
func settled(want *desired.Stack, have *observed.Stack, p *plan.Plan, mem Memory) View {
	view := planned(want, have, p)
	seen := viewOf(have, mem, View{})
	for name, s := range view.Services {
		now := seen.Services[name]
		s.State, s.Digest, s.Image, s.Replicas = now.State, now.Digest, now.Image, now.Replicas
		if s.Replicas == 0 {
			s.Image = want.Services[name].Image.Reference
		}
		view.Services[name] = s
	}
	view.Networks, view.Volumes = seen.Networks, seen.Volumes
	return view
}
