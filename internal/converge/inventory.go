package converge

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Inventory is all that a node runs.
type Inventory = observed.Inventory

// Names returns the names of all nodes, sorted, and whether there may be more
// that are known only at apply. It connects to none.
func (d *Door) Names() (names []string, more bool) {
	if named, ok := d.engines.(interface{ Names() ([]string, bool) }); ok {
		return named.Names()
	}
	return nil, false
}

// Inventory reads all that a node runs, from the shared snapshot: whoever made it.
func (d *Door) Inventory(ctx context.Context, node string) (Inventory, error) {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return Inventory{}, err
	}
	snapshot, err := d.snapshot(ctx, node, engine)
	if err != nil {
		return Inventory{}, explain(engine, err)
	}
	inventory, err := snapshot.Inventory(ctx)
	return inventory, explain(engine, err)
}

// RunningContainer is one container of an [Inventory].
type RunningContainer = observed.RunningContainer

// State is the condition of a container.
type State = observed.State

// The states of a container that nobody has to look after, and two in which it
// is up all the same.
const (
	StateRunning    = observed.Running
	StateStarting   = observed.Starting
	StateHealthy    = observed.Healthy
	StateCompleted  = observed.Completed
	StateUnhealthy  = observed.Unhealthy
	StateRestarting = observed.Restarting
)
