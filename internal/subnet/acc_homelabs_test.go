package subnet_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
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
	vlan := tfjsonpath.New("vlan")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config: config,
		ConfigStateChecks: []statecheck.StateCheck{
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
