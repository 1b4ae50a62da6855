package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// subject is the stack as messages about its node call it.
func (m *model) subject() string { return fmt.Sprintf("stack %q", m.Name.ValueString()) }

// neverRead tells a state that an import has just begun: there is nothing to stand.
func (m *model) neverRead() bool { return !m.known }

// readDiagnostics words why a stack in state can't be looked at. Without an error
// among them the state stands.
func readDiagnostics(err error, state *model) diag.Diagnostics {
	var diags diag.Diagnostics
	switch {
	case state.neverRead() && converge.UnknownUntilApply(err):
		diags.AddError("Unable to import stack", fmt.Sprintf("The connection to node %q depends on values that are only known at apply, so there is nothing "+
			"to import from yet. Apply what makes the node first, for example with -target, and import then.", state.Node.ValueString()))
	case converge.UnknownUntilApply(err): // what can't be asked yet is not said to have changed
	case state.neverRead():
		return nodeDiagnostics(err, state)
	case converge.KeepsState(err):
		diags.AddWarning(converge.Standing(state.Node.ValueString(), state.subject(), err))
	case converge.NotConfigured(err):
		return forsaken(state)
	default:
		return nodeDiagnostics(err, state)
	}
	return diags
}

func forsaken(state *model) diag.Diagnostics {
	summary, detail := converge.Forsaken(state.Node.ValueString(), state.subject(), "homelab_stack")
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("node"), summary, detail)}
}

// unseen plans a stack on a node that can't be looked at; ok is false where that
// is an error. Without a change to what the user wrote nothing is planned.
func unseen(ctx context.Context, err error, planned, prior *model) (diags diag.Diagnostics, ok bool) {
	switch {
	case converge.UnknownUntilApply(err):
		tellUnknown(ctx)
	case converge.KeepsState(err) && prior != nil && sameInputs(planned, prior):
		tellPrior(ctx)
		diags.AddWarning(converge.Standing(planned.Node.ValueString(), planned.subject(), err))
	case converge.KeepsState(err):
		tellUnknown(ctx)
		summary, detail := converge.Standing(planned.Node.ValueString(), planned.subject(), err)
		diags.AddWarning(summary, detail+" What its planned change does can't be said; applying it fails, for this stack only, unless the node is back by then.")
	default:
		return nil, false
	}
	return diags, true
}

// sameInputs tells whether the user wrote what the state has. Secrets and files are
// not in state: whether those changed is seen on the node only.
func sameInputs(planned, prior *model) bool {
	return planned.Compose.Equal(prior.Compose) && planned.Overrides.Equal(prior.Overrides) &&
		planned.ProjectDirectory.Equal(prior.ProjectDirectory) && planned.Profiles.Equal(prior.Profiles) &&
		planned.Variables.Equal(prior.Variables) && planned.Pull.Equal(prior.Pull) && planned.UpdateOrder.Equal(prior.UpdateOrder) &&
		planned.RemoveVolumes.Equal(prior.RemoveVolumes) && planned.Rollback.Equal(prior.Rollback) && planned.Timeouts.Equal(prior.Timeouts)
}

// advice after an error that kept a stack from being touched.
const (
	applyLater   = " Nothing of the %s was changed: apply again when the node is back."
	destroyLater = applyLater + " If the node is gone for good, terraform state rm ADDRESS forgets the stack."
)

// untouchedDiagnostics words why nothing of a stack was applied or destroyed: its
// node could not be asked.
func untouchedDiagnostics(err error, m *model, advice string) diag.Diagnostics {
	if converge.NotConfigured(err) {
		return forsaken(m)
	}
	diags := nodeDiagnostics(err, m)
	if !converge.Offline(err) || errors.Is(err, converge.ErrOutOfSight) {
		return diags
	}
	for i, d := range diags {
		diags[i] = diag.NewErrorDiagnostic(d.Summary(), d.Detail()+fmt.Sprintf(advice, m.subject()))
	}
	return diags
}
