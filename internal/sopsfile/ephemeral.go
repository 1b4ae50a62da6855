// Package sopsfile is the Terraform concept of a file encrypted with SOPS.
package sopsfile

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

var _ ephemeral.EphemeralResource = (*file)(nil)

// NewEphemeralResource returns the ephemeral resource homelab_sops_file.
func NewEphemeralResource() ephemeral.EphemeralResource { return &file{} }

type file struct{}

// Metadata sets the type name.
func (f *file) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sops_file"
}

// Schema sets the schema.
func (f *file) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralSchema()
}

// Open decrypts the file.
func (f *file) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := m.Path.ValueString()
	content, err := os.ReadFile(name)
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
		resp.Diagnostics.AddAttributeWarning(path.Root("path"), "SOPS file not decrypted", name+" is encrypted to keys that are not here:"+
			lines(failure.Recipients)+"\n\nWhat depends on its values is shown as known after apply; applying takes one of these keys.")
	case errors.As(err, &failure):
		resp.Diagnostics.Append(undecrypted(name, m.format(), failure))
	default:
		resp.Diagnostics.Append(broken(name, err))
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
	}
}

func unreadable(name string, err error) diag.Diagnostic {
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("path"), "Unable to read SOPS file",
		fmt.Sprintf("%s: %v. A relative path starts where Terraform runs; begin it with ${path.module} for a file beside the module.", name, err))
}

// broken is about the program that decrypts, not about the file.
func broken(name string, err error) diag.Diagnostic {
	detail := fmt.Sprintf("%s was not decrypted: %v. To see what SOPS says about the file, run sops decrypt %s.", name, err, name)
	if errors.Is(err, sops.ErrNoProgram) {
		detail = fmt.Sprintf("%s was not decrypted: the program %s has to be in the same directory as the provider's (%v). "+
			"Releases and \"make install\" put it there.", name, sops.Program, err)
	}
	return diag.NewErrorDiagnostic("Unable to decrypt SOPS file", detail)
}

// undecrypted says what is wrong with a file, and what to do.
func undecrypted(name string, format sops.Format, f *sops.Failure) diag.Diagnostic {
	reason := ""
	if f.Reason != "" {
		reason = " (" + f.Reason + ")"
	}
	var detail string
	switch f.Kind {
	case sops.NoKey:
		detail = noKey(name, f)
	case sops.NotSOPS:
		detail = fmt.Sprintf("%s is not encrypted with SOPS. Encrypt it with sops encrypt --in-place %s, and replace what it holds "+
			"if it was ever committed or shared as it is.", name, name)
	case sops.Unparsable:
		detail = fmt.Sprintf("%s cannot be read as %s%s. Correct the file, or set format to what it is.", name, format, reason)
	case sops.Tampered:
		detail = fmt.Sprintf("%s is not as SOPS wrote it%s: it was edited, merged or cut off since. Restore it from before that, "+
			"and change it with sops edit only.", name, reason)
	case sops.Ambiguous:
		detail = fmt.Sprintf("%s cannot be flattened: %s. Rename one of them.", name, f.Reason)
	default:
		detail = fmt.Sprintf("%s: %v.", name, f)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("path"), "Unable to decrypt SOPS file", detail)
}

func noKey(name string, f *sops.Failure) string {
	what := "one of these keys"
	if f.Needed > 1 {
		what = fmt.Sprintf("a key of each of %d groups", f.Needed)
	}
	return fmt.Sprintf("%s is encrypted to keys that are not here:%s\n\nDecrypting takes %s. Put it where SOPS looks for it (age: the file that "+
		"SOPS_AGE_KEY_FILE names, or sops/age/keys.txt in your configuration directory), or have someone with a key add yours "+
		"(sops updatekeys %s). To plan without a key, set key_required = terraform.applying.", name, lines(f.Recipients), what, name)
}
