package stack

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
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
	ProtectData      types.Bool     `tfsdk:"protect_data"`
	UpdateOrder      types.String   `tfsdk:"update_order"`
	Rollback         types.Bool     `tfsdk:"rollback"`
	ShowValues       types.List     `tfsdk:"show_values"`
	Timeouts         timeouts.Value `tfsdk:"timeouts"`

	// What the node has bypasses the framework, which sees null.
	Services types.Map `tfsdk:"services"`
	Networks types.Map `tfsdk:"networks"`
	Volumes  types.Map `tfsdk:"volumes"`

	// view is what these say: as the state has it, or as it is planned. It is
	// not known in a state that an import has just begun.
	view    core.View
	wasRead bool
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

// inputsKnown reports whether everything that the desired stack is made from is
// known, except for secrets: without those it can be planned.
func (m *model) inputsKnown() bool {
	for _, v := range []attr.Value{m.Name, m.Node, m.Compose, m.Overrides, m.ProjectDirectory, m.Profiles, m.Variables, m.Pull, m.UpdateOrder, m.ShowValues} {
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
	in, diags := concept.Documents{
		Name: m.Name.ValueString(), Compose: m.Compose.ValueString(), ProjectDirectory: m.ProjectDirectory.ValueString(),
		Overrides: m.Overrides, Profiles: m.Profiles, Variables: m.Variables,
	}.Input(ctx)
	in.Pull, in.UpdateOrder = m.Pull.ValueString(), m.UpdateOrder.ValueString()
	in.UnknownNames = secrets.IsUnknown()
	known := map[string]attr.Value{}
	for name, value := range secrets.Elements() {
		if secretUnknown(value) {
			in.Unknown = append(in.Unknown, name)
		} else {
			known[name] = value
		}
	}
	slices.Sort(in.Unknown)
	if len(known) > 0 {
		diags.Append(types.MapValueMust(types.StringType, known).ElementsAs(ctx, &in.Secrets, true)...)
	}
	return in, diags
}

// shown decides which values are shown, with the stack's salt. Its patterns have to be
// known.
func (m *model) shown(salt []byte) shown {
	var patterns []string
	for _, element := range m.ShowValues.Elements() {
		if text, ok := element.(types.String); ok {
			patterns = append(patterns, text.ValueString())
		}
	}
	return newShown(salt, patterns)
}

// redactions are the hidden values that may turn up in errors; see [shown.redactions].
func (m *model) redactions(show shown, want *desired.Stack) []desired.Redaction {
	variables := map[string]string{}
	for name, element := range m.Variables.Elements() {
		if text, ok := element.(types.String); ok {
			variables[name] = text.ValueString()
		}
	}
	return show.redactions(want, variables)
}

// stackID is the ID of a stack whose node and name are known.
func (m *model) stackID() string { return m.Node.ValueString() + "/" + m.Name.ValueString() }

// observe takes a view as what the node has.
func (m *model) observe(view core.View) {
	m.ID = types.StringValue(m.stackID())
	m.Services, m.Networks, m.Volumes = types.MapNull(serviceType), types.MapNull(networkType), types.MapNull(volumeType)
	for name, s := range view.Services {
		if s.Spec == nil {
			s.Spec = map[string]string{}
			view.Services[name] = s
		}
	}
	m.view = view
}

// keepUntouched takes over what the plan left as it was in the state. Without
// memory, right after an import or when the provider was killed in an update,
// the state shows more than what is asked for, and Terraform holds an apply to
// its plan; the next Read shows what is asked for.
func (m *model) keepUntouched(planned, state *model) {
	m.view.Services = untouched(m.view.Services, planned.view.Services, state.view.Services)
	m.view.Networks = untouched(m.view.Networks, planned.view.Networks, state.view.Networks)
	m.view.Volumes = untouched(m.view.Volumes, planned.view.Volumes, state.view.Volumes)
}

func untouched[V any](now, promised, before map[string]V) map[string]V {
	kept := maps.Clone(now)
	for name, value := range promised {
		if prior, ok := before[name]; ok && reflect.DeepEqual(value, prior) {
			kept[name] = prior
		}
	}
	return kept
}

// digests are the planned image digests by service; nil when the services were
// not known while planning. A digest that was not known is empty.
func (m *model) digests() map[string]string {
	if m.view.Services == nil {
		return nil
	}
	digests := map[string]string{}
	for name, s := range m.view.Services {
		digests[name] = ""
		if s.Digest != nil {
			digests[name] = *s.Digest
		}
	}
	return digests
}
