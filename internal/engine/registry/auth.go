package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
)

// engineAuth is the document in the engine's X-Registry-Auth header (Docker
// Engine API, "Authentication").
type engineAuth struct {
	Username      string `json:"username,omitempty"`
	Password      string `json:"password,omitempty"`
	IdentityToken string `json:"identitytoken,omitempty"`
	RegistryToken string `json:"registrytoken,omitempty"`
	ServerAddress string `json:"serveraddress,omitempty"`
}

// Auth returns the credentials for a reference's registry as the engine wants
// them in the X-Registry-Auth header: a secret. It is empty when there are none.
// Those of the settings go first; else credential helpers may be run. No registry
// is asked. Errors are [*Error] for what is not a reference, and [*CredentialError].
func (r *Resolver) Auth(ctx context.Context, ref string) (encoded string, err error) {
	parsed, err := parse(ref)
	if err != nil {
		return "", err
	}
	one, err := r.keychain.find(ctx, parsed.Context())
	if err != nil || one.auth == (authn.AuthConfig{}) {
		return "", err
	}
	auth, err := authn.Authorization(ctx, authn.FromConfig(one.auth))
	if err != nil {
		return "", &CredentialError{Registry: shownHost(parsed), Source: one.source, Err: err, advice: "fix them"}
	}
	return encode(*auth, parsed.Context().RegistryStr())
}

// AuthSource says with which credentials a reference's registry is asked, and
// where they come from, as text for people: never the credentials. It is empty
// where that is not known.
func (r *Resolver) AuthSource(ctx context.Context, ref string) string {
	parsed, err := parse(ref)
	if err != nil {
		return ""
	}
	one, err := r.keychain.find(ctx, parsed.Context())
	if err != nil {
		return ""
	}
	return one.source
}

func encode(auth authn.AuthConfig, registry string) (string, error) {
	document, err := json.Marshal(engineAuth{
		Username: auth.Username, Password: auth.Password,
		IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken, ServerAddress: serverName(CanonicalHost(registry)),
	})
	if err != nil {
		return "", fmt.Errorf("encode credentials of registry %q: %w", registry, err)
	}
	return base64.URLEncoding.EncodeToString(document), nil
}
