package provider

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
	"github.com/homelab-iac/terraform-provider-homelab/internal/fleet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/image"
	"github.com/homelab-iac/terraform-provider-homelab/internal/network"
	"github.com/homelab-iac/terraform-provider-homelab/internal/node"
	"github.com/homelab-iac/terraform-provider-homelab/internal/secret"
	"github.com/homelab-iac/terraform-provider-homelab/internal/stack"
	"github.com/homelab-iac/terraform-provider-homelab/internal/subnet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/topology"
)

var (
	_ converge.Engines = engines{}

	// What the provider offers satisfies what each concept needs.
	_ stack.Core       = converge.Stacks{}
	_ stack.Loader     = (*stack.Documents)(nil)
	_ network.Core     = converge.Networks{}
	_ subnet.Core      = converge.Subnets{}
	_ subnet.Networks  = converge.Networks{}
	_ secret.Core      = converge.Secrets{}
	_ node.Core        = converge.Nodes{}
	_ node.Engines     = converge.Nodes{}
	_ topology.Engines = converge.Nodes{}
	_ image.Registry   = converge.Nodes{}
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
