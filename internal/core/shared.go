package core

import (
	"context"
	"sync"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
	"github.com/homelab-iac/terraform-provider-homelab/internal/run"
)

// shared is what the kinds of managed things have in common: the nodes, registries and
// what is known of the run.
type shared struct {
	engines  Engines
	registry Registry
	run      *run.Run

	snapshots run.Snapshots
	digests   run.Answers[string]         // of references
	listings  run.Answers[bool]           // by reference and digest
	machines  run.Answers[observed.Facts] // by node, for what a plan starts
	offers    run.Answers[Offer]          // by reference

	mu    sync.Mutex // guards slots
	slots map[string]execute.Slots
}

func newShared(engines Engines, registry Registry) *shared {
	return &shared{engines: engines, registry: registry, run: run.New(), slots: map[string]execute.Slots{}}
}

// slotsOf bounds the operations on a node, whatever they belong to.
func (s *shared) slotsOf(node string) execute.Slots {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots[node] == nil {
		s.slots[node] = execute.NewSlots(execute.DefaultConcurrency)
	}
	return s.slots[node]
}

// look returns a node's engine and its lists, from the shared snapshot.
func (s *shared) look(ctx context.Context, node string) (Engine, *observed.Node, error) {
	engine, err := s.engines.Engine(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	read := func(ctx context.Context) (*observed.Node, error) { return observed.ReadNode(ctx, engine) }
	snapshot, err := s.snapshots.Get(ctx, node, read, func(err error) bool { return Offline(explain(engine, err)) })
	return engine, snapshot, explain(engine, err)
}

// lookLimit bounds how long a node is looked at after a change.
const lookLimit = 5 * time.Minute

// afterwards is for looking at what a change left, also when the time for the change
// is up.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
}

// forget drops what is known of a node, before and after something is written.
func (s *shared) forget(node string) { s.snapshots.Forget(node) }

// facts are the node's, asked for once for the process.
func (s *shared) facts(ctx context.Context, node string, engine Engine) (observed.Facts, error) {
	return s.machines.Get(ctx, node, func(ctx context.Context) (observed.Facts, error) { return observed.ReadFacts(ctx, engine) })
}

// ask adds to a world what a decision needs. What is not answered stays unknown.
func (s *shared) ask(ctx context.Context, engine Engine, w *plan.World, needs plan.Needs, images map[string]observed.Image) {
	if needs.Facts || s.machines.Asked(w.Node) {
		w.FactsAsked = true
		if facts, err := s.facts(ctx, w.Node, engine); err == nil {
			w.Facts = &facts
		}
	}
	for ref, said := range s.lookUp(ctx, needs.Lookups, images) {
		if w.Lookups == nil {
			w.Lookups = map[string]plan.Lookup{}
		}
		w.Lookups[ref] = said
	}
	for ref, offer := range s.offered(ctx, needs.Offers) {
		if w.Offers == nil {
			w.Offers = map[string]*check.Offer{}
		}
		w.Offers[ref] = offer
	}
}
