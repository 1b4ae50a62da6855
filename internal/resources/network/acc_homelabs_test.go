package network_test

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// tables are the plain networks of the five reference homelabs. NAME begins every
// name.
const tables = `
locals {
  # layered: five zones, of which only the proxy's faces outwards.
  zones = { proxy = 20, metrics = 21, database = 22, genai = 23, auth = 24 }
  # three-node: a subnet for each stack of a node; the security node does not masquerade.
  stacks = provider::homelab::site_subnets("10.214.0.0/16", { security = 10, media = 20, backend = 30 })
  # multi-stack: what stacks share by name.
  shared = ["auth_default", "monitoring_default", "storage_default", "registry_default", "media_default"]
}

resource "homelab_network" "zone" {
  for_each = local.zones
  name     = "NAME-${each.key}"
  internal = each.key != "proxy"
  ipam     = [{ subnet = "172.${each.value}.0.0/24" }]
}

resource "homelab_network" "stack" {
  for_each = local.stacks
  name     = "NAME-${each.key}"
  nat      = each.key == "security" ? "none" : null
  ipam     = [{ subnet = each.value.cidr, gateway = each.value.gateway }]
}

resource "homelab_network" "shared" {
  for_each = toset(local.shared)
  name     = "NAME-${each.key}"
  # Their subnets are the engine's choice, which must not take the zones'.
  depends_on = [homelab_network.zone]
}

resource "homelab_network" "traefik" {
  name       = "NAME-traefik_default"
  driver     = "overlay"
  attachable = true
}

# app-platform: the gateway's network, and one behind it.
resource "homelab_network" "platform" {
  for_each = { frontend = false, backend = true }
  name     = "NAME-platform-${each.key}"
  internal = each.value
  depends_on = [homelab_network.zone]
}

# service-vms: containers of the production host in its LAN, beside its own services.
resource "homelab_network" "prod" {
  name   = "NAME-prod"
  driver = "macvlan"
  parent = "eth0"
  ipam   = [{ subnet = "192.168.30.0/24", gateway = "192.168.30.1", ip_range = "192.168.30.192/27", aux_addresses = { docker = "192.168.30.11", auth = "192.168.30.13" } }]
}
`

// TestAccNetwork_ReferenceHomelabs applies their tables at once on one node, which
// is a swarm manager for the one overlay network among them.
func TestAccNetwork_ReferenceHomelabs_TheirNetworksAreMade(t *testing.T) {
	b := newBench(t)
	b.initSwarm()
	c := acctest.NewCLI(t)
	c.Write(t, "main.tf", acctest.Provider(b.host)+strings.ReplaceAll(tables, "NAME", b.name))
	c.Apply(t)
	for name, is := range map[string]func(network.Inspect) bool{
		"proxy":    func(n network.Inspect) bool { return !n.Internal && n.IPAM.Config[0].Subnet == "172.20.0.0/24" },
		"database": func(n network.Inspect) bool { return n.Internal && n.IPAM.Config[0].Subnet == "172.22.0.0/24" },
		"security": func(n network.Inspect) bool {
			return n.Options["com.docker.network.bridge.enable_ip_masquerade"] == "false"
		},
		"media":           func(n network.Inspect) bool { return n.IPAM.Config[0].Subnet == "10.214.20.0/24" },
		"media_default":   func(n network.Inspect) bool { return n.Driver == "bridge" },
		"traefik_default": func(n network.Inspect) bool { return n.Driver == "overlay" && n.Attachable },
		"prod": func(n network.Inspect) bool {
			return n.Driver == "macvlan" && n.IPAM.Config[0].AuxAddress["auth"] == "192.168.30.13"
		},
	} {
		if n := b.inspect(b.name + "-" + name); !is(n) {
			t.Errorf("%s is %+v", name, n)
		}
	}
	c.RequireEmptyPlan(t)
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}
