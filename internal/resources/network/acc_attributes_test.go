package network_test

import (
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// attributes are, by what they are about, values that attributes are given and
// changed to; without them the network has only the base.
var attributes = map[string]struct {
	base, first, second string
	// firstIs, secondIs and baseIs say whether the engine has them.
	firstIs, secondIs, baseIs func(network.Inspect) bool
	// words are kept in state: the network stays the same.
	words bool
	// untold are attributes that newer engines don't tell, or that no engine has.
	untold []string
	// from is the API version that they need.
	from string
	// respelled is first in other words.
	respelled string
	// swarm asks for a node that is a manager.
	swarm bool
}{
	"words": {words: true, untold: []string{"timeouts"},
		first:   "description = \"a\"\nlabels = { a = \"1\" }\ntimeouts = { create = \"4m\" }",
		second:  "description = \"b\"\nlabels = { a = \"2\", b = \"3\" }\ntimeouts = { update = \"4m\", delete = \"4m\" }",
		firstIs: func(n network.Inspect) bool { return n.Labels["a"] == "1" && n.Labels["io.homelab.description"] == "a" }},
	"addresses": {untold: []string{"enable_ipv6"}, // which the ranges say
		first: `ipam = [
			{ subnet = "10.210.1.0/24", gateway = "10.210.1.7", ip_range = "10.210.1.64/26", aux_addresses = { nas = "10.210.1.9" } },
			{ subnet = "fd00:210:6::/64", gateway = "fd00:210:6::7" }]
			enable_ipv6 = true`,
		respelled: `ipam = [
			{ subnet = "10.210.1.33/24", gateway = "10.210.1.7", ip_range = "10.210.1.70/26", aux_addresses = { nas = "10.210.1.9" } },
			{ subnet = "FD00:0210:6:0::9/64", gateway = "fd00:210:6:0:0::0007" }]
			enable_ipv6 = true`,
		second: `ipam = [
			{ subnet = "10.210.1.0/24", gateway = "10.210.1.8", ip_range = "10.210.1.128/25", aux_addresses = { nas = "10.210.1.10", tv = "10.210.1.11" } },
			{ subnet = "fd00:210:7::/64", gateway = "fd00:210:7::7" }]`,
		base: `ipam = [{ subnet = "10.210.1.0/24" }]`,
		firstIs: func(n network.Inspect) bool {
			v4, v6 := n.IPAM.Config[0], n.IPAM.Config[1]
			return n.EnableIPv6 && v4.Gateway == "10.210.1.7" && v4.IPRange == "10.210.1.64/26" && v4.AuxAddress["nas"] == "10.210.1.9" && v6.Gateway == "fd00:210:6::7"
		},
		secondIs: func(n network.Inspect) bool {
			v4, v6 := n.IPAM.Config[0], n.IPAM.Config[1]
			return n.EnableIPv6 && v4.Gateway == "10.210.1.8" && v4.IPRange == "10.210.1.128/25" && v4.AuxAddress["tv"] == "10.210.1.11" && v6.Subnet == "fd00:210:7::/64"
		},
		baseIs: func(n network.Inspect) bool {
			v4 := n.IPAM.Config[0]
			return len(n.IPAM.Config) == 1 && !n.EnableIPv6 && v4.Gateway != "10.210.1.8" && v4.IPRange == "" && len(v4.AuxAddress) == 0
		}},
	"bridge": {
		first: `internal = true
			attachable = true
			nat = "none"
			mtu = 1400
			interface_name = "hlt-one"
			driver_options = { "com.docker.network.bridge.enable_icc" = "false" }`,
		second: `nat = "masquerade"
			mtu = 1450
			interface_name = "hlt-two"
			driver_options = { "com.docker.network.bridge.enable_icc" = "true", "com.docker.network.bridge.host_binding_ipv4" = "127.0.0.1" }`,
		firstIs: func(n network.Inspect) bool {
			o := n.Options
			return n.Internal && n.Attachable && o["com.docker.network.bridge.enable_ip_masquerade"] == "false" && o["com.docker.network.driver.mtu"] == "1400" &&
				o["com.docker.network.bridge.name"] == "hlt-one" && o["com.docker.network.bridge.enable_icc"] == "false"
		},
		secondIs: func(n network.Inspect) bool {
			o := n.Options
			return !n.Internal && !n.Attachable && len(o) == 4 && o["com.docker.network.driver.mtu"] == "1450" && o["com.docker.network.bridge.name"] == "hlt-two" &&
				o["com.docker.network.bridge.enable_icc"] == "true"
		},
		baseIs: func(n network.Inspect) bool { return len(n.Options) == 0 }},
	"zone": {
		first: "zone = \"data\"", second: "zone = \"service\"",
		firstIs:  func(n network.Inspect) bool { return n.Internal && n.Labels["io.homelab.zone"] == "data" },
		secondIs: func(n network.Inspect) bool { return !n.Internal && n.Labels["io.homelab.zone"] == "service" },
		baseIs:   func(n network.Inspect) bool { return !n.Internal && n.Labels["io.homelab.zone"] == "" }},
	"macvlan": {
		first:  "driver = \"macvlan\"\nparent = \"eth0\"\nmode = \"private\"",
		second: "driver = \"macvlan\"\nparent = \"docker0\"\nmode = \"vepa\"",
		firstIs: func(n network.Inspect) bool {
			return n.Driver == "macvlan" && n.Options["parent"] == "eth0" && n.Options["macvlan_mode"] == "private"
		},
		secondIs: func(n network.Inspect) bool {
			return n.Options["macvlan_mode"] == "vepa" && n.Options["parent"] == "docker0"
		},
		baseIs: func(n network.Inspect) bool { return n.Driver == "bridge" && len(n.Options) == 0 }},
	"overlay": {swarm: true,
		first: "driver = \"overlay\"\nattachable = true\nmtu = 1400\nipam = [{ subnet = \"10.210.20.0/24\" }]",
		second: "driver = \"overlay\"\ninternal = true\nipam = [{ subnet = \"10.210.21.0/24\", gateway = \"10.210.21.9\" }]\n" +
			"driver_options = { encrypted = \"\" }",
		firstIs: func(n network.Inspect) bool {
			return n.Driver == "overlay" && n.Scope == "swarm" && n.Attachable && n.Options["com.docker.network.driver.mtu"] == "1400" && n.IPAM.Config[0].Subnet == "10.210.20.0/24"
		},
		secondIs: func(n network.Inspect) bool {
			_, encrypted := n.Options["encrypted"]
			return n.Internal && !n.Attachable && encrypted && n.Options["com.docker.network.driver.mtu"] == "" && n.IPAM.Config[0].Gateway == "10.210.21.9"
		},
		baseIs: func(n network.Inspect) bool { return n.Driver == "bridge" && n.Scope == "local" }},
	"config only": {untold: []string{"ipam.#", "ipam.0.%", "ipam.0.subnet"},
		first:    "config_only = true\nparent = \"eth0\"\nipam = [{ subnet = \"10.210.9.0/24\" }]",
		second:   "config_only = true\nparent = \"eth0\"\nipam = [{ subnet = \"10.210.10.0/24\" }]",
		firstIs:  func(n network.Inspect) bool { return n.ConfigOnly && n.Options["parent"] == "eth0" },
		secondIs: func(n network.Inspect) bool { return n.ConfigOnly && n.Options["parent"] == "eth0" },
		baseIs:   func(n network.Inspect) bool { return !n.ConfigOnly }},
	"newer engines": {from: "1.48",
		first:  "enable_ipv4 = false\nenable_ipv6 = true\nnat = \"routed\"",
		second: "enable_ipv4 = true\nenable_ipv6 = false\nnat = \"none\"",
		firstIs: func(n network.Inspect) bool {
			return !n.EnableIPv4 && n.EnableIPv6 && n.Options["com.docker.network.bridge.gateway_mode_ipv6"] == "routed"
		},
		secondIs: func(n network.Inspect) bool { return n.EnableIPv4 && !n.EnableIPv6 && len(n.Options) == 1 },
		baseIs:   func(n network.Inspect) bool { return n.EnableIPv4 && !n.EnableIPv6 && len(n.Options) == 0 }},
}

// TestAccNetwork_EachAttribute makes networks with attributes of one kind, changes
// and clears them, imports them, and has them made otherwise by hand.
func TestAccNetwork_EachAttribute_IsSetChangedClearedImportedAndRepaired(t *testing.T) {
	for name, c := range attributes {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if c.from != "" && versions.LessThan(b.apiVersion(), c.from) {
				t.Skipf("the engine speaks API %s", b.apiVersion())
			}
			if c.swarm {
				b.initSwarm()
			}
			is := func(check func(network.Inspect) bool) func() error {
				return func() error {
					if n := b.inspect(b.name); check != nil && !check(n) {
						return fmt.Errorf("the engine has %+v", n)
					}
					return nil
				}
			}
			var made string
			same := func() error {
				if n := b.inspect(b.name); c.words && n.ID != made || !c.words && n.ID == made {
					return fmt.Errorf("the network was %s, and is %s", made, n.ID)
				}
				return nil
			}
			base, first, second := b.config(c.base), b.config(c.first), b.config(c.second)
			respelled := first
			if c.respelled != "" {
				respelled = b.config(c.respelled)
			}
			update := plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)
			b.test(
				after(resource.TestStep{Config: first}, holds(is(c.firstIs)), holds(func() error { made = b.inspect(b.name).ID; return nil })),
				unchanged(first), unchanged(respelled),
				resource.TestStep{ResourceName: address, ImportState: true, ImportStateId: "local/" + b.name, ImportStateVerify: true, ImportStateVerifyIgnore: c.untold},
				after(expecting(second, update), holds(is(c.secondIs)), holds(same)),
				unchanged(second),
				resource.TestStep{Config: base},
				after(unchanged(base), holds(is(c.baseIs))),
				after(before(expecting(first, update), b.remakeByHand), holds(is(c.firstIs))),
				after(before(expecting(first, plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)), b.removeByHand), holds(is(c.firstIs))),
			)
		})
	}
}
