package stack

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

// ModifyPlan shows what applying would do: it reads the node and writes
// nothing.
func (r *stackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.core == nil {
		return // the provider is not configured yet
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.planDestroy(ctx, req.State, req.Private)...)
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, resumeKey, nil)...)
		return
	}
	var planned, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	var prior *model
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
		resp.Diagnostics.Append(prior.readBypassed(bypass.From(ctx).Prior)...)
	}
	record, diags := loadRecord(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	salt, diags := loadSalt(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if prior == nil {
		record = core.Record{} // of the one that is replaced
	}
	leaving, diags := leavingStack(ctx, &planned, prior, req.Private)
	resp.Diagnostics.Append(diags...)
	identity, _, diags := concept.Identity(ctx, req.Private, resp.Private, prior == nil)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	changes, resume, diags := r.preview(ctx, &planned, &config, prior, remembered{record, salt, core.PreviewOptions{Adopt: prior != nil, Leaving: leaving, Identity: identity}})
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !resume {
		resp.Diagnostics.Append(r.dataDiagnostics(ctx, &planned, prior, record)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &planned)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, plannedKey, changes)...)
	resp.Diagnostics.Append(concept.Store(ctx, resp.Private, leavingKey, leaving)...)
	resp.Diagnostics.Append(storeResume(ctx, resp.Private, &planned, resume)...)
}

// planDestroy lets the node's other stacks know that a stack goes, and says what
// becomes of its data and of other volumes of its project. A node that cannot be
// looked at is left to applying.
func (r *stackResource) planDestroy(ctx context.Context, state tfsdk.State, private concept.PrivateState) diag.Diagnostics {
	var prior model
	diags := state.Get(ctx, &prior)
	diags.Append(prior.readBypassed(bypass.From(ctx).Prior)...)
	record, more := loadRecord(ctx, private)
	if diags.Append(more...); diags.HasError() {
		return diags
	}
	r.core.Leave(prior.Node.ValueString(), prior.Name.ValueString())
	diags.Append(r.destroyDataDiagnostics(ctx, &prior)...)
	warnings, _ := r.core.PreviewDestroy(ctx, prior.Node.ValueString(), prior.Name.ValueString(), destroyOptions(&prior, record))
	for _, warning := range warnings {
		diags.AddAttributeWarning(path.Root("remove_volumes"), "Volume is not removed", fmt.Sprintf("Stack %q on node %q: %s", prior.Name.ValueString(), prior.Node.ValueString(), warning))
	}
	return diags
}

func destroyOptions(state *model, record core.Record) core.DestroyOptions {
	return core.DestroyOptions{RemoveVolumes: state.RemoveVolumes.ValueBool(), Record: record, Progress: progress(state)}
}

// leavingStack names the stack that a replacement would destroy first on the same
// node; empty means none. Terraform plans a replacement twice, the second time
// without the prior state but with the private state that the first left. It may
// have been asked to replace what it would not by itself (-replace).
func leavingStack(ctx context.Context, planned, prior *model, private concept.PrivateState) (string, diag.Diagnostics) {
	var leaving string
	if prior == nil {
		diags := concept.Load(ctx, private, leavingKey, &leaving)
		return leaving, diags
	}
	if planned.Node.Equal(prior.Node) {
		leaving = prior.Name.ValueString()
	}
	return leaving, nil
}

// remembered is what private state says of a stack.
type remembered struct {
	record core.Record
	salt   []byte // see [shown]
	opts   core.PreviewOptions
}

// preview fills in the computed attributes of a plan and returns what will
// happen; nil where that cannot be known yet. resume reports that what a failed create
// left is used.
func (r *stackResource) preview(ctx context.Context, planned, config, prior *model, last remembered) (changes []string, resume bool, diags diag.Diagnostics) {
	if !planned.inputsKnown() {
		r.undecided(ctx, planned)
		return nil, false, nil
	}
	want, diags := r.load(ctx, planned, config.Secrets)
	if want == nil && !diags.HasError() {
		r.undecided(ctx, planned)
		return nil, false, append(diags, namesNotKnown())
	}
	if diags.HasError() {
		return nil, false, diags
	}
	if prior != nil && !samePlace(planned, prior) {
		r.core.Leave(prior.Node.ValueString(), prior.Name.ValueString())
		prior, last.record, last.opts.Adopt = nil, core.Record{}, false
	}
	if prior == nil {
		last.salt = nil // the create makes one
	} else {
		keepText(ctx, planned, prior, config, want)
	}
	preview, err := r.core.Preview(ctx, planned.Node.ValueString(), want, last.record, last.opts)
	if err != nil {
		said, ok := unseen(ctx, err, planned, prior)
		if !ok {
			said = planned.subject().NodeError(err)
		}
		return nil, false, append(diags, said...)
	}
	diags.Append(problemDiagnostics(preview.Problems, planned)...)
	for _, warning := range preview.Warnings {
		diags.AddAttributeWarning(path.Root("compose"), "Stack may not do what is expected", warning)
	}
	planned.shown(last.salt).preview(&preview)
	if len(preview.Restarts) > 0 {
		diags.Append(restartsWarning(planned, preview.Restarts))
	}
	showPlanned(planned, prior, preview)
	diags.Append(showSecrets(planned, prior, config, want, &preview)...)
	if prior == nil && planned.saysItAll(config) {
		planned.omitSpecs()
	}
	diags.Append(planned.answer(ctx, unknown)...)
	return agreed(planned, prior, preview.Changes), preview.Resumes, diags
}

// undecided plans a stack of which nobody can say yet what it asks for.
func (r *stackResource) undecided(ctx context.Context, planned *model) {
	bypassUnknown(ctx)
	if planned.Node.IsUnknown() || planned.Name.IsUnknown() {
		planned.ID = types.StringUnknown()
		return
	}
	r.core.Undecided(planned.Node.ValueString(), planned.Name.ValueString())
}

// agreed identifies the changes that the person who approves the plan can see: those
// to things whose planned value differs from the state's. What the node needs
// and the state doesn't show came after the state was read, and applying must
// not do it. The list is never nil, which would allow anything.
func agreed(planned, prior *model, changes []core.Change) []string {
	seen := []string{}
	for _, c := range changes {
		if prior == nil || c.Service == "" && c.Name == "" || shows(planned.view.Services, prior.view.Services, c.Service) ||
			showsName(planned.view.Networks, prior.view.Networks, c.Name, networkName) || showsName(planned.view.Volumes, prior.view.Volumes, c.Name, volumeName) {
			seen = append(seen, c.Identity())
		}
	}
	return seen
}

// shows reports whether an element differs between plan and state.
func shows[V any](planned, prior map[string]V, key string) bool {
	after, planning := planned[key]
	before, known := prior[key]
	return planning != known || planning && !reflect.DeepEqual(after, before)
}

// showsName is shows for the network or volume with the engine's name.
func showsName[V any](planned, prior map[string]V, name string, nameOf func(V) string) bool {
	for _, side := range []map[string]V{planned, prior} {
		for key, element := range side {
			if nameOf(element) == name && shows(planned, prior, key) {
				return true
			}
		}
	}
	return false
}

func networkName(n core.Network) string { return n.Name }

func volumeName(v core.Volume) string { return v.Name }

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
	if diags.HasError() || !same.Same(want) {
		return
	}
	planned.Compose = prior.Compose
	if planned.Overrides.IsNull() == prior.Overrides.IsNull() {
		planned.Overrides = prior.Overrides
	}
}

// showPlanned writes what will be into the plan. What nothing happens to keeps
// its prior value; unless that is not what the node has by now: Terraform plans
// again while applying, with the state as it was, and has to find the same.
func showPlanned(planned, prior *model, preview core.Preview) {
	if prior == nil {
		planned.observe(preview.After)
		return
	}
	last, after := prior.view, preview.After
	for name, service := range after.Services {
		before, seen := last.Services[name]
		switch {
		case !seen || preview.Changed[name]:
		case preview.Following[name] && reflect.DeepEqual(before, service):
			service.State = nil // say that something happens to it
			after.Services[name] = service
		case !preview.Following[name] && !outdated(before, service):
			after.Services[name] = before
		}
	}
	for name, network := range after.Networks {
		if before, seen := last.Networks[name]; seen && !happensTo(network.Name, preview.Changes) && sameNetwork(before, network) {
			after.Networks[name] = before
		}
	}
	if preview.Empty() && holdsAll(last.Volumes, after.Volumes) {
		after.Volumes = last.Volumes
	}
	planned.observe(after)
}

// outdated reports whether a service that is as it should be was seen otherwise.
func outdated(before, now core.Service) bool {
	if before.Replicas != now.Replicas || before.State != nil && now.State != nil && *now.State != *before.State && before.NeedsRepair() {
		return true
	}
	return !agrees(before.Spec, now.Spec, now.Unknown...) || !holdsNetworks(before.Spec, now.Spec)
}

// holdsNetworks reports whether a service was seen on all networks that it is on: its
// containers may have been attached since, by the apply of a network.
func holdsNetworks(before, now map[string]string) bool {
	for key := range now {
		if _, seen := before[key]; !seen && strings.HasPrefix(key, "networks.") {
			return false
		}
	}
	return true
}

// happensTo reports whether a network or volume is among the changes.
func happensTo(name string, changes []core.Change) bool {
	return slices.ContainsFunc(changes, func(c core.Change) bool { return c.Service == "" && c.Name == name })
}

// sameNetwork reports whether a network was seen as it will be.
func sameNetwork(before, after core.Network) bool {
	return before.Name == after.Name && reflect.DeepEqual(before.Driver, after.Driver) &&
		reflect.DeepEqual(before.Internal, after.Internal) && agrees(before.Spec, after.Spec, after.Unknown...)
}

// agrees reports whether no field that both sides have differs, except for those that
// aren't known. Right after an import the state shows other fields than those that
// are asked for.
func agrees(before, after map[string]string, unknown ...string) bool {
	for key, value := range after {
		if old, seen := before[key]; seen && old != value && !slices.Contains(unknown, key) {
			return false
		}
	}
	return true
}

// holdsAll reports whether every entry of part is in all.
func holdsAll[V any](all, part map[string]V) bool {
	for key, value := range part {
		if one, ok := all[key]; !ok || !reflect.DeepEqual(one, value) {
			return false
		}
	}
	return true
}
