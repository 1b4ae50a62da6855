package secret

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

var (
	_ resource.ResourceWithConfigure      = (*secretResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*secretResource)(nil)
	_ resource.ResourceWithValidateConfig = (*secretResource)(nil)
	_ resource.ResourceWithImportState    = (*secretResource)(nil)
)

// defaultTimeout is the time limit of each operation.
const defaultTimeout = 5 * time.Minute

// Core is what a secret needs of the core.
type Core interface {
	Read(ctx context.Context, node, name string) (core.SecretView, bool, error)
	Preview(ctx context.Context, node string, want desired.Secret, opts core.SecretOptions) (core.SecretPreview, error)
	Apply(ctx context.Context, node string, change core.SecretChange) (core.SecretView, error)
	Destroy(ctx context.Context, node, name string, keep *bool) error
	Leave(ctx context.Context, node, name string, keep *bool) core.SecretRemains
	Undecided(node, name string)
}

// NewResource returns the resource homelab_secret.
func NewResource() resource.Resource { return &secretResource{} }

type secretResource struct{ core Core }

// Metadata sets the type name.
func (r *secretResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_secret"
}

// Schema sets the schema.
func (r *secretResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// Configure takes the provider's core; it is also called without,
// before the provider is configured.
func (r *secretResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_secret", req.ProviderData, &r.core)...)
}

// Create writes the first version; it continues with what an interrupted create left, and a
// value that was kept.
func (r *secretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	limit, diags := planned.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	change, diags := newChange(ctx, &planned, &config, agreement{Write: true})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	view, err := r.core.Apply(ctx, planned.Node.ValueString(), change)
	resp.Diagnostics.Append(applyDiagnostics(err, &planned)...)
	if err != nil && !errors.Is(err, core.ErrSecretWritten) {
		return // there is none, or it is somebody else's
	}
	planned.observe(view)
	planned.Superseded, planned.Watched = noNames, types.BoolValue(true)
	if planned.Rotated.IsUnknown() {
		planned.Rotated = types.StringNull()
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, recordKey, privateRecord{})...)
}

// Read shows the secret as the node has it, without its value.
func (r *secretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var record privateRecord
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, recordKey, &record)...)
	if resp.Diagnostics.HasError() {
		return
	}
	view, exists, err := r.core.Read(ctx, state.Node.ValueString(), state.Name.ValueString())
	if err != nil {
		resp.Diagnostics.Append(state.subject().Read(err, state.neverRead())...)
		return
	}
	if !exists {
		resp.State.RemoveResource(ctx)
		return
	}
	record.Imported = record.Imported || state.neverRead()
	record.Edited, record.Altered = view.Edited, view.Altered
	state.observe(view)
	state.UID, state.GID, state.Mode = types.Int64Value(int64(view.UID)), types.Int64Value(int64(view.GID)), types.StringValue(view.Mode.String())
	state.Superseded, state.Watched = names(view.Superseded), types.BoolValue(view.Watched)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, recordKey, record)...)
}

// Update writes the next version, where the plan says so, and clears away.
func (r *secretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, config, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var agreed agreement
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, agreedKey, &agreed)...)
	limit, diags := planned.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	change, diags := newChange(ctx, &planned, &config, agreed)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	change.Adopt = true
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	view, err := r.core.Apply(ctx, planned.Node.ValueString(), change)
	resp.Diagnostics.Append(applyDiagnostics(err, &planned)...)
	if err != nil && !errors.Is(err, core.ErrSecretWritten) && (view.Version == 0 || planned.Version.IsUnknown() || strconv.Itoa(view.Version) != planned.Version.ValueString()) {
		return // the prior state is kept
	}
	planned.observe(view)
	planned.Superseded, planned.Watched = noNames, types.BoolValue(true)
	if planned.Rotated.IsUnknown() {
		planned.Rotated = state.Rotated
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, recordKey, privateRecord{})...)
}

// newChange is what to do with a secret according to its plan.
func newChange(ctx context.Context, planned, config *model, agreed agreement) (core.SecretChange, diag.Diagnostics) {
	want, diags := planned.toDesired()
	matches, more := planned.matches(ctx)
	diags.Append(more...)
	change := core.SecretChange{Secret: want, Made: planned.made(), Write: agreed.Write, Keep: agreed.Keep, Fits: matches}
	change.Version, _ = strconv.Atoi(planned.Version.ValueString()) // 0 while it is unknown
	if planned.Generate.IsNull() {
		value, more := config.value()
		change.Value = value
		if diags.Append(more...); value == nil && (change.Write && !change.Keep || planned.Version.IsUnknown()) {
			diags.AddAttributeError(path.Root("value"), "Secret is not known", "Applying needs the value, and it is not known. Nothing was changed. "+
				"Where it comes from homelab_sops_file, set its key_required to terraform.applying, or to true, so that applying without a key says which keys would do.")
		}
		return change, diags
	}
	if !change.Write || change.Keep {
		return change, diags
	}
	recipe, more := planned.recipe(ctx)
	diags.Append(more...)
	value, err := recipe.generate()
	if err != nil {
		diags.AddAttributeError(path.Root("generate"), "Unable to generate secret", err.Error()+".")
	}
	change.Value = value
	return change, diags
}

// Delete removes the secret, or all but its value.
func (r *secretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	limit, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp.Diagnostics.Append(destroyDiagnostics(r.core.Destroy(ctx, state.Node.ValueString(), state.Name.ValueString(), state.keep()), &state)...)
}

// ImportState takes "node/name".
func (r *secretResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	concept.ImportID{
		Names: namePattern, Kind: "secret", Example: "db_password", List: "docker volume ls --filter label=" + desired.LabelSecret + " lists those of a node",
	}.Import(ctx, req, resp)
}
