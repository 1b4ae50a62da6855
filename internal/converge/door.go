package converge

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	registries "github.com/homelab-iac/terraform-provider-homelab/internal/registry"
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
	// AuthSource says where these come from in words for people, and what there is
	// where there are none.
	AuthSource(ctx context.Context, ref string) string
	// Mirrors returns the references by which mirrors may have an image. It does
	// no I/O.
	Mirrors(ref string) ([]string, error)
	// Lists tells whether the index that a reference means has the image with a
	// digest.
	Lists(ctx context.Context, ref, digest string) (bool, error)
	// Image describes an image, and its part for a platform; empty means none in
	// particular.
	Image(ctx context.Context, ref, platform string) (Image, error)
	// Offer tells for which platforms there is an image by a reference.
	Offer(ctx context.Context, ref string) (Offer, error)
}

// Image is what a registry tells of an image.
type Image = registries.Image

// Offer is for which platforms a registry has an image.
type Offer = registries.Offer

// Door leads to the core. It is safe for concurrent use. What it reads of a
// node is kept and shared for as long as nothing is written there.
type Door struct {
	engines  Engines
	registry Registry
	digests  answers[string]         // of references
	listings answers[bool]           // by reference and digest
	machines answers[observed.Facts] // by node, for what a plan brings up
	offers   answers[Offer]          // by reference
	claims   claims
	segments segments
	subnets  subnets // of all nodes
	secrets  secrets
	removals removals

	reading singleflight.Group
	mu      sync.Mutex // guards what follows
	nodes   map[string]*observed.Node
	lost    map[string]lost
	writes  map[string]int // how often each node was forgotten
	slots   map[string]execute.Slots
	turns   map[string]chan struct{} // hold whose turn it is to write a thing of a node
}

// New returns a door to the given nodes.
func New(engines Engines, registry Registry) *Door {
	return &Door{engines: engines, registry: registry, nodes: map[string]*observed.Node{}, lost: map[string]lost{}, writes: map[string]int{}, slots: map[string]execute.Slots{}, turns: map[string]chan struct{}{}}
}

// slotsOf bounds the operations on a node, whatever stacks they belong to.
func (d *Door) slotsOf(node string) execute.Slots {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.slots[node] == nil {
		d.slots[node] = execute.NewSlots(execute.DefaultConcurrency)
	}
	return d.slots[node]
}

// turn waits until nobody else writes the same thing of a node, or until ctx ends.
// The caller calls end when it is done.
func (d *Door) turn(ctx context.Context, node, thing string) (end func(), err error) {
	d.mu.Lock()
	key := node + "\n" + thing
	if d.turns[key] == nil {
		d.turns[key] = make(chan struct{}, 1)
	}
	taken := d.turns[key]
	d.mu.Unlock()
	select {
	case taken <- struct{}{}:
		return func() { <-taken }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lookLimit bounds how long a node is looked at after a change.
const lookLimit = 5 * time.Minute

// afterwards is for looking at what a change left, also when the time for the change
// is up.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
}

// Facts reads what a node's engine says about itself.
func (d *Door) Facts(ctx context.Context, node string) (observed.Facts, error) {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return observed.Facts{}, err
	}
	facts, err := observed.ReadFacts(ctx, engine)
	return facts, explain(engine, err)
}

// Image asks the registry, or its mirror, what a reference means now. No node is
// asked. Errors are those of the registry.
func (d *Door) Image(ctx context.Context, ref, platform string) (Image, error) {
	return d.registry.Image(ctx, ref, platform)
}

// explain lets an engine that knows its node word the error of a call that did
// not get through to it.
func explain(engine Engine, err error) error {
	if worded, ok := engine.(interface{ Explain(error) error }); ok && err != nil {
		return worded.Explain(err)
	}
	return err
}
