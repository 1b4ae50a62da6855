// Package sopsfile is the Terraform concept of a file encrypted with SOPS.
package sopsfile

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*file)(nil)

// NewEphemeralResource returns the ephemeral resource homelab_sops_file.
func NewEphemeralResource() ephemeral.EphemeralResource { return &file{} }

type file struct{ gate *Gate }

// Metadata sets the type name.
func (f *file) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sops_file"
}

// Schema sets the schema.
func (f *file) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralSchema()
}

// Configure takes the provider's gate.
func (f *file) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_sops_file", req.ProviderData, &f.gate)...)
}

// Open decrypts the file.
func (f *file) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := m.Path.ValueString()
	content, err := localfile.ReadFile(name)
	if err != nil {
		resp.Diagnostics.Append(unreadable(name, err))
		return
	}
	answer, err := sops.Decrypt(ctx, sops.Request{Format: m.format(), File: content})
	var failure *sops.Failure
	switch {
	case err == nil:
		resp.Diagnostics.Append(m.fill(answer)...)
	case errors.As(err, &failure) && failure.Kind == sops.NoKey && !m.keyRequired():
		resp.Diagnostics.Append(m.leave(failure.Names)...)
		resp.Diagnostics.AddAttributeWarning(path.Root("path"), "SOPS file not decrypted", f.left(name, failure))
	case errors.As(err, &failure):
		resp.Diagnostics.Append(f.refuse(&m, failure))
	default:
		resp.Diagnostics.Append(broken(name, err))
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
	}
}

// refuse says why a file that has to be decrypted is not.
func (f *file) refuse(m *model, failure *sops.Failure) diag.Diagnostic {
	d := undecrypted(m.Path.ValueString(), m.format(), failure)
	detail := d.Detail()
	if failure.Kind == sops.NoKey && m.KeyRequired.IsNull() {
		detail += " To plan without a key, set key_required = terraform.applying."
	}
	if f.gate != nil && f.gate.Holds(m.Path.ValueString()) {
		detail += untouched
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("path"), d.Summary(), detail)
}

// left says what becomes of a plan whose file is left encrypted.
func (f *file) left(name string, failure *sops.Failure) string {
	text := name + " is encrypted to keys that are not here:" + lines(failure.Recipients) +
		"\n\nWhat depends on its values is shown as known after apply; applying takes one of these keys."
	if f.gate == nil || f.gate.Holds(name) {
		return text
	}
	return text + " Applying without one leaves alone what depends on the values, and may change the rest: name the file in the provider's sops_files to have nothing changed then."
}
