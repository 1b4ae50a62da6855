package converge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// asking bounds how many questions of one stack are with registries at once.
const asking = 8

// answers remembers what was asked once, for the life of the provider's process:
// that is one plan or one apply, which must not see a tag move underneath. What
// failed is remembered too, so that a registry that is away costs its time once.
// The zero value is ready. It is safe for concurrent use.
type answers[T any] struct {
	mu    sync.Mutex // guards given
	given map[string]*answer[T]
}

// answer is written before known is closed, and read only after.
type answer[T any] struct {
	known chan struct{}
	value T
	err   error
}

// get returns the answer for a key. The question is not given up with the caller
// that happens to be first: others wait for the same.
func (a *answers[T]) get(ctx context.Context, key string, question func(context.Context) (T, error)) (T, error) {
	a.mu.Lock()
	one, asked := a.given[key]
	if !asked {
		if a.given == nil {
			a.given = map[string]*answer[T]{}
		}
		one = &answer[T]{known: make(chan struct{})}
		a.given[key] = one
		go func() {
			defer close(one.known)
			one.value, one.err = question(context.WithoutCancel(ctx))
		}()
	}
	a.mu.Unlock()
	select {
	case <-one.known:
		return one.value, one.err
	case <-ctx.Done():
		var nothing T
		return nothing, ctx.Err()
	}
}

// resolve looks up what a tag means now for the services that ask for that. A
// registry that can't be asked leaves the node's digest in place, with a warning.
func (d *Door) resolve(ctx context.Context, want *desired.Stack, have *observed.Stack) (*desired.Stack, []string) {
	refs := map[string]bool{}
	for name := range want.Services {
		if s := want.Services[name]; follows(&s) {
			refs[s.Image.Reference] = true
		}
	}
	found := make(map[string]string, len(refs))
	var mu sync.Mutex // guards found and warnings
	var warnings []string
	var group sync.WaitGroup
	slots := make(chan struct{}, asking)
	for ref := range refs {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			digest, err := d.currentDigest(ctx, ref, have.Images[ref])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				warnings = append(warnings, fmt.Sprintf("The digest of image %s could not be looked up, so the one on the node stays: %v.", ref, err))
			}
			found[ref] = digest
		})
	}
	group.Wait()
	slices.Sort(warnings)
	digests := map[string]string{}
	for name := range want.Services {
		digests[name] = found[want.Services[name].Image.Reference]
	}
	return pin(want, digests), warnings
}

// currentDigest is what a reference means now: the node's own digest where that is
// the image of one platform in the index that the registry has.
func (d *Door) currentDigest(ctx context.Context, ref string, onNode observed.Image) (string, error) {
	digest, err := d.digests.get(ctx, ref, func(ctx context.Context) (string, error) { return d.registry.Digest(ctx, ref) })
	if err != nil || onNode.Digest == "" || onNode.Has(digest) {
		return digest, err
	}
	listed, err := d.listings.get(ctx, ref+" "+onNode.Digest, func(ctx context.Context) (bool, error) {
		return d.registry.Lists(ctx, ref, onNode.Digest)
	})
	if err == nil && listed {
		return onNode.Digest, nil
	}
	return digest, nil
}

// follows tells whether a service follows the digest of its tag.
func follows(s *desired.Service) bool {
	return s.Image.Pull == desired.PullDigest && s.Image.Build == nil
}

// pin returns the stack with the given image digests, by service, for the
// services that are to follow digests.
func pin(want *desired.Stack, digests map[string]string) *desired.Stack {
	pinned := *want
	pinned.Services = maps.Clone(want.Services)
	for name := range pinned.Services {
		if s := pinned.Services[name]; follows(&s) {
			s.Image.Digest = digests[name]
			pinned.Services[name] = s
		}
	}
	return &pinned
}

// registryDigests leaves those of the planned digests that registries know: for
// an image that none knows a plan shows its ID.
func registryDigests(planned map[string]string, have *observed.Stack) map[string]string {
	out := map[string]string{}
	for name, digest := range planned {
		if img, isID := have.Images[digest]; !isID || img.Has(digest) {
			out[name] = digest
		}
	}
	return out
}

// knownDigests are the digests of the images on the node, by reference.
func knownDigests(have *observed.Stack) map[string]string {
	out := map[string]string{}
	for ref, img := range have.Images {
		if img.Digest != "" {
			out[ref] = img.Digest
		}
	}
	return out
}
