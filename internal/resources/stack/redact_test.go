package stack

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestRedact_ErrorQuotesSecrets_NamesThemInstead(t *testing.T) {
	secrets := types.MapValueMust(types.StringType, map[string]attr.Value{
		"TOKEN": types.StringValue("abcd1234"), "LONG": types.StringValue("abcd1234-5678"), "PEM": types.StringValue("line one\nline two\n"),
		"SHORT": types.StringValue("o"), "NONE": types.StringNull(),
	})
	for said, want := range map[string]string{
		"exec abcd1234: not found":   "exec (secret TOKEN): not found",
		"abcd1234-5678 and abcd1234": "(secret LONG) and (secret TOKEN)",
		"log: line two":              "log: (secret PEM)",
		"with 5678-a-value":          "with (environment PW)",
		"no secret here":             "no secret here",
	} {
		got := redact(diag.Diagnostics{diag.NewErrorDiagnostic("Unable", said)}, secrets, []desired.Redaction{{Hidden: "5678-a-value", Shown: "(environment PW)"}})
		if len(got) != 1 || got[0].Summary() != "Unable" || got[0].Detail() != want {
			t.Errorf("redact(%q) = %v, want %q", said, got, want)
		}
	}
}
