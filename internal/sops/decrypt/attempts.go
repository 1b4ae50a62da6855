package decrypt

import (
	"context"
	"strings"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/pgp"
	"google.golang.org/grpc"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// attempts is a key service that remembers why each key did not serve: SOPS
// itself says it in a text for a terminal only.
type attempts struct {
	local    keyservice.KeyServiceClient
	failures map[string]error // by encrypted data key
}

// Encrypt passes the request on.
func (a *attempts) Encrypt(ctx context.Context, in *keyservice.EncryptRequest, opts ...grpc.CallOption) (*keyservice.EncryptResponse, error) {
	return a.local.Encrypt(ctx, in, opts...)
}

// Decrypt passes the request on and notes its failure.
func (a *attempts) Decrypt(ctx context.Context, in *keyservice.DecryptRequest, opts ...grpc.CallOption) (*keyservice.DecryptResponse, error) {
	out, err := a.local.Decrypt(ctx, in, opts...)
	if err != nil {
		a.failures[string(in.GetCiphertext())] = err
	}
	return out, err
}

// recipients lists the keys of all groups, each with what kept it from serving.
func (a *attempts) recipients(groups []upstream.KeyGroup) []sops.Recipient {
	var out []sops.Recipient
	for _, group := range groups {
		for _, key := range group {
			r := sops.Recipient{Type: key.TypeToIdentifier(), Name: key.ToString()}
			if err := a.failures[string(key.EncryptedDataKey())]; err != nil {
				r.Reason = reason(r.Type, err)
			}
			out = append(out, r)
		}
	}
	return out
}

// ageSources are the texts by which age errors name where a key comes from.
var ageSources = []string{
	age.SopsAgeKeyFileEnv, age.SopsAgeKeyCmdEnv, age.SopsAgeSshPrivateKeyFileEnv, age.SopsAgeSshPrivateKeyCmdEnv, age.SopsAgeKeyEnv, "keys.txt",
}

// reason says why a key did not serve.
func reason(kind string, err error) string {
	switch text := strings.Join(strings.Fields(err.Error()), " "); kind {
	case age.KeyTypeIdentifier:
		return ageReason(text)
	case pgp.KeyTypeIdentifier:
		return pgpReason(text)
	default:
		return text
	}
}

// ageReason returns our own text for an error of age, which may quote parts of a
// private key or a command (age/keysource.go, Decrypt).
func ageReason(text string) string {
	found, lookedAt, _ := strings.Cut(text, "Did not find keys in location")
	switch broken := source(found); {
	case strings.Contains(found, "any of the recipients"):
		return "no age key at hand is the one for it"
	case broken != "":
		return "the age key from " + broken + " cannot be used"
	case lookedAt != "":
		return "no age key was found"
	default:
		return "no age key could be used"
	}
}

// pgpReason leaves out SOPS's own reading of keyrings that GnuPG has not written
// for many years, and keeps what gpg says (pgp/keysource.go, DecryptContext). It
// says nothing where it could not be run.
func pgpReason(text string) string {
	const said = "failed to decrypt sops data key with pgp:"
	_, reason, found := strings.Cut(text, said)
	switch reason = strings.TrimSpace(reason); {
	case strings.Contains(reason, "No secret key"):
		return "GnuPG's keyring has no secret key for it"
	case found && reason == "":
		return "gpg could not be run; is GnuPG installed?"
	case found:
		return reason
	default:
		return text
	}
}

func source(text string) string {
	for _, s := range ageSources {
		if strings.Contains(text, s) {
			return s
		}
	}
	return ""
}
