// Package registry asks image registries what a tag means: its digest, its
// platforms and when it was made. Mirrors and credentials are those of the
// provider's configuration; else those of the Docker configuration file and its
// credential helpers.
package registry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// timeLimit bounds one question to one registry, retries included.
const timeLimit = time.Minute

// Resolver asks registries. It keeps connections, but no answers: a tag may move
// at any time. It is safe for concurrent use.
type Resolver struct {
	transport http.RoundTripper
	keychain  *keychain
	settings  map[string]Settings // by canonical host
	// settingsUnknown reports that there may be other settings at apply.
	settingsUnknown bool
	userAgent       string
	retry           retryLimits
}

// Option changes a [Resolver].
type Option func(*Resolver)

// WithKeychain replaces the Docker configuration as the source of credentials.
func WithKeychain(k authn.Keychain) Option {
	return func(r *Resolver) { r.keychain.next = k }
}

// WithUserAgent sets the beginning of the User-Agent header.
func WithUserAgent(agent string) Option {
	return func(r *Resolver) { r.userAgent = agent }
}

// WithRetryWait sets the shortest and the longest pause between two tries; the
// defaults are 0.5 s and 30 s. A registry that asks for a longer pause is not
// asked again.
func WithRetryWait(shortest, longest time.Duration) Option {
	return func(r *Resolver) { r.retry.shortest, r.retry.longest = shortest, longest }
}

// New returns a resolver. It does no I/O.
func New(opts ...Option) *Resolver {
	r := &Resolver{
		keychain: &keychain{},
		retry:    retryLimits{shortest: 500 * time.Millisecond, longest: 30 * time.Second},
	}
	for _, opt := range opts {
		opt(r)
	}
	r.keychain.settings = r.settings
	r.transport = newTransport(r.retry)
	return r
}

// Digest returns the digest ("sha256:…") that a reference means now: that of
// the index for a multi-platform image. A mirror is asked first. A reference with
// a digest is answered without asking; one with neither tag nor digest means
// "latest". Errors are [*Error] except for ctx's own.
func (r *Resolver) Digest(ctx context.Context, ref string) (string, error) {
	parsed, err := parse(ref)
	if err != nil {
		return "", err
	}
	if digest, ok := parsed.(name.Digest); ok {
		return digest.DigestStr(), nil
	}
	return ask(ctx, r, ref, r.head)
}

func (r *Resolver) head(ctx context.Context, ref name.Reference) (string, error) {
	found, err := remote.Head(ref, r.options(ctx)...)
	if err == nil {
		return found.Digest.String(), nil
	}
	if !answered(err) {
		return "", err
	}
	// Some registries answer HEAD without a digest, or not at all.
	manifest, err := remote.Get(ref, r.options(ctx)...)
	if err != nil {
		return "", err
	}
	return manifest.Digest.String(), nil
}

// Lists reports whether the index that a reference means has an image with the
// given digest: engines know an image by the digest of its index or by its own.
// Errors are as those of [Resolver.Digest].
func (r *Resolver) Lists(ctx context.Context, ref, digest string) (bool, error) {
	return ask(ctx, r, ref, func(ctx context.Context, ref name.Reference) (bool, error) {
		manifest, err := remote.Get(ref, r.options(ctx)...)
		if err != nil || !manifest.MediaType.IsIndex() {
			return false, err
		}
		index, err := indexManifest(manifest)
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(index.Manifests, func(m v1.Descriptor) bool { return m.Digest.String() == digest }), nil
	})
}

// ask puts a question to the mirrors of a reference's registry and then to the
// registry itself, until one answers. Each may take its time. When none does the
// registry's own error counts, and the mirrors' are reported with it.
func ask[T any](ctx context.Context, r *Resolver, ref string, question func(context.Context, name.Reference) (T, error)) (T, error) {
	var nothing T
	own, err := parse(ref)
	if err != nil {
		return nothing, err
	}
	if r.settingsUnknown || r.settings[CanonicalHost(own.Context().RegistryStr())].Unknown {
		return nothing, &Error{Reference: ref, Registry: shownHost(own), Kind: ErrUnknownUntilApply}
	}
	mirrors, err := r.Mirrors(ref)
	if err != nil {
		return nothing, err
	}
	var errs []error
	for _, source := range append(mirrors, ref) {
		parsed, err := parse(source)
		if err != nil {
			return nothing, err
		}
		answer, err := within(ctx, parsed, question)
		if err == nil {
			return answer, nil
		}
		if ctx.Err() != nil {
			return nothing, ctx.Err()
		}
		errs = append(errs, r.classify(ctx, own, parsed, err))
	}
	last := errs[len(errs)-1].(*Error) //nolint:errorlint // made just above
	last.Mirrors = errs[:len(errs)-1]
	return nothing, last
}

func within[T any](ctx context.Context, ref name.Reference, question func(context.Context, name.Reference) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	return question(ctx, ref)
}

// options leaves all retrying to our transport.
func (r *Resolver) options(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx), remote.WithTransport(r.transport),
		remote.WithAuthFromKeychain(r.keychain), remote.WithUserAgent(r.userAgent),
		remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(error) bool { return false }),
	}
}

func parse(ref string) (name.Reference, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, &Error{Reference: ref, Kind: ErrInvalidReference, Err: err}
	}
	return parsed, nil
}

// answered reports whether HEAD got an answer that GET may improve on.
func answered(err error) bool {
	var t *transport.Error
	if errors.As(err, &t) {
		return t.StatusCode == http.StatusMethodNotAllowed || t.StatusCode == http.StatusBadRequest ||
			t.StatusCode == http.StatusNotImplemented
	}
	return !isNetwork(err)
}
