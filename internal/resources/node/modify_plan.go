package node

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// ModifyPlan shows what applying would do: it reads the node where the state does
// not tell, and writes nothing.
func (r *nodeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.core == nil || req.Plan.Raw.IsNull() {
		return // the provider is not configured yet, or the node is destroyed
	}
	var planned, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !planned.Name.Equal(prior.Name) { // replaced, elsewhere
		prior = model{}
	}
	identity, _, diags := concept.Identity(ctx, req.Private, resp.Private, req.State.Raw.IsNull())
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.declare(ctx, identity, &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.preview(ctx, &planned, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
}

// declare says what another resource of the configuration has otherwise.
func (r *nodeResource) declare(ctx context.Context, identity string, planned *model) diag.Diagnostics {
	entries, ok, diags := planned.entries(ctx)
	if !ok || planned.Name.IsUnknown() || diags.HasError() {
		return diags
	}
	return append(diags, problemDiagnostics(r.core.DeclareDirectories(planned.Name.ValueString(), identity, toDesired(entries)))...)
}

// preview fills in the computed attributes of a plan.
func (r *nodeResource) preview(ctx context.Context, planned, prior *model) diag.Diagnostics {
	planned.ID = planned.Name
	entries, ok, diags := planned.entries(ctx)
	if !ok || diags.HasError() {
		return diags
	}
	if planned.Name.IsUnknown() {
		return append(diags, planned.setEntries(ctx, later(entries))...)
	}
	if unchanged := prior.unchanged(ctx, entries); !prior.Name.IsNull() && len(unchanged) == len(entries) {
		return append(diags, planned.setEntries(ctx, unchanged)...) // the node may be away
	}
	// Also without directories: a node that does not exist is named while planning.
	facts, err := r.core.Facts(ctx, planned.Name.ValueString())
	if err != nil {
		why, ok := unseenDiagnostics(err, planned)
		if diags.Append(why...); !ok {
			return diags
		}
		unchanged := prior.unchanged(ctx, entries)
		maps.Copy(later(entries), unchanged)
		return append(diags, planned.setEntries(ctx, entries)...)
	}
	if len(entries) == 0 {
		return diags
	}
	return append(diags, r.previewDirectories(ctx, planned, prior, entries, facts.IDs)...)
}

// later makes them directories of a node that cannot be asked.
func later(entries map[string]directoryModel) map[string]directoryModel {
	for p, e := range entries {
		e.HostUID, e.HostGID, e.State = types.Int64Unknown(), types.Int64Unknown(), types.StringValue(statePresent)
		entries[p] = e
	}
	return entries
}

// unchanged returns the directories that the state has as they are asked for, as
// they were seen.
func (m *model) unchanged(ctx context.Context, entries map[string]directoryModel) map[string]directoryModel {
	before, _, _ := m.entries(ctx) // what cannot be read counts as changed
	unchanged := map[string]directoryModel{}
	for p, e := range entries {
		was, ok := before[p]
		if ok && was.State.ValueString() == statePresent && was.UID.Equal(e.UID) && was.GID.Equal(e.GID) && was.Mode.Equal(e.Mode) {
			unchanged[p] = was
		}
	}
	return unchanged
}

// previewDirectories shows what will be of the directories of a node that answers.
func (r *nodeResource) previewDirectories(ctx context.Context, planned, prior *model, entries map[string]directoryModel, ids observed.IDs) diag.Diagnostics {
	known, diags := prior.seen(ctx, ids)
	name := planned.Name.ValueString()
	found, problems, err := r.core.PreviewDirectories(ctx, name, ids, toDesired(entries), known)
	if err != nil {
		why, ok := unseenDiagnostics(err, planned)
		diags.Append(why...)
		if !ok {
			return diags
		}
		found = known
	}
	diags.Append(problemDiagnostics(problems)...)
	for p, e := range entries {
		have := found[p]
		entries[p] = e.plan(&have, ids)
	}
	for _, w := range toDesired(entries) {
		if _, mine := known[w.Path]; !mine {
			diags.Append(existingDirectory(name, w, found[w.Path])...)
		}
	}
	diags.Append(planned.setEntries(ctx, entries)...)
	return diags
}

// seen are the directories that the state has and that were seen.
func (m *model) seen(ctx context.Context, ids observed.IDs) (map[string]core.Directory, diag.Diagnostics) {
	entries, _, diags := m.entries(ctx)
	known := map[string]core.Directory{}
	for p, e := range entries {
		if have, ok := e.present(ids); ok {
			known[p] = have
		}
	}
	return known, diags
}
