package decrypt

import (
	"context"
	"strings"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"
	"google.golang.org/grpc"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// attempts is a key service that remembers why each key did not serve: SOPS
// itself tells it in a text for a terminal only.
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

// ageSources are the words by which age errors name where a key comes from.
var ageSources = []string{
	age.SopsAgeKeyFileEnv, age.SopsAgeKeyCmdEnv, age.SopsAgeSshPrivateKeyFileEnv, age.SopsAgeSshPrivateKeyCmdEnv, age.SopsAgeKeyEnv, "keys.txt",
}

// reason says why a key did not serve. Errors of age may quote parts of a private
// key or a command, so they are put in our own words (age/keysource.go, Decrypt).
func reason(kind string, err error) string {
	text := err.Error()
	if kind != age.KeyTypeIdentifier {
		return strings.Join(strings.Fields(text), " ")
	}
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

func source(text string) string {
	for _, s := range ageSources {
		if strings.Contains(text, s) {
			return s
		}
	}
	return ""
}
