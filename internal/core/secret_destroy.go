package core

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
	"github.com/homelab-iac/terraform-provider-homelab/internal/run"
)

// SecretRemains is what destroying a secret leaves on its node.
type SecretRemains struct {
	// Volume keeps the value; empty where none stays.
	Volume string
	// Generated reports that there is no other copy of the value.
	Generated bool
	// Users are the containers that mount it.
	Users []string
}

// Leave notes that the run takes a secret away from a node, and says what stays
// there. keep is as in [SecretOptions.KeepOnDestroy]. It only reads; where the node
// cannot be looked at, nothing is said to stay.
func (s Secrets) Leave(ctx context.Context, node, name string, keep *bool) SecretRemains {
	reservation := plan.PlannedSecret{Secret: desired.Secret{Name: name}, Leaves: true}
	var out SecretRemains
	if _, have, err := s.observe(ctx, node, name); err == nil && have.Current() != nil {
		reservation.Keeps, _ = plan.DestroySecret(have, keep)
		out.Generated = have.Current().Made == SecretGenerated
		for _, user := range have.Users() {
			out.Users = append(out.Users, user.Container)
		}
		if reservation.Keeps {
			out.Volume = have.Current().Volume
		}
	}
	if !s.run.IsOwned(node, run.Secret(name)) { // else another resource takes its place
		s.run.NoteSecret(node, reservation)
	}
	return out
}

// Destroy removes a secret, or all but its value if that is kept. keep is as in
// [SecretOptions.KeepOnDestroy]. Containers that mount it are an error that names
// them; that it is gone already is none.
func (s Secrets) Destroy(ctx context.Context, node, name string, keep *bool) error {
	defer s.run.Write(node)()
	end, err := s.run.Turn(ctx, node, secretTurn+name)
	if err != nil {
		return err
	}
	defer end()
	s.forget(node)
	defer s.forget(node)
	if err := s.tidy(ctx, node); err != nil {
		return err
	}
	engine, have, err := s.observe(ctx, node, name)
	if err != nil {
		return err
	}
	keeps, problems := plan.DestroySecret(have, keep)
	if len(problems) > 0 {
		return &ProblemsError{problems}
	}
	remove := clearSecret
	if keeps {
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
