package secret

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

func problemDiagnostics(problems []converge.Problem, m *model) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		detail := p.Detail
		if p.Foreign {
			detail += m.subject().ImportIt() + " Or choose another name."
		}
		diags.AddAttributeError(path.Root(p.Attribute), "Secret can't be applied", detail)
	}
	return diags
}

// applyDiagnostics words how an apply ended.
func applyDiagnostics(err error, m *model) diag.Diagnostics {
	var problems *converge.ProblemsError
	var changed *converge.ChangedError
	var diags diag.Diagnostics
	where := fmt.Sprintf("Secret %q on node %q", m.Name.ValueString(), m.Node.ValueString())
	switch {
	case err == nil:
	case errors.As(err, &problems):
		return problemDiagnostics(problems.Problems, m)
	case errors.As(err, &changed):
		diags.AddError("Node changed since the plan", fmt.Sprintf("%s: applying would now have to %s, which the plan did not say. "+
			"Nothing was changed. Plan again to see it.", where, strings.Join(changed.Changes, ", ")))
	case converge.Offline(err), converge.NotConfigured(err):
		return m.subject().NotApplied(err)
	default:
		diags.AddError("Unable to write secret", fmt.Sprintf("%s: %s. The version before, if there was one, stays in force. Apply again.", where, err))
	}
	return diags
}

func destroyDiagnostics(err error, m *model) diag.Diagnostics {
	var problems *converge.ProblemsError
	var diags diag.Diagnostics
	switch {
	case err == nil:
	case errors.As(err, &problems):
		for _, p := range problems.Problems {
			diags.AddError("Secret is in use", fmt.Sprintf("On node %q: %s Nothing was removed. A stack that uses it goes first, or moves on first, if it takes the name "+
				"from this resource (homelab_secret.….name) or has it in depends_on. Other containers are to be removed first.", m.Node.ValueString(), p.Detail))
		}
	case converge.Offline(err), converge.NotConfigured(err):
		return m.subject().NotDestroyed(err)
	default:
		diags.AddError("Unable to remove secret", fmt.Sprintf("Secret %q on node %q: %s.", m.Name.ValueString(), m.Node.ValueString(), err))
	}
	return diags
}
