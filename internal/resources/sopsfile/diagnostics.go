package sopsfile

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

const (
	summaryUndecrypted = "Unable to decrypt SOPS file"
	// untouched is the promise of the provider's sops_files.
	untouched = "\n\nThe provider's sops_files have this file, so nothing was created, changed or removed."
)

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
	return diag.NewErrorDiagnostic(summaryUndecrypted, detail)
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
	return diag.NewAttributeErrorDiagnostic(path.Root("path"), summaryUndecrypted, detail)
}

func noKey(name string, f *sops.Failure) string {
	what := "one of these keys"
	if f.Needed > 1 {
		what = fmt.Sprintf("a key of each of %d groups", f.Needed)
	}
	return fmt.Sprintf("%s is encrypted to keys that are not here:%s\n\nDecrypting takes %s. Put it where SOPS looks for it%s, or have someone with a key add yours "+
		"(sops updatekeys %s).", name, lines(f.Recipients), what, places(f.Recipients), name)
}

// kinds are the keys by SOPS's names for them: what people call them,
// and where one has to be.
var kinds = map[string]struct{ name, place string }{
	"age":      {"age", "age: SOPS_AGE_KEY, the file that SOPS_AGE_KEY_FILE names, the command SOPS_AGE_KEY_CMD, or sops/age/keys.txt in your configuration directory"},
	"pgp":      {"PGP", "PGP: GnuPG's keyring, in GNUPGHOME if that is set"},
	"kms":      {"AWS KMS", "AWS KMS: credentials as the command aws takes them"},
	"gcp_kms":  {"Google Cloud KMS", "Google Cloud KMS: Application Default Credentials"},
	"azure_kv": {"Azure Key Vault", "Azure Key Vault: credentials as the command az takes them"},
	"hckms":    {"Huawei Cloud KMS", "Huawei Cloud KMS: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"},
	"hc_vault": {"HashiCorp Vault", "HashiCorp Vault: VAULT_TOKEN, or ~/.vault-token"},
}

// places says in parentheses where SOPS looks for the keys of some recipients.
func places(recipients []sops.Recipient) string {
	var all []string
	for _, r := range recipients {
		if place := kinds[r.Type].place; place != "" && !slices.Contains(all, place) {
			all = append(all, place)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}

// lines lists the keys a file is encrypted to, one a line.
func lines(recipients []sops.Recipient) string {
	var b strings.Builder
	for _, r := range recipients {
		b.WriteString("\n  " + cmp.Or(kinds[r.Type].name, r.Type) + " " + r.Name)
		if r.Reason != "" {
			b.WriteString(": " + r.Reason)
		}
	}
	return b.String()
}
