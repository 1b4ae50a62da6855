package provider

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/image"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/network"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/node"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/secret"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/subnet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology"
)

var (
	_ core.Engines = engines{}

	// What the provider offers satisfies what each concept needs.
	_ stack.Core       = core.Stacks{}
	_ stack.Loader     = (*stack.Documents)(nil)
	_ network.Core     = core.Networks{}
	_ subnet.Core      = core.Subnets{}
	_ subnet.Networks  = core.Networks{}
	_ secret.Core      = core.Secrets{}
	_ node.Core        = core.Nodes{}
	_ node.Engines     = core.Nodes{}
	_ topology.Engines = core.Nodes{}
	_ image.Registry   = core.Nodes{}
)

// engines lets the core ask the fleet for nodes without knowing it.
type engines struct{ fleet *fleet.Fleet }

// Engine returns the connected engine of a node.
func (e engines) Engine(ctx context.Context, name string) (core.Engine, error) {
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
