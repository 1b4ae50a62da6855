package stack

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
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
		if p.Foreign {
			id := m.stackID()
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
	switch {
	case err == nil:
	case errors.As(err, &problems):
		return problemDiagnostics(problems.Problems, m)
	case errors.As(err, &changed):
		diags.AddError("Node changed since the plan", fmt.Sprintf("Stack %q on node %q: applying would now also have to %s, which the plan did not say. "+
			"Nothing was changed. Plan again to see it.", changed.Stack, changed.Node, strings.Join(changed.Changes, ", ")))
	case errors.As(err, &diverged):
		diags.AddError("Stack differs after apply", fmt.Sprintf("Stack %q on node %q: every step succeeded, but the engine has something else than was asked for: %s. "+
			"State says what is there. If nobody changed it meanwhile, this is a bug in the provider; please report it.", diverged.Stack, diverged.Node, show.differences(diverged.Changes)))
	case errors.As(err, &failed):
		diags.AddError("Unable to converge stack", failureDetail(failed, m, limit, timeout))
	default:
		return m.subject().NotApplied(err)
	}
	return diags
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
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to destroy stack", fmt.Sprintf("Stack %q on node %q:\n%s\n\nWhat was removed is gone; "+
		"mend the cause and destroy again for the rest.", m.Name.ValueString(), m.Node.ValueString(), strings.Join(lines, "\n")))}
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
