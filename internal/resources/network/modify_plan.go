package network

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// ModifyPlan shows what applying would do: it reads the node and writes
// nothing.
func (r *networkResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.core == nil {
		return // the provider is not configured yet
	}
	var planned, config model
	var prior *model
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if req.Plan.Raw.IsNull() {
		r.core.Leave(prior.Node.ValueString(), prior.Name.ValueString())
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	var record privateRecord
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, recordKey, &record)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if prior != nil && !(planned.Node.Equal(prior.Node) && planned.Name.Equal(prior.Name)) {
		resp.Diagnostics.Append(r.movesOn(ctx, prior)...)
		prior, record = nil, privateRecord{}
	}
	if kept, ok := keep(ctx, planned.IPAM, prior); ok {
		planned.IPAM = kept
	}
	identity, again, diags := concept.Identity(ctx, req.Private, resp.Private, req.State.Raw.IsNull())
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	agreed, diags := r.preview(ctx, &planned, &config, prior, record, core.NetworkOptions{Identity: identity, Replaces: again})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, agreedKey, agreed)...)
}

// movesOn notes that the run takes a network away, for another one in its place, and
// names the containers that are on it. A node that is away is left to applying.
func (r *networkResource) movesOn(ctx context.Context, prior *model) diag.Diagnostics {
	s := prior.subject()
	view, _, _ := r.core.Read(ctx, s.Node, s.Name)
	r.core.Leave(s.Node, s.Name)
	return s.Used(view.Attached)
}

// keep is the address ranges with the spelling that the state has of the same.
func keep(ctx context.Context, planned types.List, prior *model) (types.List, bool) {
	if prior == nil {
		return planned, false
	}
	kept, ok := cidr.Keep(ctx, planned, prior.IPAM).(types.List)
	return kept, ok
}

// preview fills in the computed attributes of a plan and returns what will
// happen; nil where that cannot be known yet.
func (r *networkResource) preview(ctx context.Context, planned, config, prior *model, record privateRecord, by core.NetworkOptions) ([]string, diag.Diagnostics) {
	planned.chooseDriver(config)
	planned.closeZone(config)
	if !planned.inputsKnown(ctx) {
		planned.unknown()
		return nil, undecided(planned, record)
	}
	planned.ID = types.StringValue(planned.Node.ValueString() + "/" + planned.Name.ValueString())
	var diags diag.Diagnostics
	want := planned.toDesired()
	opts := core.NetworkOptions{Owner: owner(planned)}
	differs := true
	if prior != nil {
		opts = optionsOf(planned, prior, record)
		differs = !sameTexts(want.SpecByItself(), prior.toDesired().SpecByItself())
	}
	opts.Identity, opts.Replaces = by.Identity, by.Replaces
	preview, err := r.core.Preview(ctx, planned.Node.ValueString(), want, opts)
	switch {
	case core.UnknownUntilApply(err):
		planned.unknown()
		return nil, diags
	case core.KeepsState(err):
		changes := prior == nil || differs || !planned.Labels.Equal(prior.Labels) || !planned.Description.Equal(prior.Description)
		if planned.unknown(); !changes {
			planned.NetworkID, planned.Subnets, planned.EngineLabels, planned.Reattached = prior.NetworkID, prior.Subnets, prior.EngineLabels, prior.Reattached
		}
		return nil, append(diags, planned.subject().KeptUnseen(err, changes)...)
	case err != nil:
		return nil, append(diags, planned.subject().NodeError(err)...)
	}
	diags.Append(problemDiagnostics(preview.Problems, planned)...)
	for _, warning := range preview.Warnings {
		diags.AddAttributeWarning(path.Root("ipam"), "Network may not be possible", warning)
	}
	for _, remark := range preview.Remarks {
		diags.AddAttributeWarning(path.Root("name"), "Network is there already", remark)
	}
	diags.Append(unfinished(planned, preview.Now)...)
	if prior == nil {
		planned.unknown()
		if preview.Now.Unfinished {
			planned.Reattached = list(preview.Now.Detached)
		}
		return nil, diags
	}
	return planned.show(prior, preview, differs, record), append(diags, effects(planned, prior, preview, differs, record)...)
}

// chooseDriver fills in the driver where the configuration leaves it out.
func (m *model) chooseDriver(config *model) {
	switch {
	case !config.Driver.IsNull() || config.ConfigOnly.IsUnknown():
	case config.ConfigOnly.ValueBool():
		m.Driver = types.StringValue(driverNull)
	default:
		m.Driver = types.StringValue(desired.DriverBridge)
	}
}

// undecided names the containers on a network of which only applying shows what it
// is to be.
func undecided(m *model, record privateRecord) diag.Diagnostics {
	if len(record.Attached) == 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Network may be replaced", fmt.Sprintf("What network %q on node %q is to be depends on values that are "+
		"known only at apply. If they ask for more than other labels, the network is replaced; these containers then lose their connection to it for some "+
		"seconds, and get it back with the same aliases and fixed addresses: %s.", m.Name.ValueString(), m.Node.ValueString(), strings.Join(record.Attached, ", ")))}
}

// unknown marks what only applying will tell.
func (m *model) unknown() {
	if m.Driver.IsNull() {
		m.Driver = types.StringUnknown()
	}
	if m.Node.IsUnknown() || m.Name.IsUnknown() {
		m.ID = types.StringUnknown()
	}
	m.NetworkID = types.StringUnknown()
	m.Subnets, m.EngineLabels = types.ListUnknown(subnetType), types.MapUnknown(types.StringType)
	m.Reattached = types.ListUnknown(types.StringType)
}

// show writes what will be into the plan, and returns the changes that the person who
// approves it can see. A replacement is one if state and configuration differ: what
// happened on the node since the state was read was not shown, and applying must
// not do it.
func (m *model) show(prior *model, preview core.NetworkPreview, differs bool, record privateRecord) []string {
	m.NetworkID, m.Subnets, m.EngineLabels, m.Reattached = prior.NetworkID, prior.Subnets, prior.EngineLabels, prior.Reattached
	if !differs || !preview.Replaced {
		return m.finish(prior, preview, record)
	}
	agreed := []string{}
	m.NetworkID, m.Subnets, m.EngineLabels = types.StringUnknown(), types.ListUnknown(subnetType), types.MapUnknown(types.StringType)
	m.Reattached = list(record.Attached)
	for _, c := range preview.Changes {
		if c.Action != core.Reattach || slices.Contains(record.Attached, c.Name) {
			agreed = append(agreed, c.Identity())
		}
	}
	return agreed
}

// effects says what the plan means for the containers on the network, and for
// labels.
func effects(planned, prior *model, preview core.NetworkPreview, differs bool, record privateRecord) diag.Diagnostics {
	var diags diag.Diagnostics
	if differs && preview.Replaced {
		diags.AddWarning("Network is replaced", replacement(planned, preview, record))
		return diags
	}
	if !planned.Labels.Equal(prior.Labels) || !planned.Description.Equal(prior.Description) {
		at := "labels"
		if planned.Labels.Equal(prior.Labels) {
			at = "description"
		}
		diags.Append(concept.KeptMetadata(at, planned.Name.ValueString(), planned.Node.ValueString()))
	}
	return diags
}

// replacement says why a network is replaced, which containers that interrupts and for how long.
func replacement(m *model, preview core.NetworkPreview, record privateRecord) string {
	var causes, lost []string
	for _, c := range preview.Changes {
		for _, cause := range c.Causes {
			if c.Action == core.Reattach {
				lost = append(lost, fmt.Sprintf("%s loses its fixed address %s, which the new ranges lack.", c.Name, cause.Old))
				continue
			}
			causes = append(causes, cause.String())
		}
	}
	text := fmt.Sprintf("Network %q on node %q is replaced, because the engine cannot change it in place (%s).",
		m.Name.ValueString(), m.Node.ValueString(), strings.Join(causes, ", "))
	if len(record.Attached) == 0 {
		return text + " No container is on it."
	}
	text += fmt.Sprintf(" These containers lose their connection to it, %s, and get it back with the same aliases and fixed addresses; "+
		"none is recreated: %s.", concept.Interruption(len(record.Attached)), strings.Join(record.Attached, ", "))
	return strings.Join(append([]string{text}, lost...), " ")
}
