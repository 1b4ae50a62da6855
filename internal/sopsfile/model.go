package sopsfile

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// model is the ephemeral resource as Terraform holds it.
type model struct {
	Path        types.String `tfsdk:"path"`
	Format      types.String `tfsdk:"format"`
	KeyRequired types.Bool   `tfsdk:"key_required"`
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

// keyRequired tells whether the file has to be decrypted now.
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

// leave marks the computed attributes as known only where the key is.
func (m *model) leave() {
	m.Values, m.Raw, m.RawBase64 = types.MapUnknown(types.StringType), types.StringUnknown(), types.StringUnknown()
}

// lines lists the keys a file is encrypted to, one a line.
func lines(recipients []sops.Recipient) string {
	var b strings.Builder
	for _, r := range recipients {
		b.WriteString("\n  " + r.Type + " " + r.Name)
		if r.Reason != "" {
			b.WriteString(": " + r.Reason)
		}
	}
	return b.String()
}
