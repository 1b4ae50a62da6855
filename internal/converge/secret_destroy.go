package converge

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// SecretRemains is what destroying a secret leaves on its node.
type SecretRemains struct {
	// Volume keeps the value; empty where none stays.
	Volume string
	// Generated reports that nobody else has the value.
	Generated bool
	// Users are the containers that mount it.
	Users []string
}

// LeaveSecret notes that the run takes a secret away from a node, and says what stays
// there. keep is as in [SecretOptions.KeepOnDestroy]. It only reads; where the node
// can't be looked at, nothing is said to stay.
func (d *Door) LeaveSecret(ctx context.Context, node, name string, keep *bool) SecretRemains {
	this := thing{KindSecret, node, name}
	defer d.claims.work()()
	defer d.claims.hold(this)
	claim := plan.SecretClaim{Secret: desired.Secret{Name: name}, Leaves: true}
	var out SecretRemains
	if _, have, err := d.observeSecret(ctx, node, name); err == nil && have.Current() != nil {
		claim.Keeps = plan.KeepsSecret(keep, have)
		out.Generated = have.Current().Made == SecretGenerated
		for _, user := range have.Users() {
			out.Users = append(out.Users, user.Container)
		}
		if claim.Keeps {
			out.Volume = have.Current().Volume
		}
	}
	if !d.claims.isDeclared(this) { // else another resource takes its place
		d.secrets.put(node, claim)
	}
	return out
}

// lookAtKept looks at the value that was kept for a secret that is to be made.
func (o *SecretOptions) lookAtKept(ctx context.Context, engine Engine, have *observed.Secret) error {
	view, file, err := lookAtSecret(ctx, engine, have)
	if err != nil {
		return err
	}
	o.Edited, o.Altered = view.Edited, view.Altered
	o.Unfit = o.Fits != nil && file.Seen && view.Edited == "" && !o.Fits(file.Content)
	return nil
}

// DestroySecret removes a secret, or all but its value if that is kept. keep is as in
// [SecretOptions.KeepOnDestroy]. Containers that mount it are an error that names
// them; that it is gone already is none.
func (d *Door) DestroySecret(ctx context.Context, node, name string, keep *bool) error {
	d.claims.hold(thing{KindSecret, node, name})
	defer d.claims.write(node)()
	end, err := d.turn(ctx, node, secretTurn+name)
	if err != nil {
		return err
	}
	defer end()
	d.forget(node)
	defer d.forget(node)
	if err := d.tidy(ctx, node); err != nil {
		return err
	}
	engine, have, err := d.observeSecret(ctx, node, name)
	if err != nil {
		return err
	}
	if problems := plan.SecretInUse(have); len(problems) > 0 {
		return &ProblemsError{problems}
	}
	remove := clearSecret
	if plan.KeepsSecret(keep, have) {
		remove = keepSecret
	}
	if err := remove(ctx, engine, have); err != nil {
		return explain(engine, err)
	}
	return explain(engine, execute.RemoveScratch(ctx, engine, have.Notes))
}

// keepSecret leaves of a secret the value in force, for the next one of its name.
func keepSecret(ctx context.Context, engine Engine, have *observed.Secret) error {
	if err := execute.RemoveScratch(ctx, engine, have.Scratch); err != nil {
		return err
	}
	if err := execute.RemoveSecretVolumes(ctx, engine, have.Superseded(), true); err != nil {
		return err
	}
	now := have.Current()
	stamp, err := secretStamp(ctx, engine, have)
	if err != nil {
		return err
	}
	return execute.ShowSecret(ctx, engine, now.Secret, now.Version, stamp, true)
}
