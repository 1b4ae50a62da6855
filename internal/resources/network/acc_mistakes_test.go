package network_test

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// mistake is one of homelab_network.
func mistake(body, attribute, summary, detail string) acctest.Mistake {
	if !strings.HasPrefix(body, "name =") {
		body = "  name = \"hltest-mistake\"\n" + body
	}
	return acctest.Mistake{Type: "homelab_network", Body: body, Attribute: attribute, Summary: summary, Detail: detail}
}

// never is what a configuration shows by itself.
var never = map[string]acctest.Mistake{
	"no_cidr": mistake("ipam = [{\nsubnet = \"10.0.20.0\"\n}]", "", "Invalid CIDR",
		`"10.0.20.0" has no prefix length, as in 10.0.20.0/24.`),
	"length": mistake("ipam = [{\nsubnet = \"10.0.20.0/33\"\n}]", "", "Invalid CIDR",
		`"10.0.20.0/33" is not a CIDR: the length after the slash is a number from 0 to 32.`),
	"no_address": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\ngateway = \"router\"\n}]", "", "Invalid address",
		`"router" is not an address, as in 10.0.20.1 or fd00:20::1.`),
	"multicast": mistake("ipam = [{\nsubnet = \"239.0.0.0/24\"\n}]", "", "Invalid network",
		"The subnet 239.0.0.0/24 overlaps 224.0.0.0/4, which is kept for multicast (RFC 5771). Choose a private one, as 10.0.20.0/24 or fd12:3456:789a:20::/64."),
	"loopback": mistake("ipam = [{\nsubnet = \"127.0.1.0/24\"\n}]", "", "Invalid network",
		"The subnet 127.0.1.0/24 overlaps 127.0.0.0/8, which is kept for loopback (RFC 1122). Choose a private one, as 10.0.20.0/24 or fd12:3456:789a:20::/64."),
	"link_local": mistake("ipam = [{\nsubnet = \"fe80::/64\"\n}]", "", "Invalid network",
		"The subnet fe80::/64 overlaps fe80::/10, which is kept for link-local addresses (RFC 4291). Choose a private one, as 10.0.20.0/24 or fd12:3456:789a:20::/64."),
	"gateway_outside": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\ngateway = \"10.0.21.1\"\n}]", "", "Invalid network",
		"The gateway 10.0.21.1 is outside 10.0.20.0/24. A gateway is an address of a host in the subnet."),
	"gateway_network": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\ngateway = \"10.0.20.0\"\n}]", "", "Invalid network",
		"The gateway 10.0.20.0 is the network address of 10.0.20.0/24. A gateway is an address of a host in the subnet."),
	"gateway_broadcast": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\ngateway = \"10.0.20.255\"\n}]", "", "Invalid network",
		"The gateway 10.0.20.255 is the broadcast address of 10.0.20.0/24. A gateway is an address of a host in the subnet."),
	"gateway_family": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\ngateway = \"fd00::1\"\n}]", "", "Invalid network",
		"The gateway fd00::1 is outside 10.0.20.0/24. A gateway is an address of a host in the subnet."),
	"range_outside": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\nip_range = \"10.0.21.0/26\"\n}]", "", "Invalid network",
		"The range 10.0.21.0/26 is not within the subnet 10.0.20.0/24: containers could get no address of it."),
	"range_bigger": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\nip_range = \"10.0.20.0/23\"\n}]", "", "Invalid network",
		"The range 10.0.20.0/23 is not within the subnet 10.0.20.0/24: containers could get no address of it."),
	"aux_outside": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\naux_addresses = {\nnas = \"10.0.21.9\"\n}\n}]", "", "Invalid network",
		"The auxiliary address 10.0.21.9 is outside 10.0.20.0/24. It keeps containers off an address of the subnet that something else has."),
	"aux_is_gateway": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\ngateway = \"10.0.20.1\"\naux_addresses = {\nnas = \"10.0.20.1\"\n}\n}]", "", "Invalid network",
		"10.0.20.1 is also the gateway. Engines refuse to keep one address twice."),
	"aux_twice": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\naux_addresses = {\nnas = \"10.0.20.9\"\ntv = \"10.0.20.9\"\n}\n}]", "", "Invalid network",
		`10.0.20.9 is also the auxiliary address "nas". Engines refuse to keep one address twice.`),
	"ranges_overlap": mistake("ipam = [{ subnet = \"10.0.20.0/24\" }, {\nsubnet = \"10.0.20.128/25\"\n}]", "", "Invalid network",
		"The subnet 10.0.20.128/25 overlaps 10.0.20.0/24, which is ipam[0] of the same network."),
	"ipv6_off": mistake("ipam = [{\nsubnet = \"fd00:20::/64\"\n}]\nenable_ipv6 = false", "", "Invalid network",
		"The subnet fd00:20::/64 is IPv6, and enable_ipv6 is false: containers would get no address of it. Remove one of the two."),
	"ipv4_off": mistake("ipam = [{\nsubnet = \"10.0.20.0/24\"\n}]\nenable_ipv4 = false", "", "Invalid network",
		"The subnet 10.0.20.0/24 is IPv4, and enable_ipv4 is false: containers would get no address of it. Remove one of the two."),
	"nat_of_macvlan": mistake("driver = \"macvlan\"\nnat = \"none\"", "nat", "Invalid network",
		"A network with the driver macvlan has no nat: only bridge has. Remove it, or set driver."),
	"mtu_of_ipvlan": mistake("driver = \"ipvlan\"\nmtu = 1400", "mtu", "Invalid network",
		"A network with the driver ipvlan has no mtu: only bridge or overlay has. Remove it, or set driver."),
	"parent_of_bridge": mistake("parent = \"eth0\"", "parent", "Invalid network",
		"A network with the driver bridge has no parent: only macvlan or ipvlan has. Remove it, or set driver."),
	"interface_of_macvlan": mistake("driver = \"macvlan\"\ninterface_name = \"br-lan\"", "interface_name", "Invalid network",
		"A network with the driver macvlan has no interface_name: only bridge has. Remove it, or set driver."),
	"mode": mistake("driver = \"ipvlan\"\nmode = \"vepa\"", "mode", "Invalid network",
		`The driver ipvlan has no mode "vepa": it has l2, l3, l3s.`),
	"interface_too_long": mistake("interface_name = \"br-media-and-more\"", "interface_name", "Invalid Attribute Value Length",
		"Attribute interface_name string length must be between 1 and 15, got: 17"),
	"parent_too_long": mistake("driver = \"macvlan\"\nparent = \"enp0s31f6abcd.20\"", "parent", "Invalid network",
		`"enp0s31f6abcd.20" has 16 characters, and an interface's name at most 15.`),
	"vlan_too_high": mistake("driver = \"macvlan\"\nparent = \"eth0.4095\"", "parent", "Invalid network",
		`"eth0.4095" does not name a VLAN: write its id, from 1 to 4094, after the dot, as in eth0.20.`),
	"vlan_zero": mistake("driver = \"macvlan\"\nparent = \"eth0.0\"", "parent", "Invalid network",
		`"eth0.0" does not name a VLAN: write its id, from 1 to 4094, after the dot, as in eth0.20.`),
	"option_twice": mistake("mtu = 1400\ndriver_options = {\n\"com.docker.network.driver.mtu\" = \"1500\"\n}", "", "Invalid network",
		"com.docker.network.driver.mtu is also what the attribute mtu sets. Keep one of the two."),
	"config_only_internal": mistake("config_only = true\ninternal = true", "internal", "Invalid network",
		"A config-only network only lends its settings: internal is set on the networks that take them with config_from."),
	"config_from_labels": mistake("config_from = \"shared\"\nlabels = { a = \"b\" }", "labels", "Invalid network",
		"A network with config_from takes its settings from that network, and engines allow it no labels of its own. Set it there."),
	"config_from_ipam": mistake("config_from = \"shared\"\nipam = [{ subnet = \"10.0.20.0/24\" }]", "ipam", "Invalid network",
		"A network with config_from takes its settings from that network, and engines allow it no ipam of its own. Set it there."),
	"data_open": mistake("zone = \"data\"\ninternal = false", "internal", "Invalid network",
		"A network of zone data is internal: its containers would reach the outside. Remove internal = false, or choose the zone service."),
	"external_closed": mistake("zone = \"external\"\ninternal = true", "internal", "Invalid network",
		"A network of zone external is not internal: nothing could reach it from outside. Remove internal = true, or choose the zone service or data."),
	"zone_unprotected": mistake("zone = \"service\"\ndriver_options = {\n\"com.docker.network.bridge.gateway_mode_ipv4\" = \"nat-unprotected\"\n}", "driver_options", "Invalid network",
		`com.docker.network.bridge.gateway_mode_ipv4 = "nat-unprotected" has the outside reach every port of every container, and the zone service keeps it off. Remove one of the two.`),
	"zone_as_label": mistake("labels = { \"io.homelab.zone\" = \"data\" }", "labels", "Invalid network",
		"The label io.homelab.zone is what the attribute zone sets. Write zone in its place."),
	"zone_of_config_only": mistake("config_only = true\nzone = \"data\"", "zone", "Invalid network",
		"A config-only network only lends its settings: zone is set on the networks that take them with config_from."),
	"no_zone": mistake("zone = \"dmz\"", "zone", "Invalid Attribute Value Match",
		`Attribute zone value must be one of: ["external" "service" "data"], got: "dmz"`),
	"config_only_driver": mistake("config_only = true\ndriver = \"macvlan\"", "driver", "Invalid network",
		"A config-only network only lends its settings: driver is set on the networks that take them with config_from."),
	"config_only_mode": mistake("config_only = true\nmode = \"l2\"", "mode", "Invalid network",
		"A config-only network has no driver, which mode belongs to: write driver_options = { macvlan_mode = … } or { ipvlan_mode = … }."),
	"config_only_from": mistake("config_only = true\nconfig_from = \"shared\"", "config_from", "Invalid network",
		"A config-only network cannot take its settings from another one."),
	"config_from_parent": mistake("driver = \"macvlan\"\nconfig_from = \"shared\"\nparent = \"eth0\"", "parent", "Invalid network",
		"A network with config_from takes its settings from that network, and engines allow it no parent of its own. Set it there."),
	"unspecified": mistake("ipam = [{\nsubnet = \"0.0.0.0/8\"\n}]", "", "Invalid network",
		"The subnet 0.0.0.0/8 overlaps 0.0.0.0/8, which is kept for \"this network\" (RFC 791). Choose a private one, as 10.0.20.0/24 or fd12:3456:789a:20::/64."),
	"whole_internet": mistake("ipam = [{\nsubnet = \"10.0.0.0/1\"\n}]", "", "Invalid network",
		"The subnet 0.0.0.0/1 overlaps 0.0.0.0/8, which is kept for \"this network\" (RFC 791). Choose a private one, as 10.0.20.0/24 or fd12:3456:789a:20::/64."),
	"predefined": mistake("name = \"bridge\"", "name", "Invalid Attribute Value Match",
		`Attribute name value must be none of: ["bridge" "host" "none" "default"], got: "bridge"`),
	"mtu_too_small": mistake("mtu = 60", "mtu", "Invalid Attribute Value",
		"Attribute mtu value must be between 68 and 65535, got: 60"),
}

func TestAccNetwork_Mistakes_AreRefusedByTheConfiguration(t *testing.T) {
	acctest.RequireRefused(t, acctest.Provider("unix:///nowhere"), never)
}

// onThisNode is what only the node or the rest of the run shows.
var onThisNode = map[string]acctest.Mistake{
	"there": mistake("name = \"NAME-there\"\nipam = [{\nsubnet = \"10.212.1.128/25\"\n}]", "", "Network cannot be applied",
		`The subnet 10.212.1.128/25 overlaps 10.212.1.0/24, which network "NAME-byhand" has on the node. One node cannot have both: choose another subnet for one of them.`),
	"declared": mistake("name = \"NAME-declared\"\nipam = [{\nsubnet = \"10.212.2.0/25\"\n}]\ndepends_on = [homelab_network.right]", "", "Network cannot be applied",
		`The subnet 10.212.2.0/25 overlaps 10.212.2.0/24, which homelab_network "NAME-right" is declared with. One node cannot have both: choose another subnet for one of them.`),
	"taken": mistake("name = \"NAME-taken\"", "name", "Network cannot be applied",
		`Network "NAME-taken" exists on the node already, and this resource did not make it. To take it over as it is, import it: terraform import ADDRESS local/NAME-taken, or an import block with id = "local/NAME-taken". Or choose another name, or remove it with docker network rm NAME-taken.`),
	"interface": mistake("name = \"NAME-interface\"\ninterface_name = \"hlt-right\"\ndepends_on = [homelab_network.right]", "interface_name", "Network cannot be applied",
		`The interface hlt-right is also what homelab_network "NAME-right" is declared with. Choose another name.`),
	"busy": mistake("name = \"NAME-busy\"\ndriver = \"ipvlan\"\nparent = \"eth0\"\ndepends_on = [homelab_network.mac]", "parent", "Network cannot be applied",
		`The interface eth0 is also the parent that homelab_network "NAME-mac" is declared with, with the driver macvlan. The kernel lets an interface carry macvlan or ipvlan, not both.`),
	"overlay": mistake("name = \"NAME-overlay\"\ndriver = \"overlay\"", "driver", "Network cannot be applied",
		`Overlay networks are made on a swarm manager, and the node is not in a swarm: docker swarm init makes it one. Or set driver = "bridge".`),
	"lender": mistake("name = \"NAME-lender\"\nconfig_from = \"NAME-byhand\"", "config_from", "Network cannot be applied",
		`Network "NAME-byhand" is on the node and not config-only: only a network with config_only = true lends its settings.`),
}

// onAnOldEngine is what engines before 27.0 and 28.0 cannot do.
var onAnOldEngine = map[string]acctest.Mistake{
	"routed": mistake("name = \"NAME-routed\"\nnat = \"routed\"", "nat", "Network cannot be applied",
		`Routed mode needs Docker Engine 27.0 (API 1.46); the node's speaks 1.41. Upgrade the engine, or set nat = "none".`),
	"without_ipv4": mistake("name = \"NAME-without\"\nenable_ipv4 = false", "enable_ipv4", "Network cannot be applied",
		"A network without IPv4 needs Docker Engine 28.0 (API 1.48); the node's speaks 1.41."),
	"l3s": mistake("name = \"NAME-l3s\"\ndriver = \"ipvlan\"\nmode = \"l3s\"", "mode", "Network cannot be applied",
		`The mode l3s needs Docker Engine 23.0 (API 1.42); the node's speaks 1.41. Upgrade the engine, or set mode = "l3".`),
	"pool": mistake("name = \"NAME-pool\"\nenable_ipv6 = true", "enable_ipv6", "Network cannot be applied",
		"The node's engine (API 1.41) chooses no IPv6 subnet by itself: name one under ipam."),
}

func TestAccNetwork_Mistakes_AreRefusedByTheNodeAndTheRestOfTheRun(t *testing.T) {
	b := newBench(t)
	_, err := b.engine.NetworkCreate(t.Context(), b.name+"-byhand", network.CreateOptions{IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.212.1.0/24"}}}})
	b.must(err)
	_, err = b.engine.NetworkCreate(t.Context(), b.name+"-taken", network.CreateOptions{})
	b.must(err)
	named := map[string]acctest.Mistake{}
	take := func(mistakes map[string]acctest.Mistake) {
		for key, m := range mistakes {
			m.Body, m.Detail = strings.ReplaceAll(m.Body, "NAME", b.name), strings.ReplaceAll(m.Detail, "NAME", b.name)
			named[key] = m
		}
	}
	take(onThisNode)
	if versions.LessThan(b.apiVersion(), "1.46") {
		take(onAnOldEngine)
	}
	head := acctest.Provider(b.host) + strings.ReplaceAll(`
resource "homelab_network" "right" {
  name           = "NAME-right"
  interface_name = "hlt-right"
  ipam           = [{ subnet = "10.212.2.0/24" }]
}

resource "homelab_network" "mac" {
  name   = "NAME-mac"
  driver = "macvlan"
  parent = "eth0"
}
`, "NAME", b.name)
	acctest.RequireRefused(t, head, named)
}
