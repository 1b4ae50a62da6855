package node

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

var (
	_ resource.ResourceWithConfigure   = (*nodeResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*nodeResource)(nil)
	_ resource.ResourceWithImportState = (*nodeResource)(nil)
)

// Core is what a node needs of the core.
type Core interface {
	Engines
	ReadDirectories(ctx context.Context, node string, ids observed.IDs, paths []string) (map[string]core.Directory, error)
	PreviewDirectories(ctx context.Context, node string, ids observed.IDs, want []desired.Directory, known map[string]core.Directory) (
		map[string]core.Directory, []core.DirectoryProblem, error)
	DeclareDirectories(node, identity string, want []desired.Directory) []core.DirectoryProblem
	ApplyDirectories(ctx context.Context, node, keeper string, want []desired.Directory, before []string) (map[string]core.Directory, error)
}

// NewResource returns the resource homelab_node.
func NewResource() resource.Resource { return &nodeResource{} }

type nodeResource struct{ core Core }

// Metadata sets the type name.
func (r *nodeResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_node"
}

// Schema sets the schema.
func (r *nodeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema()
}

// Configure takes the provider's core; it is also called without,
// before the provider is configured.
func (r *nodeResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_node", req.ProviderData, &r.core)...)
}

// Create makes the directories.
func (r *nodeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	planned.ID = planned.Name
	have, diags := r.apply(ctx, &planned, managed{}, resp.Private)
	resp.Diagnostics.Append(diags...)
	if have == nil {
		return // nothing was made
	}
	resp.Diagnostics.Append(planned.observe(ctx, have)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
}

// Read shows the node and its directories as they are.
func (r *nodeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var imported bool
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, importedKey, &imported)...)
	name := state.Name.ValueString()
	facts, err := r.core.Facts(ctx, name)
	if err != nil {
		resp.Diagnostics.Append(state.subject().Read(err, imported)...)
		return
	}
	if imported {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, nil)...)
	}
	entries, _, diags := state.entries(ctx)
	resp.Diagnostics.Append(diags...)
	have, err := r.core.ReadDirectories(ctx, name, facts.IDs, slices.Sorted(maps.Keys(entries)))
	if err != nil {
		resp.Diagnostics.Append(state.subject().Read(err, imported)...)
		return
	}
	state.ID = state.Name
	resp.Diagnostics.Append(state.observe(ctx, have)...)
	resp.Diagnostics.Append(unseen(name, have)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update makes and repairs directories.
func (r *nodeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	managed, diags := managedOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	planned.ID = planned.Name
	if planned.Directories.Equal(state.Directories) { // nothing to do on the node, which may be away
		resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
		return
	}
	have, diags := r.apply(ctx, &planned, managed, resp.Private)
	resp.Diagnostics.Append(diags...)
	if have == nil {
		return // nothing was written, or nothing can be seen: the prior state is kept
	}
	resp.Diagnostics.Append(planned.observe(ctx, have)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
}

// Delete leaves the directories and removes what they were seen through.
func (r *nodeResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	managed, diags := managedOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := state.Name.ValueString()
	_, err := r.core.ApplyDirectories(ctx, name, managed.Keeper, nil, managed.Paths)
	switch {
	case err == nil:
	case core.NotConfigured(err):
		resp.Diagnostics.Append(state.subject().NodeNotConfigured()...)
	default:
		resp.Diagnostics.Append(directoryDiagnostics(name, err)...)
	}
}

// ImportState takes the node's name.
func (r *nodeResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if strings.TrimSpace(req.ID) == "" {
		resp.Diagnostics.AddError("Invalid import ID", "The ID of a node is its name, a key of nodes in the provider block.")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), req.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), req.ID)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, importedKey, true)...)
}

// apply brings the node's directories to the plan; before are those that were
// managed so far. The result is nil when nothing was written.
func (r *nodeResource) apply(ctx context.Context, planned *model, before managed, private concept.PrivateState) (map[string]core.Directory, diag.Diagnostics) {
	entries, _, diags := planned.entries(ctx)
	if diags.HasError() {
		return nil, diags
	}
	name, keeper := planned.Name.ValueString(), before.keeper()
	have, err := r.core.ApplyDirectories(ctx, name, keeper, toDesired(entries), before.Paths)
	if err != nil {
		diags.Append(directoryDiagnostics(name, err)...)
	}
	paths := slices.Sorted(maps.Keys(entries))
	if err != nil { // what is left to close is closed another time
		paths = slices.Compact(slices.Sorted(slices.Values(slices.Concat(paths, before.Paths))))
	}
	if have != nil {
		diags.Append(managed{Keeper: keeper, Paths: paths}.keep(ctx, private)...)
	}
	return have, diags
}

// observe shows the directories as they were found.
func (m *model) observe(ctx context.Context, have map[string]core.Directory) diag.Diagnostics {
	entries, _, diags := m.entries(ctx)
	for p, e := range entries {
		found := have[p]
		seen, ok := e.observe(&found)
		if !ok {
			delete(entries, p)
			continue
		}
		entries[p] = seen
	}
	diags.Append(m.setEntries(ctx, entries)...)
	return diags
}
