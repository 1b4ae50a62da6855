package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// unfinished warns of a network that an earlier run began to replace and did not
// end, and names the containers that applying attaches.
func unfinished(m *model, view core.NetworkView) diag.Diagnostics {
	if !view.Unfinished {
		return nil
	}
	text := cutOff(m) + " Every container is on it that was, or is gone: applying only removes what was noted of them."
	if len(view.Detached) > 0 {
		text = cutOff(m) + fmt.Sprintf(" These containers are off it since; applying attaches them with the same aliases and fixed addresses: %s.", strings.Join(view.Detached, ", "))
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Network is not complete", text)}
}

// gone warns of such a network that is not there at all, for a caller that does not want
// it back.
func gone(m *model, view core.NetworkView) diag.Diagnostics {
	if !view.Unfinished {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Network is gone", cutOff(m)+fmt.Sprintf(" It is not there now, and these containers are off it: %s. "+
		"Applying makes it and attaches them. If it is not to come back, have the node forget them with docker network rm %s.",
		strings.Join(view.Detached, ", "), strings.Join(view.Notes, " ")))}
}

func cutOff(m *model) string {
	return fmt.Sprintf("An earlier apply was cut off while it recreated network %q on node %q.", m.Name.ValueString(), m.Node.ValueString())
}

// finish plans the end of what an earlier run began, if the state shows that there
// is such a thing, and returns what that changes.
func (m *model) finish(prior *model, preview core.NetworkPreview, record privateRecord) []string {
	agreed := []string{}
	if !prior.Reattached.IsNull() {
		return agreed
	}
	m.Reattached = list(record.Detached)
	for _, c := range preview.Changes {
		if c.Action == core.Reattach && slices.Contains(record.Detached, c.Name) {
			agreed = append(agreed, c.Identity())
		}
	}
	return agreed
}

// members returns the containers that belong on a network, sorted: those on it and
// those that an unfinished run left off it.
func members(view core.NetworkView) []string {
	all := slices.Concat(view.Attached, view.Detached)
	slices.Sort(all)
	return all
}

// list is a list of texts; empty for nil.
func list(texts []string) types.List {
	values := []attr.Value{}
	for _, text := range texts {
		values = append(values, types.StringValue(text))
	}
	return types.ListValueMust(types.StringType, values)
}
