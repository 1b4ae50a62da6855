package converge

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
	Memory        Memory
	// Resume leaves all of it to the create that follows, which takes it up: see
	// [Preview.Resumes].
	Resume bool
	// Progress is told what happens.
	Progress func(ctx context.Context, message string)
}

// Destroy removes what the stack made, dependents first. Named volumes stay
// unless that is asked for. What is gone already is no error.
func (d *Door) Destroy(ctx context.Context, node, stack string, opts DestroyOptions) error {
	d.claims.hold(thing{KindStack, node, stack})
	defer d.claims.write(node)()
	d.forget(node)
	defer d.forget(node)
	if opts.Resume {
		return d.leaveToCreate(ctx, node, stack)
	}
	d.claims.over(thing{KindStack, node, stack})
	if err := d.tidy(ctx, node); err != nil {
		return err
	}
	engine, have, err := d.observe(ctx, node, stack, nil, observed.Known{})
	if err != nil {
		return err
	}
	p := plan.Destroy(have, opts.plan())
	if err := execute.Run(ctx, engine, &desired.Stack{Name: stack}, p, execute.Options{Progress: opts.Progress, Slots: d.slotsOf(node)}); err != nil {
		d.forget(node)
		later, cancel := afterwards(ctx)
		defer cancel()
		_, after, lost := d.observe(later, node, stack, nil, observed.Known{})
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
	return d.sweepSecrets(ctx, node, secretsIn(have))
}

func (o DestroyOptions) plan() plan.Options {
	return plan.Options{RemoveVolumes: o.RemoveVolumes, Declared: o.Memory.declared()}
}

// PreviewDestroy says what of the stack's project Destroy leaves on the node though
// it removes volumes: those that the stack does not declare. It only reads, and only
// where volumes are removed.
func (d *Door) PreviewDestroy(ctx context.Context, node, stack string, opts DestroyOptions) (warnings []string, err error) {
	if !opts.RemoveVolumes {
		return nil, nil
	}
	defer d.claims.work()()
	_, have, err := d.observe(ctx, node, stack, nil, opts.Memory.Seen)
	if err != nil {
		return nil, err
	}
	return plan.Destroy(have, opts.plan()).Warnings, nil
}
