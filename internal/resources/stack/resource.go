package stack

import (
	"context"
	"reflect"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

var (
	_ resource.ResourceWithConfigure   = (*stackResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*stackResource)(nil)
	_ resource.ResourceWithImportState = (*stackResource)(nil)
)

// Default time limits of a stack's operations.
const (
	defaultApplyTimeout   = 20 * time.Minute
	defaultDestroyTimeout = 10 * time.Minute
)

// Core is what a stack needs of the core.
type Core interface {
	Read(ctx context.Context, node, stack string, record core.Record, last core.View) (core.View, bool, error)
	Follow(ctx context.Context, node, stack string, record core.Record) core.Record
	Preview(ctx context.Context, node string, want *desired.Stack, record core.Record, opts core.PreviewOptions) (core.Preview, error)
	Apply(ctx context.Context, node string, want *desired.Stack, record core.Record, opts core.ApplyOptions) (core.View, core.Record, error)
	Destroy(ctx context.Context, node, stack string, opts core.DestroyOptions) error
	Data(ctx context.Context, node, stack string, volumes []string) (exist, own []string, err error)
	RemovesData(node, stack string, volumes []string)
	DataRemoved(node, stack string) []string
	PreviewDestroy(ctx context.Context, node, stack string, opts core.DestroyOptions) ([]string, error)
	Leave(node, stack string)
	Undecided(node, stack string)
}

// Loader loads Compose documents; see [Documents].
type Loader interface {
	Load(ctx context.Context, id string, in compose.Input) (*desired.Stack, error)
}

// NewResource returns the resource homelab_stack.
func NewResource() resource.Resource { return &stackResource{} }

type stackResource struct {
	core      Core
	documents Loader
}

// Metadata sets the type name.
func (r *stackResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_stack"
}

// Schema sets the schema.
func (r *stackResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// Configure takes the provider's core; it is also called without,
// before the provider is configured.
func (r *stackResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_stack", req.ProviderData, &r.core)...)
	resp.Diagnostics.Append(concept.Provided("homelab_stack", req.ProviderData, &r.documents)...)
}

// Create makes the stack; it continues with what an interrupted create left.
func (r *stackResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(planned.readBypassed(bypass.From(ctx).Planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	limit, diags := planned.Timeouts.Create(ctx, defaultApplyTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(withoutSecrets(config.Secrets)...)
	if resp.Diagnostics.HasError() {
		return
	}
	want, diags := r.load(ctx, &planned, config.Secrets)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	salt := newSalt()
	show := planned.shown(salt)
	view, record, err := r.core.Apply(ctx, planned.Node.ValueString(), want, core.Record{},
		core.ApplyOptions{Digests: planned.digests(), Progress: progress(&planned)})
	resp.Diagnostics.Append(redact(createDiagnostics(err, view.Services != nil, &planned, show, limit), config.Secrets, planned.redactions(show, want))...)
	if err != nil && view.Services == nil {
		resp.State.RemoveResource(ctx) // nothing was written: nothing is to be remembered
		return
	}
	planned.observe(show.view(view))
	resp.Diagnostics.Append(planned.answer(ctx, null)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
	record.Failed = err != nil
	resp.Diagnostics.Append(storeRecord(ctx, resp.Private, record)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, saltKey, salt)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, leavingKey, nil)...) // it is gone by now
}

// Read shows the stack as the node has it.
func (r *stackResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(state.readBypassed(bypass.From(ctx).Prior)...)
	record, diags := loadRecord(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	salt, diags := loadSalt(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	view, exists, err := r.core.Read(ctx, state.Node.ValueString(), state.Name.ValueString(), record, state.view)
	if err != nil {
		resp.Diagnostics.Append(state.subject().Read(err, state.neverRead())...)
		return
	}
	if !exists {
		resp.State.RemoveResource(ctx)
		return
	}
	if len(salt) == 0 { // just imported, or made by a version that hid nothing
		salt = newSalt()
		resp.Diagnostics.Append(concept.Store(ctx, resp.Private, saltKey, salt)...)
	}
	state.observe(state.shown(salt).view(view))
	r.noteRemoval(&state)
	resp.Diagnostics.Append(state.answer(ctx, null)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	before := record
	record.Seen = view.Seen
	record = r.core.Follow(ctx, state.Node.ValueString(), state.Name.ValueString(), record)
	if !reflect.DeepEqual(record, before) {
		resp.Diagnostics.Append(storeRecord(ctx, resp.Private, record)...)
	}
}

// Update converges the stack to the plan that was agreed to.
func (r *stackResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, config, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(planned.readBypassed(bypass.From(ctx).Planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(state.readBypassed(bypass.From(ctx).Prior)...)
	record, diags := loadRecord(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	agreed, diags := loadPlanned(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	salt, diags := loadSalt(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := planned.Timeouts.Update(ctx, defaultApplyTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(withoutSecrets(config.Secrets)...)
	if resp.Diagnostics.HasError() {
		return
	}
	want, diags := r.load(ctx, &planned, config.Secrets)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	salt = saltOrNew(salt)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	view, record, err := r.core.Apply(ctx, planned.Node.ValueString(), want, record, core.ApplyOptions{
		Adopt: true, Rollback: planned.Rollback.ValueBool(), Planned: agreed, Digests: planned.digests(), Progress: progress(&planned)})
	show := planned.shown(salt)
	resp.Diagnostics.Append(redact(applyDiagnostics(err, &planned, show, limit, "timeouts.update"), config.Secrets, planned.redactions(show, want))...)
	if err != nil && len(view.Services) == 0 {
		return // nothing was written, or nothing can be seen: the prior state is kept
	}
	result, promised := &planned, planned
	if rolledBack(err) {
		result = &state
	}
	before := state
	result.observe(result.shown(salt).view(view))
	if err == nil {
		result.keepUntouched(&promised, &before)
	}
	resp.Diagnostics.Append(result.answer(ctx, null)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, result)...)
	resp.Diagnostics.Append(storeRecord(ctx, resp.Private, record)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, saltKey, salt)...)
}

// Delete removes what the stack made. What a failed create left it leaves to the
// create that the same plan has.
func (r *stackResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	record, diags := loadRecord(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resume, diags := loadResume(ctx, req.Private, &state)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Delete(ctx, defaultDestroyTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	options := destroyOptions(&state, record)
	options.Resume = resume
	err := r.core.Destroy(ctx, state.Node.ValueString(), state.Name.ValueString(), options)
	resp.Diagnostics.Append(destroyDiagnostics(err, &state)...)
}

// ImportState takes "node/name".
func (r *stackResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	concept.ImportID{Names: projectName, Kind: "Compose project", Example: "media", List: "docker compose ls lists the projects of a node"}.Import(ctx, req, resp)
}

// load is [load] for what may be loaded already. It returns nil without an error
// when it is not known which secrets there are.
func (r *stackResource) load(ctx context.Context, m *model, secrets types.Map) (*desired.Stack, diag.Diagnostics) {
	in, diags := m.input(ctx, secrets)
	if diags.HasError() {
		return nil, diags
	}
	want, err := r.documents.Load(ctx, m.stackID(), in)
	if undecidedNames(err) {
		return nil, diags
	}
	return want, append(diags, concept.ComposeErrors(err, concept.AttributePath, "")...)
}

// load reads the documents and the files that they name.
func load(ctx context.Context, m *model, secrets types.Map) (*desired.Stack, diag.Diagnostics) {
	in, diags := m.input(ctx, secrets)
	if diags.HasError() {
		return nil, diags
	}
	want, err := compose.Load(ctx, in)
	diags.Append(concept.ComposeErrors(err, concept.AttributePath, "")...)
	return &want, diags
}

// progress reports what happens in the provider's log.
func progress(m *model) func(context.Context, string) {
	fields := map[string]any{"node": m.Node.ValueString(), "stack": m.Name.ValueString()}
	return func(ctx context.Context, message string) { tflog.Info(ctx, message, fields) }
}
