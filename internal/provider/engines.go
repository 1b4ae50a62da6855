package provider

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
	"github.com/homelab-iac/terraform-provider-homelab/internal/fleet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/node"
	"github.com/homelab-iac/terraform-provider-homelab/internal/topology"
)

var (
	_ converge.Engines = engines{}
	_ node.Door        = (*converge.Door)(nil)
	_ topology.Engines = (*converge.Door)(nil)
)

// engines lets the core ask the fleet for nodes without knowing it.
type engines struct{ fleet *fleet.Fleet }

// Engine returns the connected engine of a node.
func (e engines) Engine(ctx context.Context, name string) (converge.Engine, error) {
	n, err := e.fleet.Node(ctx, name)
	if err != nil {
		// A nil *fleet.Node in the interface would not be nil.
		return nil, err
	}
	return n, nil
}

// Names returns the names of the nodes, and whether there may be more that are
// known only at apply.
func (e engines) Names() (names []string, more bool) { return e.fleet.Names(), e.fleet.NamesUnknown() }
