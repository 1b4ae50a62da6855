package core

import (
	"context"

	registrypkg "github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Engine is what the core needs of a node's engine.
type Engine interface {
	observed.Reader
	observed.FactsReader
	observed.DirectoryReader
	execute.Engine
	execute.SecretEngine
}

// Engines gives access to nodes by name. Its errors name the node and say what
// to do.
type Engines interface {
	Engine(ctx context.Context, node string) (Engine, error)
}

// Registry looks images up where they are pulled from.
type Registry interface {
	// Digest returns the digest ("sha256:…") that a reference has now.
	Digest(ctx context.Context, ref string) (string, error)
	// Auth returns the engine's X-Registry-Auth value for a reference, empty
	// when there are no credentials.
	Auth(ctx context.Context, ref string) (string, error)
	// AuthSource says for people where the credentials come from, or where they were
	// looked for.
	AuthSource(ctx context.Context, ref string) string
	// Mirrors returns the references by which mirrors may have an image. It does
	// no I/O.
	Mirrors(ref string) ([]string, error)
	// Lists reports whether the index that a reference means has the image with a
	// digest.
	Lists(ctx context.Context, ref, digest string) (bool, error)
	// Image describes an image, and its part for a platform; empty means none in
	// particular.
	Image(ctx context.Context, ref, platform string) (Image, error)
	// Offer says for which platforms there is an image by a reference.
	Offer(ctx context.Context, ref string) (Offer, error)
}

// Image is what a registry says of an image.
type Image = registrypkg.Image

// Offer is for which platforms a registry has an image.
type Offer = registrypkg.Offer

// Core leads to all that is managed. It is safe for concurrent use. What it reads of
// a node is kept and shared for as long as nothing is written there.
type Core struct {
	stacks   Stacks
	networks Networks
	subnets  Subnets
	secrets  Secrets
	nodes    Nodes
}

// New returns the core for the given nodes.
func New(engines Engines, registry Registry) *Core {
	h := newShared(engines, registry)
	return &Core{Stacks{h}, Networks{h}, Subnets{h}, Secrets{h}, Nodes{h}}
}

// Stacks returns what reads, plans, applies and destroys stacks.
func (c *Core) Stacks() Stacks { return c.stacks }

// Networks returns what does so for networks that are resources.
func (c *Core) Networks() Networks { return c.networks }

// Subnets returns what plans subnets.
func (c *Core) Subnets() Subnets { return c.subnets }

// Secrets returns what does so for secrets that are resources.
func (c *Core) Secrets() Secrets { return c.secrets }

// Nodes returns what reads nodes, and what manages their directories.
func (c *Core) Nodes() Nodes { return c.nodes }

// explain lets an engine that knows its node describe the error of a call that did
// not reach it.
func explain(engine Engine, err error) error {
	if explainer, ok := engine.(interface{ Explain(error) error }); ok && err != nil {
		return explainer.Explain(err)
	}
	return err
}
