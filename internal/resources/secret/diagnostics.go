package secret

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func problemDiagnostics(problems []core.Problem, m *model) diag.Diagnostics {
	return m.subject().Problems(problems, m.subject().Elsewhere())
}

// applyDiagnostics returns the diagnostics of how an apply ended.
func applyDiagnostics(err error, m *model) diag.Diagnostics {
	where := m.subject().Place()
	refused := m.subject().Refused(err, m.subject().Elsewhere())
	switch {
	case err == nil || refused != nil:
		return refused
	case errors.Is(err, core.ErrSecretWritten):
		return diag.Diagnostics{diag.NewWarningDiagnostic("Secret is written but was not read back",
			fmt.Sprintf("%s is in force as planned. Afterwards there was an error: %s. The next plan reads the secret again.", where, err))}
	case core.Offline(err), core.NotConfigured(err):
		return m.subject().NotApplied(err)
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to write secret",
		fmt.Sprintf("%s: %s. The version before, if there was one, stays in force. Apply again.", where, err))}
}

// keptDiagnostics warns of a kept value that the secret does not use.
func keptDiagnostics(preview core.SecretPreview, m *model) diag.Diagnostics {
	if !preview.GivesUp {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Kept value of secret is given up", fmt.Sprintf("Node %q keeps the value of a secret %q that was destroyed, "+
		"and this plan has another one take its place (%s). The kept value is removed, and data that was made with it does not open with the new one.",
		m.Node.ValueString(), m.Name.ValueString(), preview.Reason))}
}

// remainsDiagnostics warns of what becomes of the value of a secret that is taken away.
// next is what takes its place under another name or on another node; nil for nothing.
func remainsDiagnostics(remains core.SecretRemains, prior, next *model) diag.Diagnostics {
	var diags diag.Diagnostics
	node, name := prior.Node.ValueString(), prior.Name.ValueString()
	var moves string
	if next != nil && !next.Generate.IsNull() {
		moves = fmt.Sprintf(" Secret %q on node %q gets another value, unless one is kept there: data that is taken along does not open with it.", next.Name.ValueString(), next.Node.ValueString())
		if next.Name.IsUnknown() || next.Node.IsUnknown() {
			moves = " The secret in its place gets another value: data that is taken along does not open with it."
		}
	}
	switch {
	case remains.Volume != "":
		diags.AddWarning("Value of secret stays on node", fmt.Sprintf("The value of secret %q stays on node %q, in the volume %s, and the next homelab_secret of that name there uses it "+
			"if it matches its generate.%s To have the value removed, apply keep_on_destroy = false before, or afterwards remove the container %s and the volume on the node.",
			name, node, remains.Volume, moves, desired.Secret{Name: name}.WindowName()))
	case remains.Generated:
		diags.AddWarning("Generated value of secret is removed", fmt.Sprintf("This removes the generated value of secret %q of node %q (keep_on_destroy). "+
			"Nobody else has it: data that was made with it, and stays, does not open any more.%s", name, node, moves))
	}
	return diags
}

func destroyDiagnostics(err error, m *model) diag.Diagnostics {
	var problems *core.ProblemsError
	var diags diag.Diagnostics
	switch {
	case err == nil:
	case errors.As(err, &problems):
		for _, p := range problems.Problems {
			diags.AddError("Secret is in use", fmt.Sprintf("On node %q: %s Nothing was removed. A stack that uses it goes first, or moves on first, if it takes the name "+
				"from this resource (homelab_secret.….name) or has it in depends_on. Other containers are to be removed first.", m.Node.ValueString(), p.Detail))
		}
	case core.Offline(err), core.NotConfigured(err):
		return m.subject().NotDestroyed(err)
	default:
		diags.AddError("Unable to remove secret", fmt.Sprintf("%s: %s.", m.subject().Place(), err))
	}
	return diags
}
