package stack

import (
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// redact takes secrets and the values that are not shown out of errors: a program may
// log what it was given, and the engine quotes the command that it could not run.
func redact(diags diag.Diagnostics, secrets types.Map, hidden []desired.Redaction) diag.Diagnostics {
	redactions := slices.Clone(hidden)
	for name, value := range secrets.Elements() {
		if text, ok := value.(types.String); ok {
			redactions = append(redactions, desired.RedactSecret(text.ValueString(), fmt.Sprintf("(secret %s)", name))...)
		}
	}
	replacer := desired.NewRedactor(redactions)
	out := make(diag.Diagnostics, 0, len(diags))
	for _, d := range diags {
		if detail := replacer.Replace(d.Detail()); d.Severity() == diag.SeverityError && detail != d.Detail() {
			d = concept.WithDetail(d, detail)
		}
		out = append(out, d)
	}
	return out
}
