package stack

import (
	"context"
	"errors"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// ModifyPlan shows what applying would do: it reads the node and writes
// nothing.
func (r *stackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.door == nil || req.Plan.Raw.IsNull() {
		return // the provider is not configured yet, or the stack is destroyed
	}
	var planned, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	var prior *model
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	mem, diags := loadMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	leaving, diags := leavingStack(ctx, &planned, prior, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	changes, diags := r.preview(ctx, &planned, &config, prior, mem, leaving)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
	resp.Diagnostics.Append(setKey(ctx, resp.Private, plannedKey, changes)...)
	resp.Diagnostics.Append(setKey(ctx, resp.Private, leavingKey, leaving)...)
}

// leavingStack names the stack that a replacement destroys first on the same
// node; empty means none. Terraform plans a replacement twice, the second time
// without the prior state but with the private state that the first left.
func leavingStack(ctx context.Context, planned, prior *model, private privateState) (string, diag.Diagnostics) {
	var leaving string
	if prior == nil {
		diags := getKey(ctx, private, leavingKey, &leaving)
		return leaving, diags
	}
	if planned.Node.Equal(prior.Node) && !planned.Name.Equal(prior.Name) {
		leaving = prior.Name.ValueString()
	}
	return leaving, nil
}

// preview fills in the computed attributes of a plan and returns what will
// happen; nil where that can't be known yet.
func (r *stackResource) preview(ctx context.Context, planned, config, prior *model, mem converge.Memory, leaving string) ([]string, diag.Diagnostics) {
	if !planned.inputsKnown(config.Secrets) {
		planned.unknown()
		if planned.Node.IsUnknown() || planned.Name.IsUnknown() {
			planned.ID = types.StringUnknown()
		}
		return nil, nil
	}
	want, diags := load(ctx, planned, config.Secrets)
	if diags.HasError() {
		return nil, diags
	}
	if prior != nil && !samePlace(planned, prior) {
		prior, mem = nil, converge.Memory{}
	}
	if prior != nil {
		keepText(ctx, planned, prior, config, want)
	}
	preview, err := r.door.Preview(ctx, planned.Node.ValueString(), want, mem, converge.PreviewOptions{Adopt: prior != nil, Leaving: leaving})
	if unknownUntilApply(err) {
		planned.unknown()
		return nil, diags
	}
	if err != nil {
		return nil, append(diags, nodeDiagnostics(err, planned)...)
	}
	diags.Append(problemDiagnostics(preview.Problems, planned)...)
	for _, warning := range preview.Warnings {
		diags.AddAttributeWarning(path.Root("compose"), "Stack may not do what is expected", warning)
	}
	diags.Append(showPlanned(ctx, planned, prior, preview)...)
	if preview.Changes == nil {
		preview.Changes = []string{} // nothing is agreed to, rather than anything
	}
	return preview.Changes, diags
}

func samePlace(planned, prior *model) bool {
	return planned.Node.Equal(prior.Node) && planned.Name.Equal(prior.Name)
}

// keepText keeps the prior wording of the documents where it means the same as
// the new one: Terraform then sees no change.
func keepText(ctx context.Context, planned, prior, config *model, want *desired.Stack) {
	if planned.Compose.Equal(prior.Compose) && planned.Overrides.Equal(prior.Overrides) || prior.Compose.IsNull() {
		return
	}
	before := *planned
	before.Compose, before.Overrides = prior.Compose, prior.Overrides
	same, diags := load(ctx, &before, config.Secrets)
	if diags.HasError() || !reflect.DeepEqual(same, want) {
		return
	}
	planned.Compose = prior.Compose
	if planned.Overrides.IsNull() == prior.Overrides.IsNull() {
		planned.Overrides = prior.Overrides
	}
}

// showPlanned writes what will be into the plan. What nothing happens to keeps
// exactly its prior value.
func showPlanned(ctx context.Context, planned, prior *model, preview converge.Preview) diag.Diagnostics {
	if prior == nil {
		return planned.observe(ctx, preview.After)
	}
	if preview.Empty {
		planned.ID, planned.Services, planned.Networks, planned.Volumes = prior.ID, prior.Services, prior.Networks, prior.Volumes
		return nil
	}
	last, diags := prior.lastSeen(ctx)
	for name, after := range preview.After.Services {
		before, seen := last.Services[name]
		switch {
		case seen && !preview.Changed[name]:
			preview.After.Services[name] = before
		case seen && reflect.DeepEqual(before, after):
			after.State = nil // it is made again or restarted as it is: say that something happens
			preview.After.Services[name] = after
		}
	}
	diags.Append(planned.observe(ctx, preview.After)...)
	return diags
}

// unknownUntilApply tells whether a node's address is known only once other
// resources are applied.
func unknownUntilApply(err error) bool {
	var deferred interface{ UnknownUntilApply() bool }
	return errors.As(err, &deferred) && deferred.UnknownUntilApply()
}
