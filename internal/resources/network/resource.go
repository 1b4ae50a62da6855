package network

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

var (
	_ resource.ResourceWithConfigure      = (*networkResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*networkResource)(nil)
	_ resource.ResourceWithValidateConfig = (*networkResource)(nil)
	_ resource.ResourceWithImportState    = (*networkResource)(nil)
)

// defaultTimeout is the time limit of each operation.
const defaultTimeout = 5 * time.Minute

// Core is what a network needs of the core.
type Core interface {
	Read(ctx context.Context, node, name string) (core.NetworkView, bool, error)
	Preview(ctx context.Context, node string, want *desired.Network, opts core.NetworkOptions) (core.NetworkPreview, error)
	Apply(ctx context.Context, node string, want *desired.Network, opts core.NetworkOptions) (core.NetworkView, error)
	Destroy(ctx context.Context, node, name string, progress func(context.Context, string)) error
	Leave(node, name string)
}

// NewResource returns the resource homelab_network.
func NewResource() resource.Resource { return &networkResource{} }

type networkResource struct{ core Core }

// Metadata sets the type name.
func (r *networkResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_network"
}

// Schema sets the schema.
func (r *networkResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// Configure takes the provider's core; it is also called without,
// before the provider is configured.
func (r *networkResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_network", req.ProviderData, &r.core)...)
}

// Create makes the network; it continues with what an interrupted create left.
func (r *networkResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	limit, diags := planned.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	want := planned.toDesired()
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	view, err := r.core.Apply(ctx, planned.Node.ValueString(), want, core.NetworkOptions{Progress: progress(&planned)})
	resp.Diagnostics.Append(applyDiagnostics(err, &planned)...)
	if view.ID == "" || err != nil {
		return // there is none, or it is somebody else's
	}
	resp.Diagnostics.Append(planned.observe(ctx, view)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, recordKey, recordOf(want, view))...)
}

// Read shows the network as the node has it.
func (r *networkResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var record privateRecord
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, recordKey, &record)...)
	if resp.Diagnostics.HasError() {
		return
	}
	record.Imported = record.Imported || state.Driver.IsNull()
	view, exists, err := r.core.Read(ctx, state.Node.ValueString(), state.Name.ValueString())
	if err != nil {
		resp.Diagnostics.Append(state.subject().Read(err, state.Driver.IsNull())...)
		return
	}
	if !exists {
		resp.Diagnostics.Append(gone(&state, view)...)
		resp.State.RemoveResource(ctx)
		return
	}
	fresh := state
	resp.Diagnostics.Append(fresh.refresh(ctx, view, record)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &fresh)...)
	if record.Imported {
		record.Made, record.Description = desired.OwnLabels(view.Network.Labels), view.Network.Labels[desired.LabelDescription]
	}
	record.Attached, record.Detached = members(view), view.Detached
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, recordKey, record)...)
}

// Update replaces the network, or only notes new labels and a new description.
func (r *networkResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var record privateRecord
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, recordKey, &record)...)
	var agreed []string
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, agreedKey, &agreed)...)
	limit, diags := planned.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	want := planned.toDesired()
	opts := optionsOf(&planned, &state, record)
	if resp.Diagnostics.HasError() {
		return
	}
	opts.Planned, opts.Progress = agreed, progress(&planned)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	view, err := r.core.Apply(ctx, planned.Node.ValueString(), want, opts)
	resp.Diagnostics.Append(applyDiagnostics(err, &planned)...)
	if view.ID == "" {
		return // nothing was written, or nothing can be seen: the prior state is kept
	}
	result := &planned
	if err != nil {
		result = &state
		resp.Diagnostics.Append(result.refresh(ctx, view, record)...)
	} else {
		resp.Diagnostics.Append(result.observe(ctx, view)...)
		record = recordOf(want, view)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, result)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, recordKey, record)...)
}

// Delete removes the network.
func (r *networkResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	limit, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := r.core.Destroy(ctx, state.Node.ValueString(), state.Name.ValueString(), progress(&state))
	resp.Diagnostics.Append(destroyDiagnostics(err, &state)...)
}

// ImportState takes "node/name".
func (r *networkResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	concept.ImportID{Names: namePattern, Kind: "network", Example: "media", List: "docker network ls lists the networks of a node"}.Import(ctx, req, resp)
}

// optionsOf are what planning and applying an existing network depend on.
func optionsOf(planned, state *model, record privateRecord) core.NetworkOptions {
	opts := core.NetworkOptions{Owner: owner(planned), Filled: record.Filled, Adopt: true}
	if !record.Imported {
		opts.Asked = state.toDesired().SpecByItself()
		opts.AppliedFields = opts.Asked.Keys()
	}
	return opts
}

func owner(m *model) string { return fmt.Sprintf("homelab_network %q", m.Name.ValueString()) }

// progress reports what happens in the provider's log.
func progress(m *model) func(context.Context, string) {
	fields := map[string]any{"node": m.Node.ValueString(), "network": m.Name.ValueString()}
	return func(ctx context.Context, message string) { tflog.Info(ctx, message, fields) }
}

// The keys of the private state.
const (
	recordKey = "memory"
	agreedKey = "agreed"
)
