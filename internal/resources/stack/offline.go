package stack

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// subject is the stack as messages about its node call it.
func (m *model) subject() concept.Subject {
	return concept.Subject{Kind: "stack", Name: m.Name.ValueString(), Node: m.Node.ValueString()}
}

// neverRead reports whether an import has just begun the state: there is nothing to keep.
func (m *model) neverRead() bool { return !m.wasRead }

// unseen plans a stack on a node that cannot be looked at; ok is false where that
// is an error. Without a change to what the user wrote nothing is planned.
func unseen(ctx context.Context, err error, planned, prior *model) (diags diag.Diagnostics, ok bool) {
	switch {
	case core.UnknownUntilApply(err):
		bypassUnknown(ctx)
	case core.KeepsState(err) && prior != nil && sameInputs(planned, prior):
		bypassPrior(ctx)
		diags.Append(planned.subject().KeptUnseen(err, false)...)
	case core.KeepsState(err):
		bypassUnknown(ctx)
		diags.Append(planned.subject().KeptUnseen(err, true)...)
	default:
		return nil, false
	}
	return diags, true
}

// sameInputs reports whether the user wrote what the state has. Secrets and files are
// not in state: whether those changed is seen on the node only.
func sameInputs(planned, prior *model) bool {
	return planned.Compose.Equal(prior.Compose) && planned.Overrides.Equal(prior.Overrides) &&
		planned.ProjectDirectory.Equal(prior.ProjectDirectory) && planned.Profiles.Equal(prior.Profiles) &&
		planned.Variables.Equal(prior.Variables) && planned.ShowValues.Equal(prior.ShowValues) &&
		planned.Pull.Equal(prior.Pull) && planned.UpdateOrder.Equal(prior.UpdateOrder) &&
		planned.RemoveVolumes.Equal(prior.RemoveVolumes) && planned.Rollback.Equal(prior.Rollback) && planned.Timeouts.Equal(prior.Timeouts)
}
