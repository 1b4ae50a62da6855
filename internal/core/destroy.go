package core

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// DestroyOptions are how a stack is destroyed.
type DestroyOptions struct {
	// RemoveVolumes removes the named volumes too that the stack declares as its own,
	// by what is remembered of it.
	RemoveVolumes bool
	Record        Record
	// Resume leaves all of it to the create that follows, which takes it up: see
	// [Preview.Resumes].
	Resume bool
	// Progress is told what happens.
	Progress func(ctx context.Context, message string)
}

// Destroy removes what the stack made, dependents first. Named volumes stay
// unless that is asked for. It is not an error if it is gone already.
func (s Stacks) Destroy(ctx context.Context, node, stack string, opts DestroyOptions) error {
	defer s.run.Write(node)()
	s.forget(node)
	defer s.forget(node)
	if opts.Resume {
		return s.leaveToCreate(ctx, node, stack)
	}
	s.run.CreateFailed(node, stack, true)
	if err := s.tidy(ctx, node); err != nil {
		return err
	}
	engine, have, err := s.observe(ctx, node, stack, nil, observed.Cache{})
	if err != nil {
		return err
	}
	p := plan.DestroyStack(have, opts.Record, opts.RemoveVolumes)
	if err := execute.Run(ctx, engine, &desired.Stack{Name: stack}, p, execute.Options{Progress: opts.Progress, Slots: s.slotsOf(node)}); err != nil {
		s.forget(node)
		later, cancel := afterwards(ctx)
		defer cancel()
		_, after, lost := s.observe(later, node, stack, nil, observed.Cache{})
		if lost != nil {
			return &AftermathError{err, Aftermath{Unseen: true}}
		}
		return &AftermathError{err, aftermath(have, after)}
	}
	if have.Unfinished {
		if err := execute.RemoveNote(ctx, engine, desired.Note{Kind: desired.NoteStack, Name: stack}); err != nil {
			return explain(engine, err)
		}
	}
	return s.sweepSecrets(ctx, node, secretsIn(have))
}

// leaveToCreate notes on the node that the create of a stack was cut off: the create
// that follows continues with what is there.
func (s Stacks) leaveToCreate(ctx context.Context, node, stack string) error {
	engine, err := s.engines.Engine(ctx, node)
	if err != nil {
		return err
	}
	if err := execute.WriteNote(ctx, engine, desired.Note{Kind: desired.NoteStack, Name: stack}); err != nil {
		return explain(engine, err)
	}
	s.run.CreateFailed(node, stack, false)
	return nil
}

// PreviewDestroy says what of the stack's project Destroy leaves on the node though
// it removes volumes: those that the stack does not declare. It only reads, and only
// where volumes are removed.
func (s Stacks) PreviewDestroy(ctx context.Context, node, stack string, opts DestroyOptions) (warnings []string, err error) {
	if !opts.RemoveVolumes {
		return nil, nil
	}
	_, have, err := s.observe(ctx, node, stack, nil, opts.Record.Seen)
	if err != nil {
		return nil, err
	}
	return plan.DestroyStack(have, opts.Record, true).Warnings, nil
}
