package node

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// ModifyPlan shows what applying would do: it reads the node where the state does
// not tell, and writes nothing.
func (r *nodeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.door == nil || req.Plan.Raw.IsNull() {
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
	if !planned.Name.Equal(prior.Name) { // made anew, elsewhere
		prior = model{}
	}
	resp.Diagnostics.Append(r.preview(ctx, &planned, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
}

// preview fills in the computed attributes of a plan. Facts are the state's, as
// they were just read: a change of theirs is none of this resource's.
func (r *nodeResource) preview(ctx context.Context, planned, prior *model) (diags diag.Diagnostics) {
	planned.ID = planned.Name
	ok := true
	switch {
	case planned.Name.IsUnknown():
		planned.factsModel = unknownFacts()
	case prior.known():
		planned.factsModel = prior.factsModel
	default:
		diags, ok = r.previewFacts(ctx, planned)
	}
	if ok {
		diags.Append(r.previewDirectories(ctx, planned, prior)...)
	}
	return diags
}

// previewFacts asks the node for its facts; ok is false after an error.
func (r *nodeResource) previewFacts(ctx context.Context, planned *model) (diags diag.Diagnostics, ok bool) {
	facts, err := r.door.Facts(ctx, planned.Name.ValueString())
	if err != nil {
		planned.factsModel = unknownFacts()
		return unseenDiagnostics(err, planned)
	}
	planned.factsModel, diags = fromObserved(ctx, &facts)
	return diags, !diags.HasError()
}

func (r *nodeResource) previewDirectories(ctx context.Context, planned, prior *model) diag.Diagnostics {
	entries, ok, diags := planned.entries(ctx)
	if !ok || len(entries) == 0 || diags.HasError() {
		return diags
	}
	if !planned.known() {
		for p, e := range entries {
			e.HostUID, e.HostGID, e.State = types.Int64Unknown(), types.Int64Unknown(), types.StringValue(statePresent)
			entries[p] = e
		}
		diags.Append(planned.setEntries(ctx, entries)...)
		return diags
	}
	known, more := prior.seen(ctx)
	diags.Append(more...)
	name, ids := planned.Name.ValueString(), planned.ids()
	found, problems, err := r.door.PreviewDirectories(ctx, name, ids, toDesired(entries), known)
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
	diags.Append(planned.setEntries(ctx, entries)...)
	return diags
}

// seen are the directories that the state has and that were seen.
func (m *model) seen(ctx context.Context) (map[string]converge.Directory, diag.Diagnostics) {
	entries, _, diags := m.entries(ctx)
	known := map[string]converge.Directory{}
	for p, e := range entries {
		if have, ok := e.present(m.ids()); ok {
			known[p] = have
		}
	}
	return known, diags
}
