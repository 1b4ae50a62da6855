package stack

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

func problemDiagnostics(problems []core.Problem, m *model) diag.Diagnostics {
	return m.subject().Problems(problems, m.otherProject())
}

// otherProject says what else can be done about a Compose project that something else made.
func (m *model) otherProject() string {
	return fmt.Sprintf(" Or choose another name, or remove the project with docker compose -p %s down.", m.Name.ValueString())
}

func rolledBack(err error) bool {
	var failed *core.Error
	return errors.As(err, &failed) && failed.RolledBack
}

// applyDiagnostics says how an apply ended.
func applyDiagnostics(err error, m *model, show shown, limit time.Duration, timeout string) diag.Diagnostics {
	var diverged *core.DivergedError
	var failed *core.Error
	if refused := m.subject().Refused(err, m.otherProject()); refused != nil {
		return refused
	}
	var diags diag.Diagnostics
	after := afterwards(err)
	switch {
	case err == nil:
	case errors.As(err, &diverged):
		diags.AddError("Stack differs after apply", fmt.Sprintf("Stack %q on node %q: every step succeeded, but the engine has something else than was asked for: %s. "+
			"If nobody changed it meanwhile, this is a bug in the provider; please report it. %s", diverged.Stack, diverged.Node, show.differences(diverged.Changes), whatIsThere(after)))
	case errors.As(err, &failed) && interrupted(failed):
		diags.AddError("Interrupted", failureDetail(failed, after, m, limit, timeout))
	case errors.As(err, &failed):
		diags.AddError("Unable to converge stack", failureDetail(failed, after, m, limit, timeout))
	case errors.As(err, new(*core.AftermathError)): // every step succeeded
		return concept.WithSentence(m.subject().NodeError(err), whatIsThere(after))
	default:
		for _, d := range m.subject().NotApplied(err) {
			if !strings.Contains(d.Detail(), "was changed") {
				d = concept.WithDetail(d, d.Detail()+" "+concept.NothingChanged)
			}
			diags.Append(d)
		}
	}
	return diags
}

// createDiagnostics says how a create ended. Terraform marks what it has a state of
// as tainted: its next plan says that all of it is destroyed and created, though that
// create keeps what is there.
func createDiagnostics(err error, inState bool, m *model, show shown, limit time.Duration) diag.Diagnostics {
	diags := applyDiagnostics(err, m, show, limit, "timeouts.create")
	if err == nil || !inState {
		return diags
	}
	return concept.WithSentence(diags, tainted)
}

const tainted = "\n\nTerraform calls a resource tainted whose create failed: its next plan says that the stack is replaced. " +
	"Applying that plan still keeps what is healthy, and a warning in the plan says what it removes. " +
	"For a plan that shows each change, first run terraform untaint 'homelab_stack.NAME', with the address at the top of this error."

// afterwards is what the engine has since an apply or destroy failed; without a
// write it is unseen.
func afterwards(err error) *core.Aftermath {
	var ended *core.AftermathError
	if errors.As(err, &ended) {
		return &ended.After
	}
	return &core.Aftermath{Unseen: true}
}

func destroyDiagnostics(err error, m *model) diag.Diagnostics {
	var failed *core.Error
	if !errors.As(err, &failed) {
		if err == nil {
			return nil
		}
		return m.subject().NotDestroyed(err)
	}
	var lines []string
	for _, f := range failed.Failures {
		lines = append(lines, fmt.Sprintf("%s: %s.", letter.Capital(f.Operation.ID), f.Err))
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to destroy stack", fmt.Sprintf("Stack %q on node %q:\n%s\n\n%s "+
		"Fix the cause, then run destroy again to remove the rest.", m.Name.ValueString(), m.Node.ValueString(), strings.Join(lines, "\n"), whatIsThere(afterwards(err))))}
}
