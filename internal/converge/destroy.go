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
	// RemoveVolumes removes the stack's named volumes too.
	RemoveVolumes bool
	// Progress is told what happens.
	Progress func(ctx context.Context, message string)
}

// Destroy removes what the stack made, dependents first. Named volumes stay
// unless that is asked for. What is gone already is no error.
func (d *Door) Destroy(ctx context.Context, node, stack string, opts DestroyOptions) error {
	defer d.claims.write(node)()
	d.forget(node)
	defer d.forget(node)
	engine, have, err := d.observe(ctx, node, stack, nil, observed.Known{})
	if err != nil {
		return err
	}
	p := plan.Destroy(have, plan.Options{RemoveVolumes: opts.RemoveVolumes})
	if err := execute.Run(ctx, engine, &desired.Stack{Name: stack}, p, execute.Options{Progress: opts.Progress, Slots: d.slotsOf(node)}); err != nil {
		d.forget(node)
		_, after, lost := d.observe(context.WithoutCancel(ctx), node, stack, nil, observed.Known{})
		if lost != nil {
			return &AftermathError{err, Aftermath{Unseen: true}}
		}
		return &AftermathError{err, aftermath(have, after)}
	}
	return d.sweepSecrets(ctx, node, secretsIn(have))
}
