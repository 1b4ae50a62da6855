package core

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Nodes reads nodes, and manages their directories.
type Nodes struct{ *shared }

// Facts reads what a node's engine says about itself.
func (n Nodes) Facts(ctx context.Context, node string) (observed.Facts, error) {
	engine, err := n.engines.Engine(ctx, node)
	if err != nil {
		return observed.Facts{}, err
	}
	facts, err := observed.ReadFacts(ctx, engine)
	return facts, explain(engine, err)
}

// Image asks the registry, or its mirror, what a reference means now. No node is
// asked. Errors are those of the registry.
func (n Nodes) Image(ctx context.Context, ref, platform string) (Image, error) {
	return n.registry.Image(ctx, ref, platform)
}

// Inventory is all that a node runs.
type Inventory = observed.Inventory

// Names returns the names of all nodes, sorted, and whether there may be more
// that are known only at apply. It connects to none.
func (n Nodes) Names() (names []string, more bool) {
	if named, ok := n.engines.(interface{ Names() ([]string, bool) }); ok {
		return named.Names()
	}
	return nil, false
}

// Inventory reads all containers of a node, from the shared snapshot, also those that
// homelab did not create.
func (n Nodes) Inventory(ctx context.Context, node string) (Inventory, error) {
	engine, snapshot, err := n.look(ctx, node)
	if err != nil {
		return Inventory{}, err
	}
	inventory, err := snapshot.Inventory(ctx)
	return inventory, explain(engine, err)
}

// RunningContainer is one container of an [Inventory].
type RunningContainer = observed.RunningContainer

// State is the condition of a container.
type State = observed.State

// The states of a container that needs no attention, and two in which it
// is up all the same.
const (
	StateRunning    = observed.Running
	StateStarting   = observed.Starting
	StateHealthy    = observed.Healthy
	StateCompleted  = observed.Completed
	StateUnhealthy  = observed.Unhealthy
	StateRestarting = observed.Restarting
)
