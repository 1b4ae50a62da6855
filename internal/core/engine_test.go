package core

import (
	"context"
	"errors"

	"github.com/homelab-iac/terraform-provider-homelab/internal/enginetest"
)

// fake is an engine in memory.
type fake = enginetest.Engine

func newFake() *fake { return enginetest.New() }

// nodes gives every name the same engine.
type nodes struct{ engine *fake }

func (n nodes) Engine(context.Context, string) (Engine, error) { return n.engine, nil }

// registry knows digests; what it does not know it refuses.
type registry map[string]string

func (r registry) Digest(_ context.Context, ref string) (string, error) {
	if digest, ok := r[ref]; ok {
		return digest, nil
	}
	return "", errors.New("the registry does not answer")
}

func (r registry) Auth(context.Context, string) (string, error) { return "", nil }
func (r registry) Offer(context.Context, string) (Offer, error) {
	return Offer{}, errors.New("the registry does not answer")
}

func (r registry) AuthSource(context.Context, string) string { return "" }

func (r registry) Mirrors(string) ([]string, error) { return nil, nil }

// Lists finds what is filed under "reference digest".
func (r registry) Lists(_ context.Context, ref, digest string) (bool, error) {
	return r[ref+" "+digest] != "", nil
}

func (r registry) Image(_ context.Context, ref, _ string) (Image, error) {
	return Image{Digest: r[ref]}, nil
}
