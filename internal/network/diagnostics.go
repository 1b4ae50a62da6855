package network

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

func problemDiagnostics(problems []converge.Problem, m *model) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		detail := p.Detail
		if p.Foreign {
			detail += m.subject().ImportIt()
			if p.Owned {
				detail += concept.Elsewhere("homelab_network")
			} else {
				detail += fmt.Sprintf(" Or choose another name, or remove it with docker network rm %s.", m.Name.ValueString())
			}
		}
		diags.AddAttributeError(attributePath(p.Attribute), "Network can't be applied", detail)
	}
	return diags
}

// attributePath reads "name", "ipam[1].gateway" and "ipam[0].aux_addresses.nas".
func attributePath(attribute string) path.Path {
	name, rest, indexed := strings.Cut(attribute, "[")
	at := path.Root(name)
	if !indexed {
		return at
	}
	index, rest, _ := strings.Cut(rest, "]")
	if i, err := strconv.Atoi(index); err == nil {
		at = at.AtListIndex(i)
	}
	field, key, inside := strings.Cut(strings.TrimPrefix(rest, "."), ".")
	if field != "" {
		at = at.AtName(field)
	}
	if inside {
		at = at.AtMapKey(key)
	}
	return at
}

// applyDiagnostics words how an apply ended.
func applyDiagnostics(err error, m *model) diag.Diagnostics {
	var problems *converge.ProblemsError
	var changed *converge.ChangedError
	var failed *converge.Error
	var diags diag.Diagnostics
	where := fmt.Sprintf("Network %q on node %q", m.Name.ValueString(), m.Node.ValueString())
	switch {
	case err == nil:
	case errors.As(err, &problems):
		return problemDiagnostics(problems.Problems, m)
	case errors.As(err, &changed):
		diags.AddError("Node changed since the plan", fmt.Sprintf("%s: applying would now also have to %s, which the plan did not say. "+
			"Nothing was changed. Plan again to see it.", where, strings.Join(changed.Changes, ", ")))
	case errors.As(err, &failed):
		diags.AddError("Unable to make network", where+": "+failure(failed))
	default:
		return m.subject().NodeError(err)
	}
	return diags
}

// failure tells what the engine refused, what it means and what is there now.
func failure(e *converge.Error) string {
	var lines []string
	for i := range e.Failures {
		line := e.Failures[i].Err.Error() + "."
		if advice := converge.NetworkAdvice(e.Failures[i].Err); advice != "" {
			line += " " + advice
		}
		lines = append(lines, line)
	}
	switch {
	case e.RollbackErr != nil:
		lines = append(lines, fmt.Sprintf("Putting the network and its containers back failed in part:\n%s\nLook at docker network inspect %s.", e.RollbackErr, e.Stack))
	case e.RolledBack:
		lines = append(lines, "Everything is as it was before: the network and its containers were put back.")
	}
	return strings.Join(lines, "\n\n")
}

func destroyDiagnostics(err error, m *model) diag.Diagnostics {
	var problems *converge.ProblemsError
	var failed *converge.Error
	var diags diag.Diagnostics
	switch {
	case err == nil:
	case errors.As(err, &problems):
		for _, p := range problems.Problems {
			diags.AddError("Network is in use", fmt.Sprintf("On node %q: %s A stack on it goes first if it takes the name from this resource "+
				"(homelab_network.….name); with another name, lifecycle { create_before_destroy = true } lets it move over.", m.Node.ValueString(), p.Detail))
		}
	case errors.As(err, &failed):
		diags.AddError("Unable to remove network", fmt.Sprintf("Network %q on node %q: %s", m.Name.ValueString(), m.Node.ValueString(), failure(failed)))
	default:
		return m.subject().NodeError(err)
	}
	return diags
}
