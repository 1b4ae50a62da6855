package subnet

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// plannedKey is the key of the private state under which the changes that were
// agreed to are kept, by node; without any, everything is.
const plannedKey = "planned"

// ModifyPlan shows what applying would do: it reads the nodes and writes nothing.
func (r *subnetResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.core == nil {
		return // the provider is not configured yet
	}
	var planned model
	prior := map[string]networkModel{}
	var state model
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		var diags diag.Diagnostics
		prior, diags = state.networks(ctx)
		resp.Diagnostics.Append(diags...)
		if req.Plan.Raw.IsNull() || !samePlace(ctx, req) {
			if !req.Plan.Raw.IsNull() {
				resp.Diagnostics.Append(r.used(ctx, state.Name.ValueString(), prior)...)
			}
			r.leave(state.Name.ValueString(), prior)
			prior = map[string]networkModel{}
		}
	}
	if req.Plan.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() {
		planned.keepSpelling(ctx, &state)
	}
	if !configured(ctx, req, "mode") && !planned.Driver.IsUnknown() { // what was cleared would stay else
		planned.Mode = types.StringValue(defaultMode(planned.Driver.ValueString()))
	}
	identity, again, diags := concept.Identity(ctx, req.Private, resp.Private, req.State.Raw.IsNull())
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	changes, diags := r.preview(ctx, &planned, prior, whose{identity, again})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if len(prior) > 0 {
		resp.Diagnostics.Append(planned.metadataWarnings(ctx, &state)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, plannedKey, changes)...)
}

// whose identifies one resource of the run; again reports that it is planned
// for the second time, to replace what it was.
type whose struct {
	identity string
	again    bool
}

// metadataWarnings warns of labels and a description that existing networks do not get.
func (m *model) metadataWarnings(ctx context.Context, state *model) diag.Diagnostics {
	at := "labels"
	if m.Labels.Equal(state.Labels) {
		at = "description"
	}
	if m.Labels.Equal(state.Labels) && m.Description.Equal(state.Description) {
		return nil
	}
	networks, diags := m.networks(ctx)
	var stay []string
	for _, node := range sortedKeys(networks) {
		if !networks[node].ID.IsUnknown() {
			stay = append(stay, node)
		}
	}
	if len(stay) > 0 {
		diags.Append(concept.KeptMetadata(at, m.Name.ValueString(), stay...))
	}
	return diags
}

// samePlace reports whether the planned subnet is the state's, and not another one in
// its place.
func samePlace(ctx context.Context, req resource.ModifyPlanRequest) bool {
	var before, after types.String
	if req.State.GetAttribute(ctx, path.Root("name"), &before).HasError() || req.Plan.GetAttribute(ctx, path.Root("name"), &after).HasError() {
		return false
	}
	return before.Equal(after)
}

// configured reports whether the configuration has a value for an attribute.
func configured(ctx context.Context, req resource.ModifyPlanRequest, attribute string) bool {
	var value types.String
	return !req.Config.GetAttribute(ctx, path.Root(attribute), &value).HasError() && !value.IsNull()
}

// used names the containers on a subnet that another one takes the place of. A node
// that is away is left to applying.
func (r *subnetResource) used(ctx context.Context, name string, networks map[string]networkModel) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, node := range sortedKeys(networks) {
		view, _, _ := r.networks.Read(ctx, node, name)
		diags.Append(concept.Subject{Kind: "subnet", Name: name, Node: node}.Used(view.Attached)...)
	}
	return diags
}

// leave notes that the subnet goes, so that others may have what it holds.
func (r *subnetResource) leave(name string, networks map[string]networkModel) {
	r.core.Leave(name)
	for node := range networks {
		r.networks.Leave(node, name)
	}
}

// preview fills in the computed attributes of a plan and returns what will happen
// on each node; nil where that cannot be known yet.
func (r *subnetResource) preview(ctx context.Context, planned *model, prior map[string]networkModel, by whose) (map[string][]string, diag.Diagnostics) {
	planned.ID = planned.Name
	s, diags := planned.segment(ctx)
	if diags.Append(diagnostics(s.check())...); diags.HasError() {
		return nil, diags
	}
	if !planned.inputsKnown(ctx) {
		planned.unknown()
		return nil, diags
	}
	parts, problems := s.divide(held(prior))
	problems = append(problems, s.checkStatic(parts)...)
	problems = append(problems, s.conflicts(r.core.Declare(s.declared(parts)))...)
	for node := range prior {
		if _, stays := s.nodes[node]; !stays {
			r.networks.Leave(node, s.name)
		}
	}
	if diags.Append(diagnostics(problems)...); diags.HasError() {
		return nil, diags
	}
	networks, agreed := map[string]networkModel{}, map[string][]string{}
	for _, node := range sortedKeys(s.nodes) {
		n, changes, more := r.previewNode(ctx, s, node, parts[node], prior, by)
		diags.Append(more...)
		networks[node] = n
		agreed[node] = changes
	}
	diags.Append(planned.setVLAN(ctx, s)...)
	return agreed, append(diags, planned.setNetworks(ctx, networks)...)
}

// previewNode says what a node will have, and what will happen there; nil where
// that is known only at apply.
func (r *subnetResource) previewNode(ctx context.Context, s segment, node string, part ranges, prior map[string]networkModel, by whose) (networkModel, []string, diag.Diagnostics) {
	var diags diag.Diagnostics
	before, mine := prior[node]
	planned := s.network(node, part)
	want := planned.desired(s.labels)
	now, exists, err := r.networks.Read(ctx, node, s.name)
	var preview core.NetworkPreview
	if err == nil {
		if exists {
			want = like(want, now.Network)
		}
		preview, err = r.networks.Preview(ctx, node, want, core.NetworkOptions{Owner: s.owner(), AppliedFields: before.appliedFields(), Adopt: mine, VLAN: s.vlan, Identity: by.identity, Replaces: by.again})
	}
	if err != nil {
		n, more := unseen(node, s, planned, before, mine, err)
		return n, nil, append(diags, more...)
	}
	diags.Append(diagnostics(s.problems(node, preview.Problems))...)
	for _, warning := range preview.Warnings {
		diags.AddAttributeWarning(path.Root("cidr"), "Subnet may not be possible", fmt.Sprintf("Node %q: %s", node, warning))
	}
	for _, remark := range preview.Remarks {
		diags.AddAttributeWarning(path.Root("name"), "Network is there already", remark)
	}
	if preview.Now.Unfinished {
		diags.AddAttributeWarning(path.Root("attachments"), "Network is not complete", s.unfinished(node, preview.Now))
	}
	// What state and configuration agree on is not to be touched: whatever happened on
	// the node since the state was read is not in this plan.
	changes := []string{}
	if mine && planned.same(before) {
		return before, changes, diags
	}
	for _, c := range preview.Changes {
		changes = append(changes, c.Identity())
	}
	if preview.Replaced {
		diags.AddAttributeWarning(path.Root("attachments"), "Network is replaced", s.replacing(node, preview))
	}
	return planned, changes, diags
}

// unseen plans a node that cannot be looked at. Without a change to what it has to
// have, nothing is planned for one that is away.
func unseen(node string, s segment, planned, before networkModel, mine bool, err error) (networkModel, diag.Diagnostics) {
	switch {
	case core.UnknownUntilApply(err):
	case core.KeepsState(err) && mine && planned.same(before):
		return before, s.subject(node).KeptUnseen(err, false)
	case core.KeepsState(err):
		return planned, s.subject(node).KeptUnseen(err, true)
	default:
		return planned, s.subject(node).NodeError(err)
	}
	return planned, nil
}

// replacing says what a replacement means for the containers on a network.
func (s segment) replacing(node string, preview core.NetworkPreview) string {
	var fields []string
	for _, c := range preview.Changes {
		for _, cause := range c.Causes {
			fields = append(fields, cause.String())
		}
	}
	text := fmt.Sprintf("Network %q on node %q cannot be changed in place (%s), so it is replaced.", s.name, node, strings.Join(fields, ", "))
	if attached := preview.Now.Attached; len(attached) > 0 {
		return text + fmt.Sprintf(" These containers keep running; they are off the VLAN, %s, and get it back with their aliases and fixed addresses: %s.", concept.Interruption(len(attached)), strings.Join(attached, ", "))
	}
	return text + " No container is on it."
}
