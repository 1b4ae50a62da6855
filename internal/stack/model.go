package stack

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// model is the resource's state, plan or configuration. Secrets are set only
// in a configuration.
type model struct {
	ID               types.String   `tfsdk:"id"`
	Name             types.String   `tfsdk:"name"`
	Node             types.String   `tfsdk:"node"`
	Compose          types.String   `tfsdk:"compose"`
	Overrides        types.List     `tfsdk:"overrides"`
	ProjectDirectory types.String   `tfsdk:"project_directory"`
	Profiles         types.List     `tfsdk:"profiles"`
	Variables        types.Map      `tfsdk:"variables"`
	Secrets          types.Map      `tfsdk:"secrets"`
	Pull             types.String   `tfsdk:"pull"`
	RemoveVolumes    types.Bool     `tfsdk:"remove_volumes"`
	UpdateOrder      types.String   `tfsdk:"update_order"`
	Rollback         types.Bool     `tfsdk:"rollback"`
	Services         types.Map      `tfsdk:"services"`
	Networks         types.Map      `tfsdk:"networks"`
	Volumes          types.Map      `tfsdk:"volumes"`
	Timeouts         timeouts.Value `tfsdk:"timeouts"`
}

type serviceModel struct {
	Image    types.String `tfsdk:"image"`
	Digest   types.String `tfsdk:"digest"`
	Replicas types.Int64  `tfsdk:"replicas"`
	State    types.String `tfsdk:"state"`
	Spec     types.Map    `tfsdk:"spec"`
}

type networkModel struct {
	Name     types.String `tfsdk:"name"`
	Driver   types.String `tfsdk:"driver"`
	Internal types.Bool   `tfsdk:"internal"`
	Spec     types.Map    `tfsdk:"spec"`
}

type volumeModel struct {
	Name   types.String `tfsdk:"name"`
	Driver types.String `tfsdk:"driver"`
}

var (
	serviceType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"image": types.StringType, "digest": types.StringType, "replicas": types.Int64Type, "state": types.StringType,
		"spec": types.MapType{ElemType: types.StringType},
	}}
	networkType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"name": types.StringType, "driver": types.StringType, "internal": types.BoolType,
		"spec": types.MapType{ElemType: types.StringType},
	}}
	volumeType = types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType, "driver": types.StringType}}
)

// inputsKnown tells whether everything that the desired stack is made from is
// known; secrets come from the configuration.
func (m *model) inputsKnown(secrets types.Map) bool {
	for _, v := range []attr.Value{m.Name, m.Node, m.Compose, m.Overrides, m.ProjectDirectory, m.Profiles, m.Variables, m.Pull, m.UpdateOrder, secrets} {
		if !fullyKnown(v) {
			return false
		}
	}
	return true
}

func fullyKnown(v attr.Value) bool {
	if v.IsUnknown() {
		return false
	}
	var elements []attr.Value
	switch collection := v.(type) {
	case types.List:
		elements = collection.Elements()
	case types.Map:
		elements = slices.Collect(maps.Values(collection.Elements()))
	}
	for _, element := range elements {
		if element.IsUnknown() {
			return false
		}
	}
	return true
}

// input is what the documents are loaded from. Secrets come from the
// configuration, the only place that has them.
func (m *model) input(ctx context.Context, secrets types.Map) (compose.Input, diag.Diagnostics) {
	in := compose.Input{
		Name: m.Name.ValueString(), Compose: m.Compose.ValueString(), Dir: m.ProjectDirectory.ValueString(), Pull: m.Pull.ValueString(),
		UpdateOrder: m.UpdateOrder.ValueString(),
	}
	var diags diag.Diagnostics
	diags.Append(m.Overrides.ElementsAs(ctx, &in.Overrides, true)...)
	diags.Append(m.Profiles.ElementsAs(ctx, &in.Profiles, true)...)
	diags.Append(m.Variables.ElementsAs(ctx, &in.Variables, true)...)
	diags.Append(secrets.ElementsAs(ctx, &in.Secrets, true)...)
	return in, diags
}

// observe writes a view into the computed attributes.
func (m *model) observe(ctx context.Context, view converge.View) diag.Diagnostics {
	var diags diag.Diagnostics
	m.ID = types.StringValue(m.Node.ValueString() + "/" + m.Name.ValueString())
	services := map[string]serviceModel{}
	for name, s := range view.Services {
		spec, d := types.MapValueFrom(ctx, types.StringType, s.Spec)
		diags.Append(d...)
		if s.Spec == nil {
			spec = types.MapValueMust(types.StringType, map[string]attr.Value{})
		}
		services[name] = serviceModel{Image: types.StringValue(s.Image), Digest: orUnknown(s.Digest),
			Replicas: types.Int64Value(int64(s.Replicas)), State: orUnknown(s.State), Spec: spec}
	}
	networks := map[string]networkModel{}
	for name, n := range view.Networks {
		internal := types.BoolUnknown()
		if n.Internal != nil {
			internal = types.BoolValue(*n.Internal)
		}
		spec, d := types.MapValueFrom(ctx, types.StringType, n.Spec)
		diags.Append(d...)
		networks[name] = networkModel{types.StringValue(n.Name), orUnknown(n.Driver), internal, spec}
	}
	volumes := map[string]volumeModel{}
	for name, v := range view.Volumes {
		volumes[name] = volumeModel{types.StringValue(v.Name), orUnknown(v.Driver)}
	}
	var d diag.Diagnostics
	m.Services, d = types.MapValueFrom(ctx, serviceType, services)
	diags.Append(d...)
	m.Networks, d = types.MapValueFrom(ctx, networkType, networks)
	diags.Append(d...)
	m.Volumes, d = types.MapValueFrom(ctx, volumeType, volumes)
	diags.Append(d...)
	return diags
}

// keepUntouched takes over what the plan left as it was in the state. Without
// memory, right after an import or when the provider was killed in an update,
// the state shows more than what is asked for, and Terraform holds an apply to
// its plan; the next Read shows what is asked for.
func (m *model) keepUntouched(planned, state *model) diag.Diagnostics {
	var diags diag.Diagnostics
	keep := func(now *types.Map, promised, before types.Map, element attr.Type) {
		values := maps.Clone(now.Elements())
		for name, value := range promised.Elements() {
			if prior, ok := before.Elements()[name]; ok && value.Equal(prior) {
				values[name] = prior
			}
		}
		var d diag.Diagnostics
		*now, d = types.MapValue(element, values)
		diags.Append(d...)
	}
	keep(&m.Services, planned.Services, state.Services, serviceType)
	keep(&m.Networks, planned.Networks, state.Networks, networkType)
	keep(&m.Volumes, planned.Volumes, state.Volumes, volumeType)
	return diags
}

// orUnknown turns nil, which a plan uses for what it can't know, into unknown.
func orUnknown(value *string) types.String {
	if value == nil {
		return types.StringUnknown()
	}
	return types.StringValue(*value)
}

// lastSeen reads the computed attributes back.
func (m *model) lastSeen(ctx context.Context) (converge.View, diag.Diagnostics) {
	view := converge.View{Services: map[string]converge.Service{}, Networks: map[string]converge.Network{}, Volumes: map[string]converge.Volume{}}
	if m.Services.IsNull() || m.Services.IsUnknown() {
		return view, nil
	}
	var services map[string]serviceModel
	var networks map[string]networkModel
	var volumes map[string]volumeModel
	diags := m.Services.ElementsAs(ctx, &services, false)
	diags.Append(m.Networks.ElementsAs(ctx, &networks, false)...)
	diags.Append(m.Volumes.ElementsAs(ctx, &volumes, false)...)
	for name, s := range services {
		one := converge.Service{Image: s.Image.ValueString(), Replicas: int(s.Replicas.ValueInt64()),
			Digest: s.Digest.ValueStringPointer(), State: s.State.ValueStringPointer(), Spec: map[string]string{}}
		diags.Append(s.Spec.ElementsAs(ctx, &one.Spec, true)...)
		view.Services[name] = one
	}
	for name, n := range networks {
		one := converge.Network{Name: n.Name.ValueString(), Driver: n.Driver.ValueStringPointer(), Internal: n.Internal.ValueBoolPointer(), Spec: map[string]string{}}
		diags.Append(n.Spec.ElementsAs(ctx, &one.Spec, true)...)
		view.Networks[name] = one
	}
	for name, v := range volumes {
		view.Volumes[name] = converge.Volume{Name: v.Name.ValueString(), Driver: v.Driver.ValueStringPointer()}
	}
	return view, diags
}

// digests are the planned image digests by service; nil when the services were
// not known while planning. A digest that was not known is empty.
func (m *model) digests(ctx context.Context) (map[string]string, diag.Diagnostics) {
	if m.Services.IsUnknown() {
		return nil, nil
	}
	var services map[string]serviceModel
	diags := m.Services.ElementsAs(ctx, &services, false)
	digests := map[string]string{}
	for name, s := range services {
		digests[name] = s.Digest.ValueString()
	}
	return digests, diags
}

// unknown marks what only applying will tell.
func (m *model) unknown() {
	m.Services, m.Networks, m.Volumes = types.MapUnknown(serviceType), types.MapUnknown(networkType), types.MapUnknown(volumeType)
}
