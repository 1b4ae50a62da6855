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
// Those of the settings go first; else credential helpers may be run. No registry
// is asked.
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

// keychain answers with the settings' credentials, and otherwise with those of
// the next one. A mirror gets none but its own.
type keychain struct {
	settings map[string]Settings // by canonical host
	next     authn.Keychain
}

// Resolve is ResolveContext for who has no context.
func (k keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	if own := k.own(target); own != nil {
		return own, nil
	}
	return k.next.Resolve(target)
}

// ResolveContext returns the credentials for a registry.
func (k keychain) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	if own := k.own(target); own != nil {
		return own, nil
	}
	return authn.Resolve(ctx, k.next, target)
}

func (k keychain) own(target authn.Resource) authn.Authenticator {
	s := k.settings[CanonicalHost(target.RegistryStr())]
	if s.Username == "" {
		return nil
	}
	return &authn.Basic{Username: s.Username, Password: s.Password}
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
