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
		shared := context.WithoutCancel(ctx)
		go func() {
			defer close(one.known)
			one.value, one.err = question(shared)
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

// asked tells whether somebody asked for a key.
func (a *answers[T]) asked(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, asked := a.given[key]
	return asked
}

// Lookup is what a registry said about a reference: its digest, or why that can't
// be told.
type Lookup struct {
	Digest  string `json:"digest,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func (m *Memory) follow(ref string, said Lookup) {
	if m.Followed == nil {
		m.Followed = map[string]Lookup{}
	}
	m.Followed[ref] = said
}

// Follow asks registries what the tags mean now that a stack follows, and returns
// the memory with their answers. It is called while the stack is read, and only
// reads. On an error of the node the memory stays as it was.
func (d *Door) Follow(ctx context.Context, node, stack string, mem Memory) Memory {
	if len(mem.Followed) == 0 {
		return mem
	}
	refs := slices.Sorted(maps.Keys(mem.Followed))
	_, have, err := d.observe(ctx, node, stack, refs, mem.Seen)
	if err != nil {
		return mem
	}
	mem.Followed = d.lookUp(ctx, refs, have)
	return mem
}

// lookUp asks for several references at once.
func (d *Door) lookUp(ctx context.Context, refs []string, have *observed.Stack) map[string]Lookup {
	found := make(map[string]Lookup, len(refs))
	var mu sync.Mutex // guards found
	var group sync.WaitGroup
	slots := make(chan struct{}, asking)
	for _, ref := range refs {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var said Lookup
			digest, err := d.currentDigest(ctx, ref, have.Images[ref])
			if said.Digest = digest; err != nil {
				said.Problem = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			found[ref] = said
		})
	}
	group.Wait()
	return found
}

// resolve gives the services that follow digests those that their tags mean now,
// as they were told when the stack was read or else by asking. A registry that
// can't be asked leaves the node's digest in place, with a warning.
func (d *Door) resolve(ctx context.Context, want *desired.Stack, have *observed.Stack, told map[string]Lookup) (*desired.Stack, []string) {
	refs := map[string]bool{}
	for name := range want.Services {
		s := want.Services[name]
		if _, known := told[s.Image.Reference]; follows(&s) && !known {
			refs[s.Image.Reference] = true
		}
	}
	found := d.lookUp(ctx, slices.Sorted(maps.Keys(refs)), have)
	digests, problems := map[string]string{}, map[string]bool{}
	for name := range want.Services {
		s := want.Services[name]
		ref := s.Image.Reference
		said, known := told[ref]
		if !known {
			said = found[ref]
		}
		if digests[name] = said.Digest; said.Problem != "" && follows(&s) {
			problems[fmt.Sprintf("The digest of image %s could not be looked up, so the one on the node stays: %s.", ref, said.Problem)] = true
		}
	}
	return pin(want, digests), slices.Sorted(maps.Keys(problems))
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
