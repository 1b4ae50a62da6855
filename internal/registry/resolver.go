// Package registry asks image registries what a tag means: its digest and its
// platforms. Credentials are those of the Docker configuration file and its
// credential helpers.
package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// timeLimit bounds one question, retries included.
const timeLimit = 2 * time.Minute

// Resolver asks registries. It keeps connections, but no answers: a tag may move
// at any time. It is safe for concurrent use.
type Resolver struct {
	transport http.RoundTripper
	keychain  authn.Keychain
	userAgent string
	retry     retryLimits
}

// Option changes a [Resolver].
type Option func(*Resolver)

// WithKeychain replaces the Docker configuration as the source of credentials.
func WithKeychain(k authn.Keychain) Option {
	return func(r *Resolver) { r.keychain = k }
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
		keychain: authn.DefaultKeychain,
		retry:    retryLimits{shortest: 500 * time.Millisecond, longest: 30 * time.Second},
	}
	for _, opt := range opts {
		opt(r)
	}
	r.transport = newTransport(r.retry)
	return r
}

// Digest returns the digest ("sha256:…") that a reference means now: that of
// the index for a multi-platform image. A reference with a digest is answered
// without asking; one with neither tag nor digest means "latest". Errors are
// [*Error] but for ctx's own.
func (r *Resolver) Digest(ctx context.Context, ref string) (string, error) {
	parsed, err := parse(ref)
	if err != nil {
		return "", err
	}
	if digest, ok := parsed.(name.Digest); ok {
		return digest.DigestStr(), nil
	}
	asking, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	found, err := remote.Head(parsed, r.options(asking)...)
	if err != nil && !answered(err) {
		return "", classify(ctx, parsed, err)
	}
	if err == nil {
		return found.Digest.String(), nil
	}
	// Some registries answer HEAD without a digest, or not at all.
	manifest, err := remote.Get(parsed, r.options(asking)...)
	if err != nil {
		return "", classify(ctx, parsed, err)
	}
	return manifest.Digest.String(), nil
}

// Platforms returns the platforms of an image as "os/arch[/variant]", sorted.
// Errors are as those of [Resolver.Digest].
func (r *Resolver) Platforms(ctx context.Context, ref string) ([]string, error) {
	parsed, err := parse(ref)
	if err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	manifest, err := remote.Get(parsed, r.options(asking)...)
	if err != nil {
		return nil, classify(ctx, parsed, err)
	}
	platforms, err := platforms(manifest)
	if err != nil {
		return nil, classify(ctx, parsed, err)
	}
	return platforms, nil
}

func platforms(d *remote.Descriptor) ([]string, error) {
	if d.MediaType.IsIndex() {
		return indexPlatforms(d)
	}
	image, err := d.Image()
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read image configuration: %w", err)
	}
	return []string{platform(*config.Platform())}, nil
}

func indexPlatforms(d *remote.Descriptor) ([]string, error) {
	index, err := d.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	found := map[string]bool{}
	for _, m := range manifest.Manifests {
		// BuildKit stores attestations as images for "unknown/unknown".
		if m.Platform != nil && m.Platform.OS != "unknown" {
			found[platform(*m.Platform)] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func platform(p v1.Platform) string {
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return text
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

// answered tells whether HEAD got an answer that GET may improve on.
func answered(err error) bool {
	var t *transport.Error
	if errors.As(err, &t) {
		return t.StatusCode == http.StatusMethodNotAllowed || t.StatusCode == http.StatusBadRequest ||
			t.StatusCode == http.StatusNotImplemented
	}
	return !isNetwork(err)
}
