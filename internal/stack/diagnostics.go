package stack

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// composeDiagnostics words what is wrong with the documents.
func composeDiagnostics(err error) diag.Diagnostics {
	var diags diag.Diagnostics
	problems := compose.Errors(err)
	if err != nil && len(problems) == 0 {
		diags.AddError("Unable to read Compose document", err.Error())
	}
	for _, p := range problems {
		detail := p.Detail
		if p.Line > 0 {
			detail = fmt.Sprintf("Line %d: %s", p.Line, detail)
		}
		diags.AddAttributeError(attributePath(p.Attribute), "Invalid Compose project", detail)
	}
	return diags
}

// attributePath reads "compose" and "overrides[1]".
func attributePath(attribute string) path.Path {
	name, rest, indexed := strings.Cut(attribute, "[")
	if !indexed {
		return path.Root(attribute)
	}
	var index int
	if _, err := fmt.Sscanf(rest, "%d]", &index); err != nil {
		return path.Root(name)
	}
	return path.Root(name).AtListIndex(index)
}

func problemDiagnostics(problems []converge.Problem, m *model) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		detail := p.Detail
		switch id := m.stackID(); {
		case p.Foreign && p.Owned:
			detail += m.subject().ImportIt() + concept.Elsewhere("homelab_stack")
		case p.Foreign:
			detail += fmt.Sprintf(" To take it over as it runs, import it: terraform import ADDRESS %s, or an import block with id = %q. "+
				"Or choose another name, or remove the project with docker compose -p %s down.", id, id, m.Name.ValueString())
		}
		diags.AddAttributeError(attributePath(p.Attribute), "Stack can't be applied", detail)
	}
	return diags
}

func rolledBack(err error) bool {
	var failed *converge.Error
	return errors.As(err, &failed) && failed.RolledBack
}

// applyDiagnostics words how an apply ended.
func applyDiagnostics(err error, m *model, show shown, limit time.Duration, timeout string) diag.Diagnostics {
	var problems *converge.ProblemsError
	var changed *converge.ChangedError
	var diverged *converge.DivergedError
	var failed *converge.Error
	var diags diag.Diagnostics
	after := afterwards(err)
	switch {
	case err == nil:
	case errors.As(err, &problems):
		for _, d := range problemDiagnostics(problems.Problems, m) {
			diags.Append(withSentence(d, nothingChanged))
		}
	case errors.As(err, &changed):
		diags.AddError("Node changed since the plan", fmt.Sprintf("Stack %q on node %q: applying would now also have to %s, which the plan did not say. "+
			"Nothing was changed. Plan again to see it.", changed.Stack, changed.Node, strings.Join(changed.Changes, ", ")))
	case errors.As(err, &diverged):
		diags.AddError("Stack differs after apply", fmt.Sprintf("Stack %q on node %q: every step succeeded, but the engine has something else than was asked for: %s. "+
			"If nobody changed it meanwhile, this is a bug in the provider; please report it. %s", diverged.Stack, diverged.Node, show.differences(diverged.Changes), whatIsThere(after)))
	case errors.As(err, &failed) && interrupted(failed):
		diags.AddError("Interrupted", failureDetail(failed, after, m, limit, timeout))
	case errors.As(err, &failed):
		diags.AddError("Unable to converge stack", failureDetail(failed, after, m, limit, timeout))
	case errors.As(err, new(*converge.AftermathError)): // every step succeeded
		for _, d := range m.subject().NodeError(err) {
			diags.Append(withSentence(d, whatIsThere(after)))
		}
	default:
		for _, d := range m.subject().NotApplied(err) {
			if !strings.Contains(d.Detail(), "was changed") {
				d = withSentence(d, nothingChanged)
			}
			diags.Append(d)
		}
	}
	return diags
}

// createDiagnostics words how a create ended. Terraform marks what it has a state of
// as tainted: its next plan says that all of it is destroyed and created, though that
// create takes up what is there.
func createDiagnostics(err error, inState bool, m *model, show shown, limit time.Duration) diag.Diagnostics {
	diags := applyDiagnostics(err, m, show, limit, "timeouts.create")
	if err == nil || !inState {
		return diags
	}
	var out diag.Diagnostics
	for _, d := range diags {
		out.Append(withSentence(d, tainted))
	}
	return out
}

const tainted = "\n\nTerraform calls a resource tainted whose create failed: its next plan says that the stack is replaced. " +
	"Applying that takes up what is healthy all the same, and a warning in the plan says what it removes. " +
	"For a plan that shows each change, first run terraform untaint 'homelab_stack.NAME', with the address that stands at the top of this error."

const nothingChanged = "Nothing was changed."

// afterwards is what the engine has since an apply or destroy failed; without a
// write it is unseen.
func afterwards(err error) *converge.Aftermath {
	var ended *converge.AftermathError
	if errors.As(err, &ended) {
		return &ended.After
	}
	return &converge.Aftermath{Unseen: true}
}

// withSentence is an error with a sentence more.
func withSentence(d diag.Diagnostic, sentence string) diag.Diagnostic {
	detail := d.Detail() + " " + sentence
	if at, ok := d.(diag.DiagnosticWithPath); ok {
		return diag.NewAttributeErrorDiagnostic(at.Path(), d.Summary(), detail)
	}
	return diag.NewErrorDiagnostic(d.Summary(), detail)
}

func destroyDiagnostics(err error, m *model) diag.Diagnostics {
	var failed *converge.Error
	if !errors.As(err, &failed) {
		if err == nil {
			return nil
		}
		return m.subject().NotDestroyed(err)
	}
	var lines []string
	for _, f := range failed.Failures {
		lines = append(lines, fmt.Sprintf("%s: %s.", capital(f.Operation.ID), f.Err))
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to destroy stack", fmt.Sprintf("Stack %q on node %q:\n%s\n\n%s "+
		"Fix the cause, then run destroy again to remove the rest.", m.Name.ValueString(), m.Node.ValueString(), strings.Join(lines, "\n"), whatIsThere(afterwards(err))))}
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
