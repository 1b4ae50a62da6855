package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

const (
	// foundFor is how long credentials are kept: a helper may ask its user, and
	// what it gives may end after some minutes.
	foundFor = 5 * time.Minute
	// helperLimit bounds how long a helper may take, which includes a person's
	// answer to its question.
	helperLimit = 2 * time.Minute
	// helperPrefix begins the names of the programs (docker-credential-helpers,
	// "Usage").
	helperPrefix = "docker-credential-"
	// notFound is what a helper prints for a registry that it knows nothing of
	// (docker-credential-helpers, credentials/error.go).
	notFound = "credentials not found in native keychain"
	// tokenUser is the user name beside which a helper gives an identity token.
	tokenUser = "<token>"
	// nobody is where no credentials come from.
	nobody = "no credentials"
)

// CredentialError is that credentials cannot be had. It carries no secret: what a
// helper printed is left out, for nobody knows what that is.
type CredentialError struct {
	// Registry is the host that they are for, Source what they should come from.
	Registry, Source string
	// Err is the cause.
	Err error
	// advice says what to do.
	advice string
}

// Error names the registry and the source, and says what to do.
func (e *CredentialError) Error() string {
	return fmt.Sprintf("get credentials of registry %q from %s: %v; %s, or set username and password under registries[%q] in the provider block",
		e.Registry, e.Source, e.Err, e.advice, e.Registry)
}

// Unwrap returns the cause.
func (e *CredentialError) Unwrap() error { return e.Err }

// found is what a registry is asked with, and where that comes from as text for
// people.
type found struct {
	auth   authn.AuthConfig
	source string
}

// keychain finds credentials: the settings', else those of the Docker
// configuration and its helpers. A mirror gets none but its own. It is safe for
// concurrent use.
type keychain struct {
	settings map[string]Settings // by canonical host
	next     authn.Keychain      // nil: the Docker configuration

	mu      sync.Mutex         // guards lookups
	lookups map[string]*lookup // by helper and host
}

// lookup is what a helper said, asked once for all who want it meanwhile and for
// some time after.
type lookup struct {
	lock  chan struct{} // guards what follows, and is held while the helper runs
	until time.Time
	found found
	err   error
}

// Resolve is there for the interface; the registry library calls ResolveContext.
func (k *keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return nil, errors.New("look for credentials: a context is needed")
}

// ResolveContext returns the credentials for a registry.
func (k *keychain) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	one, err := k.find(ctx, target)
	if err != nil {
		return nil, err
	}
	if one.auth == (authn.AuthConfig{}) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(one.auth), nil
}

func (k *keychain) find(ctx context.Context, target authn.Resource) (found, error) {
	host := CanonicalHost(target.RegistryStr())
	if s := k.settings[host]; s.Username != "" {
		return found{authn.AuthConfig{Username: s.Username, Password: s.Password},
			fmt.Sprintf("the username and password of registries[%q] in the provider block", shownName(host))}, nil
	}
	if k.next != nil {
		return resolved(ctx, k.next, target)
	}
	return fromDocker(host, target.String(), func(helper string) (found, error) {
		return k.entry(helper+" "+host).get(ctx, func() (found, error) { return askHelper(ctx, helper, host) })
	})
}

func (k *keychain) entry(key string) *lookup {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lookups == nil {
		k.lookups = map[string]*lookup{}
	}
	if k.lookups[key] == nil {
		k.lookups[key] = &lookup{lock: make(chan struct{}, 1)}
	}
	return k.lookups[key]
}

func (l *lookup) get(ctx context.Context, search func() (found, error)) (found, error) {
	select {
	case l.lock <- struct{}{}:
		defer func() { <-l.lock }()
	case <-ctx.Done():
		return found{}, ctx.Err()
	}
	if time.Now().Before(l.until) {
		return l.found, l.err
	}
	one, err := search()
	if ctx.Err() == nil {
		l.found, l.err, l.until = one, err, time.Now().Add(foundFor)
	}
	return one, err
}

func resolved(ctx context.Context, from authn.Keychain, target authn.Resource) (found, error) {
	authenticator, err := authn.Resolve(ctx, from, target)
	if err != nil {
		return found{}, err
	}
	auth, err := authn.Authorization(ctx, authenticator)
	if err != nil {
		return found{}, err
	}
	if *auth == (authn.AuthConfig{}) {
		return found{source: nobody}, nil
	}
	return found{*auth, "the credentials of a keychain"}, nil
}

// shownName is a canonical host as people write it.
func shownName(host string) string {
	if host == name.DefaultRegistry {
		return "docker.io"
	}
	return host
}

// serverName is what the Docker configuration and helpers call a registry.
func serverName(host string) string {
	if host == name.DefaultRegistry {
		return authn.DefaultAuthKey
	}
	return host
}

// askHelper runs a credential helper. One that knows nothing of the registry gives
// no credentials, which is not an error.
func askHelper(ctx context.Context, helper, host string) (found, error) {
	program := helperPrefix + helper
	source := "the credential helper " + program
	ctx, cancel := context.WithTimeout(ctx, helperLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "get")
	cmd.Stdin = strings.NewReader(serverName(host))
	cmd.WaitDelay = time.Second // what the helper left running may hold the pipe
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if strings.TrimSpace(string(out)) == notFound {
			return found{source: nobody + " (" + source + " has none)"}, nil
		}
		return found{}, helperError(ctx, program, host, source, err)
	}
	var answer struct{ Username, Secret string }
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&answer); err != nil {
		return found{}, helperError(ctx, program, host, source, errors.New("its answer is not a JSON document of a helper"))
	}
	switch {
	case answer.Username == tokenUser:
		return found{authn.AuthConfig{IdentityToken: answer.Secret}, source}, nil
	case answer.Username == "" && answer.Secret == "":
		return found{source: nobody + " (" + source + " has none)"}, nil
	default:
		return found{authn.AuthConfig{Username: answer.Username, Password: answer.Secret}, source}, nil
	}
}

func helperError(ctx context.Context, program, host, source string, err error) error {
	var exit *exec.ExitError
	advice := fmt.Sprintf("run \"echo %s | %s get\" where Terraform runs to see why", serverName(host), program)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		err = errors.New("there is no such program on PATH")
		advice = "install it where Terraform runs"
	case ctx.Err() != nil:
		err = fmt.Errorf("it gave no answer within %s: %w", helperLimit, ctx.Err())
	case errors.As(err, &exit):
		err = fmt.Errorf("it ended with %s", exit.ProcessState) // its output is left out: they may be the secret
	case errors.Is(err, os.ErrPermission):
		err = errors.New("it may not be run")
	}
	return &CredentialError{Registry: shownName(host), Source: source, Err: err, advice: advice}
}
