package secret

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// privateRecord is what is remembered of a secret between runs, in private state. It holds
// nothing of the value.
type privateRecord struct {
	// Imported reports that nothing was applied yet: how the value came about is
	// unknown.
	Imported bool `json:"imported,omitempty"`
	// Edited says what somebody did to the file, and Altered to its owner or mode,
	// as of when the node was last read.
	Edited  string `json:"edited,omitempty"`
	Altered bool   `json:"altered,omitempty"`
}

// agreement is what a plan says that applying does.
type agreement struct {
	Write bool `json:"write"`
	Keep  bool `json:"keep,omitempty"`
}

// The keys of the private state.
const (
	recordKey = "memory"
	agreedKey = "agreed"
)

// ModifyPlan shows what applying would do: it reads the node and writes nothing.
func (r *secretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
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
		resp.Diagnostics.Append(r.leave(ctx, prior, nil)...)
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
		resp.Diagnostics.Append(r.leave(ctx, prior, &planned)...)
		prior, record = nil, privateRecord{}
	}
	var by core.SecretOptions
	identity, again, diags := concept.Identity(ctx, req.Private, resp.Private, req.State.Raw.IsNull())
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	by.Identity, by.Replaces = identity, again
	agreed, diags := r.preview(ctx, &planned, &config, prior, record, by)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, agreedKey, agreed)...)
}

// preview fills in the computed attributes of a plan and returns what will happen.
func (r *secretResource) preview(ctx context.Context, planned, config, prior *model, record privateRecord, opts core.SecretOptions) (agreement, diag.Diagnostics) {
	if !planned.inputsKnown(ctx) {
		r.core.Undecided(planned.Node.ValueString(), planned.Name.ValueString())
		planned.unknown()
		return agreement{}, nil
	}
	planned.ID = types.StringValue(planned.subject().ID())
	want, diags := planned.toDesired()
	value, more := config.value()
	if diags.Append(more...); diags.HasError() {
		return agreement{}, diags
	}
	matches, more := planned.matches(ctx)
	if diags.Append(more...); diags.HasError() {
		return agreement{}, diags
	}
	opts.Value, opts.Made, opts.Adopt, opts.Fits = value, planned.made(), prior != nil, matches
	if prior != nil {
		opts.KeepOnDestroy = prior.keep()
		opts.Edited, opts.Altered = record.Edited, record.Altered
		opts.Rotate = rotation(planned, prior, record)
	}
	preview, err := r.core.Preview(ctx, planned.Node.ValueString(), want, opts)
	if err != nil {
		return agreement{}, append(diags, unseen(err, planned, prior)...)
	}
	diags.Append(problemDiagnostics(preview.Problems, planned)...)
	for _, warning := range preview.Warnings {
		diags.AddAttributeWarning(path.Root("name"), "Secret is there already", warning)
	}
	planned.show(preview.Version, preview.Volume, preview.File)
	planned.Superseded, planned.Watched, planned.Rotated = noNames, types.BoolValue(true), types.StringNull()
	if prior != nil {
		planned.Rotated = prior.Rotated
	}
	if preview.Reason != "" {
		planned.Rotated = types.StringValue(fmt.Sprintf("to version %d: %s", preview.Version, preview.Reason))
	}
	if preview.TakesUp {
		planned.Rotated = types.StringValue(usesKept)
	}
	diags.Append(keptDiagnostics(preview, planned)...)
	switch {
	case preview.Undecided:
		planned.unknown()
	case preview.TakesUp:
	case preview.Reason != "" && value == nil && opts.Made == core.SecretGiven:
		planned.Rotated = types.StringUnknown() // by then the value may be a reason, too
	}
	return agreement{Write: preview.Write, Keep: preview.Keep}, diags
}

// usesKept is what rotated says of a secret that goes on with a kept value.
const usesKept = "uses the kept value"

// leave notes that the run takes a secret away, and warns of what becomes of its value.
// next is what takes its place under another name or on another node, if anything does.
func (r *secretResource) leave(ctx context.Context, prior, next *model) diag.Diagnostics {
	remains := r.core.Leave(ctx, prior.Node.ValueString(), prior.Name.ValueString(), prior.keep())
	diags := remainsDiagnostics(remains, prior, next)
	if next != nil {
		diags.Append(prior.subject().Used(remains.Users)...)
	}
	return diags
}

// rotation says why the configuration wants another version, whatever the value is.
// What was imported has nothing to compare with.
func rotation(planned, prior *model, record privateRecord) string {
	if record.Imported {
		return ""
	}
	if changed := changedKeepers(planned.Keepers, prior.Keepers); len(changed) > 0 {
		return "keepers changed (" + strings.Join(changed, ", ") + ")"
	}
	if !planned.ValueVersion.Equal(prior.ValueVersion) {
		return "value_version changed"
	}
	if !planned.Generate.IsNull() && !prior.Generate.IsNull() && !planned.Generate.Equal(prior.Generate) {
		return "generate changed"
	}
	return ""
}

// changedKeepers names those that differ, in order.
func changedKeepers(planned, prior types.Map) []string {
	now, before := planned.Elements(), prior.Elements()
	changed := map[string]bool{}
	for key, value := range now {
		if old, ok := before[key]; !ok || !value.Equal(old) {
			changed[key] = true
		}
	}
	for key := range before {
		if _, ok := now[key]; !ok {
			changed[key] = true
		}
	}
	return slices.Sorted(maps.Keys(changed))
}

// unseen plans a secret on a node that cannot be looked at.
func unseen(err error, planned, prior *model) diag.Diagnostics {
	switch {
	case core.UnknownUntilApply(err):
		planned.unknown()
		return nil
	case !core.KeepsState(err):
		return planned.subject().NodeError(err)
	case prior != nil && sameInputs(planned, prior):
		planned.Version, planned.Rotated, planned.Volume, planned.Mount = prior.Version, prior.Rotated, prior.Volume, prior.Mount
		planned.Superseded, planned.Watched = prior.Superseded, prior.Watched
		return planned.subject().KeptUnseen(err, false)
	default:
		planned.unknown()
		return planned.subject().KeptUnseen(err, true)
	}
}

// sameInputs reports whether the user wrote what the state has.
func sameInputs(planned, prior *model) bool {
	return planned.UID.Equal(prior.UID) && planned.GID.Equal(prior.GID) && planned.Mode.Equal(prior.Mode) && planned.Keep.Equal(prior.Keep) && planned.Keepers.Equal(prior.Keepers) &&
		planned.ValueVersion.Equal(prior.ValueVersion) && planned.Generate.Equal(prior.Generate) && planned.Timeouts.Equal(prior.Timeouts)
}
