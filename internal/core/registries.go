package core

import (
	"context"
	"sync"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

const (
	// asking bounds how many questions of one stack are with registries at once.
	asking = 8
	// offerLimit bounds how long a plan asks a registry for an image's platforms.
	// The plan does not depend on an answer: often only the node can reach the
	// registry.
	offerLimit = 10 * time.Second
)

// Lookup is what a registry said about a reference.
type Lookup = plan.Lookup

// eachReference asks for several references at once.
func eachReference[T any](refs []string, ask func(ref string) T) map[string]T {
	found := make(map[string]T, len(refs))
	var mu sync.Mutex // guards found
	var group sync.WaitGroup
	slots := make(chan struct{}, asking)
	for _, ref := range refs {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answer := ask(ref)
			mu.Lock()
			defer mu.Unlock()
			found[ref] = answer
		})
	}
	group.Wait()
	return found
}

// lookUp asks registries what references mean now. onNode are the images that the node
// has, by reference.
func (s *shared) lookUp(ctx context.Context, refs []string, onNode map[string]observed.Image) map[string]Lookup {
	return eachReference(refs, func(ref string) Lookup {
		digest, err := s.currentDigest(ctx, ref, onNode[ref])
		if err != nil {
			return Lookup{Digest: digest, Problem: err.Error()}
		}
		return Lookup{Digest: digest}
	})
}

// currentDigest is what a reference means now: the node's own digest where that is
// the image of one platform in the index that the registry has.
func (s *shared) currentDigest(ctx context.Context, ref string, onNode observed.Image) (string, error) {
	digest, err := s.digests.Get(ctx, ref, func(ctx context.Context) (string, error) { return s.registry.Digest(ctx, ref) })
	if err != nil || onNode.Digest == "" || onNode.Has(digest) {
		return digest, err
	}
	listed, err := s.listings.Get(ctx, ref+" "+onNode.Digest, func(ctx context.Context) (bool, error) {
		return s.registry.Lists(ctx, ref, onNode.Digest)
	})
	if err == nil && listed {
		return onNode.Digest, nil
	}
	return digest, nil
}

// offered asks registries for which platforms they have images; nil where they do not
// say so in time.
func (s *shared) offered(ctx context.Context, refs []string) map[string]*check.Offer {
	return eachReference(refs, func(ref string) *check.Offer {
		offer, err := s.offers.Get(ctx, ref, func(ctx context.Context) (Offer, error) {
			ctx, cancel := context.WithTimeout(ctx, offerLimit)
			defer cancel()
			return s.registry.Offer(ctx, ref)
		})
		if err != nil {
			return nil
		}
		told := check.Offer(offer)
		return &told
	})
}
