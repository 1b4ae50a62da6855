package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
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
// Credential helpers may be run; no registry is asked.
func (r *Resolver) Auth(ctx context.Context, ref string) (encoded string, err error) {
	parsed, err := parse(ref)
	if err != nil {
		return "", err
	}
	found, err := authn.Resolve(ctx, r.keychain, parsed.Context())
	if err != nil {
		return "", fmt.Errorf("read credentials of registry %q: %w", parsed.Context().RegistryStr(), err)
	}
	auth, err := authn.Authorization(ctx, found)
	if err != nil {
		return "", fmt.Errorf("read credentials of registry %q: %w", parsed.Context().RegistryStr(), err)
	}
	if *auth == (authn.AuthConfig{}) {
		return "", nil
	}
	return encode(*auth, parsed.Context().RegistryStr())
}

func encode(auth authn.AuthConfig, registry string) (string, error) {
	server := registry
	if registry == name.DefaultRegistry {
		server = authn.DefaultAuthKey
	}
	document, err := json.Marshal(engineAuth{
		Username: auth.Username, Password: auth.Password,
		IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken, ServerAddress: server,
	})
	if err != nil {
		return "", fmt.Errorf("encode credentials of registry %q: %w", registry, err)
	}
	return base64.URLEncoding.EncodeToString(document), nil
}
