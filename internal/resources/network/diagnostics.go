package network

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

func problemDiagnostics(problems []core.Problem, m *model) diag.Diagnostics {
	return m.subject().Problems(problems, m.otherNetwork())
}

// otherNetwork says what else can be done about a network that something else made.
func (m *model) otherNetwork() string {
	return fmt.Sprintf(" Or choose another name, or remove it with docker network rm %s.", m.Name.ValueString())
}

// applyDiagnostics says how an apply ended.
func applyDiagnostics(err error, m *model) diag.Diagnostics {
	var failed *core.Error
	refused := m.subject().Refused(err, m.otherNetwork())
	switch {
	case err == nil || refused != nil:
		return refused
	case errors.As(err, &failed):
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to create network", m.subject().Place()+": "+concept.NetworkFailure(failed, true))}
	}
	return m.subject().NodeError(err)
}

func destroyDiagnostics(err error, m *model) diag.Diagnostics {
	var problems *core.ProblemsError
	var failed *core.Error
	var diags diag.Diagnostics
	switch {
	case err == nil:
	case errors.As(err, &problems):
		for _, p := range problems.Problems {
			diags.AddError("Network is in use", fmt.Sprintf("On node %q: %s A stack on it goes first if it takes the name from this resource "+
				"(homelab_network.….name); with another name, lifecycle { create_before_destroy = true } lets it move over.", m.Node.ValueString(), p.Detail))
		}
	case errors.As(err, &failed):
		diags.AddError("Unable to remove network", m.subject().Place()+": "+concept.NetworkFailure(failed, true))
	default:
		return m.subject().NodeError(err)
	}
	return diags
}
