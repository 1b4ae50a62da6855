package subnet_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/docker/docker/api/types/network"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// TestAccSubnet_ReferenceHomelabs applies the VLANs of the reference homelabs that
// have any: a services backbone on VLAN 2 with separate VLANs for servers, IoT and
// guests, and the hosts' own 192.168.30.0/24 with fixed addresses.
func TestAccSubnet_ReferenceHomelabs_TheirVLANsAreApplied(t *testing.T) {
	b := newBench(t)
	config := b.provider(nil, "")
	for name, id := range map[string]int{"services": 2, "servers": 20, "iot": 21, "guest": 22} {
		config += fmt.Sprintf(`
resource "homelab_subnet" "%[1]s" {
  name        = "%[2]s-%[1]s"
  vlan_id     = %[3]d
  cidr        = "10.0.%[3]d.0/24"
  gateway     = "10.0.%[3]d.1"
  reserved    = ["10.0.%[3]d.100-10.0.%[3]d.199"]
  attachments = { n1 = { parent = "eth0" }, n2 = { parent = "eth0" } }
}
`, name, b.name, id)
	}
	config += fmt.Sprintf(`
resource "homelab_subnet" "hosts" {
  name        = "%[1]s-hosts"
  vlan_id     = 30
  cidr        = "192.168.30.0/24"
  gateway     = "192.168.30.1"
  reserved    = ["192.168.30.11-192.168.30.14", "192.168.30.100-192.168.30.199"]
  attachments = { n1 = { parent = "eth0" }, n2 = { parent = "eth0" } }
  addresses   = { traefik = { node = "n1", ipv4 = "192.168.30.250" } }
}
`, b.name)
	for _, stack := range threeNode {
		config += b.stack(stack)
	}
	vlan := tfjsonpath.New("vlan")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config: config,
		ConfigStateChecks: []statecheck.StateCheck{
			acctest.StateCheck(b.isolated),
			statecheck.ExpectKnownValue("homelab_subnet.services", vlan.AtMapKey("id"), knownvalue.Int64Exact(2)),
			statecheck.ExpectKnownValue("homelab_subnet.iot", tfjsonpath.New("networks").AtMapKey("n1").AtMapKey("range"), knownvalue.StringExact("10.0.21.0/27")),
			statecheck.ExpectKnownValue("homelab_subnet.iot", tfjsonpath.New("networks").AtMapKey("n2").AtMapKey("range"), knownvalue.StringExact("10.0.21.32/27")),
			statecheck.ExpectKnownValue("homelab_subnet.hosts", vlan, knownvalue.ObjectExact(map[string]knownvalue.Check{
				"id": knownvalue.Int64Exact(30), "name": knownvalue.StringExact(b.name + "-hosts"), "cidr": knownvalue.StringExact("192.168.30.0/24"),
				"gateway": knownvalue.StringExact("192.168.30.1"), "netmask": knownvalue.StringExact("255.255.255.0"),
				"ipv6_cidr": knownvalue.Null(), "ipv6_gateway": knownvalue.Null(),
				"dhcp": knownvalue.ListExact([]knownvalue.Check{
					knownvalue.ObjectExact(map[string]knownvalue.Check{"first": knownvalue.StringExact("192.168.30.11"), "last": knownvalue.StringExact("192.168.30.14")}),
					knownvalue.ObjectExact(map[string]knownvalue.Check{"first": knownvalue.StringExact("192.168.30.100"), "last": knownvalue.StringExact("192.168.30.199")}),
				}),
				"nodes": knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("n1"), knownvalue.StringExact("n2")}),
			})),
		},
	}}})
}

// threeNode has an isolated subnet for each stack, on the stack's node, beside the
// backbone; n1 is the ARM node, which does not masquerade.
var threeNode = []struct{ name, node, own, backbone string }{
	{"security", "n1", "10.214.10.0/24", "10.0.2.0/27"},
	{"backend", "n2", "10.214.11.0/24", "10.0.2.32/27"},
	{"media", "n2", "10.214.12.0/24", "10.0.2.32/27"},
}

func (b *bench) stack(s struct{ name, node, own, backbone string }) string {
	nat := "null"
	if s.node == "n1" {
		nat = `"none"`
	}
	return fmt.Sprintf(`
resource "homelab_network" %[2]q {
  name = "%[1]s-%[2]s"
  node = %[3]q
  nat  = %[5]s
  ipam = [{ subnet = %[4]q }]
}

resource "homelab_stack" %[2]q {
  name    = "%[1]s-%[2]s"
  node    = %[3]q
  pull    = "never"
  compose = yamlencode({
    services = { app = { image = %[6]q, stop_grace_period = "1s", networks = ["own", "backbone"] } }
    networks = {
      own      = { external = true, name = homelab_network.%[2]s.name }
      backbone = { external = true, name = homelab_subnet.services.networks[%[3]q].name }
    }
  })
}
`, b.name, s.name, s.node, s.own, nat, images.AppV1)
}

// isolated requires that each stack of three-node is on its own subnet and the
// backbone, with an address of its node's part, and on nothing else.
func (b *bench) isolated(*tfjson.State) error {
	for _, s := range threeNode {
		c, err := b.engines[s.node].ContainerInspect(b.t.Context(), b.name+"-"+s.name+"-app-1")
		if err != nil {
			return err
		}
		own, backbone := c.NetworkSettings.Networks[b.name+"-"+s.name], c.NetworkSettings.Networks[b.name+"-services"]
		if len(c.NetworkSettings.Networks) != 2 || own == nil || backbone == nil || !holds(s.own, own.IPAddress) || !holds(s.backbone, backbone.IPAddress) {
			return fmt.Errorf("%s is on %+v", s.name, c.NetworkSettings.Networks)
		}
		n, err := b.engines[s.node].NetworkInspect(b.t.Context(), b.name+"-"+s.name, network.InspectOptions{})
		if off := n.Options["com.docker.network.bridge.enable_ip_masquerade"] == "false"; err != nil || off != (s.node == "n1") {
			return fmt.Errorf("the network of %s has %v (%w)", s.name, n.Options, err)
		}
	}
	return nil
}

func holds(prefix, address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && netip.MustParsePrefix(prefix).Contains(addr)
}
