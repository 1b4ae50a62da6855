package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
	"github.com/homelab-iac/terraform-provider-homelab/internal/run"
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

// ProblemsError is a plan that cannot be carried out.
type ProblemsError struct{ Problems []check.Problem }

func (e *ProblemsError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.Detail)
	}
	return strings.Join(lines, "\n")
}

// ErrOutOfSight means that every operation succeeded and the node could not be read
// afterwards.
var ErrOutOfSight = errors.New("look at what was applied")

// ChangedError means that the node changed since the plan: applying would do what was
// not in the plan. Nothing was written.
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

// Apply applies the stack to the node. It returns the view that is observed afterwards,
// and the record to keep, also with an error. On an error before anything was written
// the Services of the view are nil; they are empty when the node cannot be read any more.
func (s Stacks) Apply(ctx context.Context, node string, want *desired.Stack, record Record, opts ApplyOptions) (View, Record, error) {
	create := record.Creates(opts.Adopt)
	if create {
		end, err := s.creating(ctx, node, want.Name)
		if err != nil {
			return View{}, record, err
		}
		defer end()
	}
	record.Failed = false
	defer s.run.Write(node)()
	s.forget(node)
	defer s.forget(node)
	if err := s.tidy(ctx, node); err != nil {
		return View{}, record, err
	}
	engine, have, decision, err := s.agreed(ctx, node, want, record, opts)
	if err != nil {
		return View{}, record, err
	}
	after, err := decision.Remember(record, have)
	if err != nil {
		return View{}, record, err
	}
	defer s.run.StackApplied(node, want.Name)
	note := desired.Note{Kind: desired.NoteStack, Name: want.Name}
	if err := noteCreate(ctx, engine, note, create); err != nil {
		return View{}, record, err
	}
	runErr := execute.Run(ctx, engine, decision.Want, decision.Plan, execute.Options{Rollback: opts.Rollback, Auth: s.registry.Auth, AuthSource: s.registry.AuthSource,
		Mirrors: s.registry.Mirrors, Digests: knownDigests(have), Progress: opts.Progress, Slots: s.slotsOf(node)})
	if runErr == nil {
		runErr = s.sweepSecrets(ctx, node, secretsIn(have))
	}
	if create || have.Unfinished {
		removeCreateNote(ctx, engine, note, opts.Progress)
	}
	s.forget(node)
	var failed *execute.Error
	if errors.As(runErr, &failed) && failed.RolledBack {
		after = record
	}
	return s.account(ctx, node, decision.Want, have, after, runErr)
}

// agreed decides what Apply does, by the rules of a preview, and compares it with what
// was agreed to. What is in the way may be about to go, and what is missing about to be
// created: while others write to the node it is decided again after each.
func (s Stacks) agreed(ctx context.Context, node string, want *desired.Stack, record Record, opts ApplyOptions) (Engine, *observed.Stack, plan.StackDecision, error) {
	in := plan.StackInput{Want: want, Last: record, Adopt: opts.Adopt, Digests: opts.Digests}
	in.Last.Followed = nil // an apply uses the planned digests, or looks tags up now
	for {
		engine, have, err := s.observe(ctx, node, want.Name, references(want), record.Seen)
		if err != nil {
			return nil, nil, plan.StackDecision{}, err
		}
		in.Have, in.World = have, s.run.World(node, run.Stack(want.Name), "")
		in.World.Applying = true
		decision := s.decide(ctx, engine, in)
		switch {
		case len(decision.Problems) > 0 && decision.MayClear && s.run.AwaitWriter(ctx, node):
			continue
		case len(decision.Problems) > 0:
			return nil, nil, decision, &ProblemsError{decision.Problems}
		}
		if extra := beyond(decision.Changes, opts.Planned); len(extra) > 0 {
			return nil, nil, decision, &ChangedError{Node: node, Stack: want.Name, Changes: extra}
		}
		return engine, have, decision, nil
	}
}

// noteCreate notes on the node that a create is under way, if one is.
func noteCreate(ctx context.Context, engine Engine, note desired.Note, create bool) error {
	if !create {
		return nil
	}
	return explain(engine, execute.WriteNote(ctx, engine, note))
}

// creating waits until no other create of the same stack is under way. The caller calls
// end when its own create has ended.
func (s Stacks) creating(ctx context.Context, node, stack string) (end func(), err error) {
	next, err := s.run.Turn(ctx, node, "create "+stack)
	if err != nil {
		return nil, err
	}
	return func() {
		s.run.CreateFailed(node, stack, true)
		next()
	}, nil
}

// removeCreateNote removes the note of a create, as Terraform is about to have a state of
// what was made. An apply that was cancelled keeps it: Terraform may be gone. So
// does one that cannot remove it; the next apply of the same does.
func removeCreateNote(ctx context.Context, engine Engine, note desired.Note, progress func(context.Context, string)) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if err := execute.RemoveNote(ctx, engine, note); err != nil && progress != nil {
		progress(ctx, err.Error())
	}
}

// beyond returns the changes that were not agreed to.
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
func (s Stacks) account(ctx context.Context, node string, want *desired.Stack, before *observed.Stack, record Record, runErr error) (View, Record, error) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	_, have, err := s.observe(ctx, node, want.Name, references(want), record.Seen)
	if err != nil {
		lost := View{Services: map[string]Service{}}
		if runErr == nil {
			runErr = fmt.Errorf("%w: %w", ErrOutOfSight, err)
		}
		return lost, record, &AftermathError{runErr, Aftermath{Unseen: true}}
	}
	record.Seen = have.Cache()
	seen, _ := record.View(have, View{})
	if runErr != nil {
		return seen, record, &AftermathError{runErr, aftermath(before, have)}
	}
	digests := map[string]string{}
	for name := range want.Services {
		digests[name] = want.Services[name].Image.Digest
	}
	check := plan.DecideStack(plan.StackInput{Want: want, Have: have, Last: record, Adopt: true, Digests: digests, World: plan.World{Applying: true}})
	if len(check.Problems) > 0 || len(check.Changes) > 0 {
		return seen, record, &AftermathError{&DivergedError{Node: node, Stack: want.Name, Changes: check.Changes}, aftermath(before, have)}
	}
	return check.Applied(seen), record, nil
}

// knownDigests are the digests of the images on the node, by reference.
func knownDigests(have *observed.Stack) map[string]string {
	out := map[string]string{}
	for ref, img := range have.Images {
		if img.Digest != "" {
			out[ref] = img.Digest
		}
	}
	return out
}
