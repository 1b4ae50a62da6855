package secret

import (
	"context"
	"encoding/base64"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// model is homelab_secret as Terraform has it. Values are set only in a
// configuration.
type model struct {
	ID           types.String   `tfsdk:"id"`
	Name         types.String   `tfsdk:"name"`
	Node         types.String   `tfsdk:"node"`
	Value        types.String   `tfsdk:"value"`
	ValueBase64  types.String   `tfsdk:"value_base64"`
	ValueVersion types.String   `tfsdk:"value_version"`
	Generate     types.Object   `tfsdk:"generate"`
	Keepers      types.Map      `tfsdk:"keepers"`
	UID          types.Int64    `tfsdk:"uid"`
	GID          types.Int64    `tfsdk:"gid"`
	Mode         types.String   `tfsdk:"mode"`
	Keep         types.Bool     `tfsdk:"keep_on_destroy"`
	Version      types.String   `tfsdk:"version"`
	Rotated      types.String   `tfsdk:"rotated"`
	Volume       types.String   `tfsdk:"volume"`
	Mount        types.String   `tfsdk:"mount"`
	Superseded   types.List     `tfsdk:"superseded"`
	Watched      types.Bool     `tfsdk:"watched"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`
}

// recipe says how a value is generated.
type recipe struct {
	Length     types.Int64  `tfsdk:"length"`
	Lower      types.Bool   `tfsdk:"lower"`
	Upper      types.Bool   `tfsdk:"upper"`
	Digits     types.Bool   `tfsdk:"digits"`
	Special    types.Bool   `tfsdk:"special"`
	MinLower   types.Int64  `tfsdk:"min_lower"`
	MinUpper   types.Int64  `tfsdk:"min_upper"`
	MinDigits  types.Int64  `tfsdk:"min_digits"`
	MinSpecial types.Int64  `tfsdk:"min_special"`
	Exclude    types.String `tfsdk:"exclude"`
}

func (m *model) subject() concept.Subject {
	return concept.Subject{Kind: "secret", Name: m.Name.ValueString(), Node: m.Node.ValueString()}
}

// keep is what the configuration says of keeping the value; nil leaves it open.
func (m *model) keep() *bool { return m.Keep.ValueBoolPointer() }

// neverRead reports whether an import has just begun the state.
func (m *model) neverRead() bool { return m.Version.IsNull() }

// inputsKnown reports whether everything is known that says which version is wanted,
// except for the value.
func (m *model) inputsKnown(ctx context.Context) bool {
	for _, value := range []attr.Value{m.Name, m.Node, m.ValueVersion, m.Generate, m.Keepers, m.UID, m.GID, m.Mode} {
		raw, err := value.ToTerraformValue(ctx)
		if err != nil || !raw.IsFullyKnown() {
			return false
		}
	}
	return true
}

// toDesired is the secret that is asked for, without its value.
func (m *model) toDesired() (desired.Secret, diag.Diagnostics) {
	mode, err := desired.ParseMode(m.Mode.ValueString())
	if err != nil {
		return desired.Secret{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("mode"), "Invalid secret", err.Error()+".")}
	}
	return desired.Secret{Name: m.Name.ValueString(), UID: int(m.UID.ValueInt64()), GID: int(m.GID.ValueInt64()), Mode: mode}, nil
}

// made says how the value comes about.
func (m *model) made() string {
	if m.Generate.IsNull() {
		return core.SecretGiven
	}
	return core.SecretGenerated
}

// value is what a configuration gives; nil while it is not known, and for a value
// that is generated.
func (m *model) value() ([]byte, diag.Diagnostics) {
	switch {
	case desired.Withheld(m.Value.ValueString()) || desired.Withheld(m.ValueBase64.ValueString()):
		return nil, nil
	case !m.Value.IsNull() && !m.Value.IsUnknown():
		return []byte(m.Value.ValueString()), nil
	case !m.ValueBase64.IsNull() && !m.ValueBase64.IsUnknown():
		value, err := base64.StdEncoding.DecodeString(m.ValueBase64.ValueString())
		if err != nil { // which quotes the value
			return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("value_base64"), "Invalid secret", "The value is not base64 (RFC 4648, with padding). "+
				"base64encode() and filebase64() make it.")}
		}
		return value, nil
	}
	return nil, nil
}

func (m *model) recipe(ctx context.Context) (recipe, diag.Diagnostics) {
	var r recipe
	diags := m.Generate.As(ctx, &r, basetypes.ObjectAsOptions{})
	return r, diags
}

// matches reports whether a value could have been generated; nil where none is.
func (m *model) matches(ctx context.Context) (func([]byte) bool, diag.Diagnostics) {
	if m.Generate.IsNull() {
		return nil, nil
	}
	r, diags := m.recipe(ctx)
	return r.matches, diags
}

// observe takes over what the node has.
func (m *model) observe(view core.SecretView) {
	m.ID = types.StringValue(m.subject().ID())
	m.show(view.Version, view.Volume, view.File)
}

// show writes which version is in force, and where.
func (m *model) show(version int, volume, file string) {
	m.Version, m.Volume = types.StringValue(strconv.Itoa(version)), types.StringValue(volume)
	m.Mount = types.StringUnknown()
	if file != "" {
		m.Mount = types.StringValue(file + ":/run/secrets/" + m.Name.ValueString() + ":ro")
	}
}

// unknown marks what only applying will tell.
func (m *model) unknown() {
	if m.Node.IsUnknown() || m.Name.IsUnknown() {
		m.ID = types.StringUnknown()
	}
	m.Version, m.Volume, m.Mount, m.Rotated = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Superseded, m.Watched = noNames, types.BoolValue(true)
}

// noNames is an empty list.
var noNames = types.ListValueMust(types.StringType, []attr.Value{})

func names(list []string) types.List {
	values := []attr.Value{}
	for _, name := range list {
		values = append(values, types.StringValue(name))
	}
	return types.ListValueMust(types.StringType, values)
}
