package provider

import (
	"github.com/homelab-iac/terraform-provider-homelab/internal/network"
	"github.com/homelab-iac/terraform-provider-homelab/internal/node"
	"github.com/homelab-iac/terraform-provider-homelab/internal/secret"
	"github.com/homelab-iac/terraform-provider-homelab/internal/stack"
	"github.com/homelab-iac/terraform-provider-homelab/internal/subnet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/topology"
)

// What Configure gives to resources and data sources satisfies each of them.
var (
	_ stack.Door       = shared{}
	_ stack.Loader     = shared{}
	_ network.Door     = shared{}
	_ subnet.Door      = shared{}
	_ secret.Door      = shared{}
	_ node.Door        = shared{}
	_ node.Engines     = shared{}
	_ topology.Engines = shared{}
)
