package sopsfile

import (
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

func TestUndecrypted_EachKindOfKey_IsNamedWithItsPlace(t *testing.T) {
	for kind, want := range map[string][2]string{
		"age": {"age KEY: why", "SOPS_AGE_KEY_FILE"}, "pgp": {"PGP KEY: why", "GNUPGHOME"}, "kms": {"AWS KMS KEY: why", "aws"},
		"gcp_kms": {"Google Cloud KMS KEY: why", "Application Default Credentials"}, "azure_kv": {"Azure Key Vault KEY: why", "az"},
		"hckms": {"Huawei Cloud KMS KEY: why", "HUAWEICLOUD_SDK_AK"}, "hc_vault": {"HashiCorp Vault KEY: why", "VAULT_TOKEN"},
		"new": {"new KEY: why", "where SOPS looks for it, or have someone"},
	} {
		said := undecrypted("x.yaml", sops.YAML, &sops.Failure{Kind: sops.NoKey, Recipients: []sops.Recipient{{Type: kind, Name: "KEY", Reason: "why"}}}).Detail()
		if !strings.Contains(said, "\n  "+want[0]+"\n") || !strings.Contains(said, want[1]) {
			t.Errorf("%s: %s", kind, said)
		}
		if others := strings.Count(said, ";"); others > 0 && kind != "pgp" {
			t.Errorf("%s: it speaks of other keys too: %s", kind, said)
		}
	}
}
