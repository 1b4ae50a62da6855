package sopsfile

import (
	"encoding/base64"
	"path/filepath"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// model is the ephemeral resource as Terraform holds it.
type model struct {
	Path        types.String `tfsdk:"path"`
	Format      types.String `tfsdk:"format"`
	KeyRequired types.Bool   `tfsdk:"key_required"`
	Placeholder types.Bool   `tfsdk:"placeholders"`
	Values      types.Map    `tfsdk:"values"`
	Raw         types.String `tfsdk:"raw"`
	RawBase64   types.String `tfsdk:"raw_base64"`
}

// extensions tell the format of a file, as they do to SOPS's own command.
var extensions = map[string]sops.Format{
	".yaml": sops.YAML, ".yml": sops.YAML, ".json": sops.JSON, ".env": sops.Dotenv, ".ini": sops.INI,
}

// format is the one asked for, or else what the file's extension tells.
func (m *model) format() sops.Format {
	if asked := m.Format.ValueString(); asked != "" {
		return sops.Format(asked)
	}
	if f, ok := extensions[filepath.Ext(m.Path.ValueString())]; ok {
		return f
	}
	return sops.Binary
}

// keyRequired reports whether the file has to be decrypted now.
func (m *model) keyRequired() bool { return m.KeyRequired.IsNull() || m.KeyRequired.ValueBool() }

// fill writes what was decrypted into the computed attributes.
func (m *model) fill(answer sops.Answer) diag.Diagnostics {
	m.RawBase64 = types.StringValue(base64.StdEncoding.EncodeToString(answer.Raw))
	m.Raw = types.StringNull()
	if utf8.Valid(answer.Raw) {
		m.Raw = types.StringValue(string(answer.Raw))
	}
	m.Values = types.MapNull(types.StringType)
	if answer.Values == nil {
		return nil
	}
	elements := make(map[string]attr.Value, len(answer.Values))
	for key, value := range answer.Values {
		elements[key] = types.StringPointerValue(value)
	}
	var diags diag.Diagnostics
	m.Values, diags = types.MapValue(types.StringType, elements)
	return diags
}

// leave leaves the values of a file that is not decrypted for the apply. The names
// of its values are known all the same; nil means that not even they are.
func (m *model) leave(names []string) diag.Diagnostics {
	m.Raw, m.RawBase64 = m.later("raw"), m.later("raw_base64")
	m.Values = types.MapUnknown(types.StringType)
	if names == nil && m.Placeholder.ValueBool() {
		m.Values = types.MapNull(types.StringType)
	}
	if names == nil {
		return nil
	}
	elements := make(map[string]attr.Value, len(names))
	for _, name := range names {
		elements[name] = m.later(name)
	}
	var diags diag.Diagnostics
	m.Values, diags = types.MapValue(types.StringType, elements)
	return diags
}

// later marks a value that is known only where the key is.
func (m *model) later(name string) types.String {
	if m.Placeholder.ValueBool() {
		return types.StringValue(desired.Withhold(name))
	}
	return types.StringUnknown()
}
