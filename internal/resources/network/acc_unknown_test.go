package network_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// atApply has a value of every kind of attribute known only once another resource is
// applied. Where the networks are stays; what they are changes with it.
const atApply = `
resource "terraform_data" "where" {
  input = { name = "NAME", node = "local", lender = "NAME-lender" }
}

resource "terraform_data" "x" {
  input = VALUES
}

resource "homelab_network" "test" {
  name           = terraform_data.where.output.name
  node           = terraform_data.where.output.node
  description    = terraform_data.x.output.text
  labels         = { a = terraform_data.x.output.text }
  internal       = terraform_data.x.output.yes
  attachable     = terraform_data.x.output.yes
  enable_ipv6    = terraform_data.x.output.yes
  nat            = terraform_data.x.output.nat
  mtu            = terraform_data.x.output.mtu
  interface_name = terraform_data.x.output.interface
  driver_options = { "com.docker.network.bridge.enable_icc" = terraform_data.x.output.yes }
  ipam = [
    { subnet = terraform_data.x.output.subnet, gateway = terraform_data.x.output.gateway,
      ip_range = terraform_data.x.output.range, aux_addresses = { nas = terraform_data.x.output.nas } },
    { subnet = "fd00:216::/64" },
  ]
}

resource "homelab_network" "mac" {
  name   = "NAME-mac"
  driver = terraform_data.x.output.driver
  parent = terraform_data.x.output.parent
  mode   = terraform_data.x.output.mode
}

resource "homelab_network" "lender" {
  name        = terraform_data.where.output.lender
  config_only = terraform_data.where.output.name == "NAME"
  ipam        = [{ subnet = "10.216.9.0/24" }]
}

resource "homelab_network" "borrower" {
  name        = "NAME-borrower"
  config_from = terraform_data.where.output.lender
  depends_on  = [homelab_network.lender]
}
`

const (
	firstValues = `{ text = "one", yes = true, nat = "none", mtu = 1400, interface = "hlt-u1", subnet = "10.216.1.0/24", gateway = "10.216.1.7",
    range = "10.216.1.64/26", nas = "10.216.1.9", driver = "macvlan", parent = "eth0", mode = "private" }`
	secondValues = `{ text = "two", yes = false, nat = "masquerade", mtu = 1450, interface = "hlt-u2", subnet = "10.216.2.0/24", gateway = "10.216.2.8",
    range = "10.216.2.128/25", nas = "10.216.2.10", driver = "macvlan", parent = "docker0", mode = "vepa" }`
)

// TestAccNetwork_ValuesKnownOnlyAtApply makes and changes networks of which the plan
// knows nothing. Containers that a change might disturb are named all the same, and
// get their connection back.
func TestAccNetwork_ValuesKnownOnlyAtApply_AreMadeAndChanged(t *testing.T) {
	b := newBench(t)
	config := func(values, ipv6 string) string {
		return acctest.Provider(b.host) + strings.NewReplacer("VALUES", values, "NAME", b.name,
			`    { subnet = "fd00:216::/64" },`, ipv6).Replace(atApply)
	}
	first, second := config(firstValues, `{ subnet = "fd00:216::/64" },`), config(secondValues, "")
	has := func(check func(test, mac, borrower network.Inspect) bool) func() error {
		return func() error {
			test, mac, borrower := b.inspect(b.name), b.inspect(b.name+"-mac"), b.inspect(b.name+"-borrower")
			if !check(test, mac, borrower) {
				return fmt.Errorf("the engine has\n%+v\n%+v\n%+v", test, mac, borrower)
			}
			return nil
		}
	}
	var were map[string]life
	b.test(
		after(expecting(first, plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)), holds(has(func(test, mac, borrower network.Inspect) bool {
			v4, o := test.IPAM.Config[0], test.Options
			return test.Internal && test.Attachable && test.EnableIPv6 && test.Labels["a"] == "one" && v4.Subnet == "10.216.1.0/24" && v4.Gateway == "10.216.1.7" &&
				v4.AuxAddress["nas"] == "10.216.1.9" && o["com.docker.network.driver.mtu"] == "1400" && o["com.docker.network.bridge.name"] == "hlt-u1" &&
				o["com.docker.network.bridge.enable_icc"] == "true" && mac.Options["macvlan_mode"] == "private" &&
				borrower.ConfigFrom.Network == b.name+"-lender" && borrower.IPAM.Config[0].Subnet == "10.216.9.0/24"
		}))),
		unchanged(first),
		after(before(expecting(second, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectResourceAction("homelab_network.mac", plancheck.ResourceActionUpdate),
			plancheck.ExpectResourceAction("homelab_network.borrower", plancheck.ResourceActionNoop)), func() {
			b.run("on", "", &network.EndpointSettings{Aliases: []string{"on.home"}})
			were = b.lives()
		}), holds(has(func(test, mac, _ network.Inspect) bool {
			v4, o := test.IPAM.Config[0], test.Options
			return !test.Internal && !test.Attachable && !test.EnableIPv6 && test.Labels["a"] == "two" && len(test.IPAM.Config) == 1 && v4.Subnet == "10.216.2.0/24" &&
				v4.IPRange == "10.216.2.128/25" && o["com.docker.network.driver.mtu"] == "1450" && o["com.docker.network.bridge.name"] == "hlt-u2" &&
				mac.Options["macvlan_mode"] == "vepa" && mac.Options["parent"] == "docker0"
		})), holds(func() error {
			name := "/" + b.name + "-on"
			if was, is := were[name], b.lives()[name]; was.ID != is.ID || was.Started != is.Started || !strings.Contains(is.Endpoint, "on.home") || !strings.Contains(is.Endpoint, "10.216.2.") {
				return fmt.Errorf("the container was %+v and is %+v", was, is)
			}
			return b.remove("on")
		})),
		unchanged(second),
	)
}

// TestAccNetwork_Lender makes a network with the settings of another one, changes
// both sides, and clears them.
func TestAccNetwork_Lender_WhatTakesItsSettingsFollows(t *testing.T) {
	b := newBench(t)
	pair := func(name, lends, borrows string) string {
		return b.config(borrows) + strings.ReplaceAll(fmt.Sprintf(`
resource "homelab_network" "lender" {
  name        = "NAME-%s"
  config_only = true
  %s
  lifecycle { create_before_destroy = true }
}
`, name, lends), "NAME", b.name)
	}
	const (
		borrows = "config_from = homelab_network.lender.name\ninternal = true"
		first   = "ipam = [{ subnet = \"10.217.1.0/24\" }]\nmtu = 1400"
		second  = "ipam = [{ subnet = \"10.217.2.0/24\" }]\nmtu = 1450"
	)
	has := func(subnet, mtu string) func() error {
		return func() error {
			if n := b.inspect(b.name); !n.Internal || n.ConfigFrom.Network == "" || n.IPAM.Config[0].Subnet != subnet || n.Options["com.docker.network.driver.mtu"] != mtu {
				return fmt.Errorf("the engine has %+v", n)
			}
			return nil
		}
	}
	update := plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)
	b.test(
		after(resource.TestStep{Config: pair("one", first, borrows)}, holds(has("10.217.1.0/24", "1400"))),
		unchanged(pair("one", first, borrows)),
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateId: "local/" + b.name, ImportStateVerify: true},
		resource.TestStep{Config: pair("one", second, borrows), ExpectError: says(fmt.Sprintf(`Network "%[1]s-one" lends its settings to "%[1]s", and no engine changes or removes it as long as it does. `+
			"Give it another name together with lifecycle { create_before_destroy = true }: whatever has that name in config_from is then replaced with the new settings.", b.name))},
		after(expecting(pair("two", second, borrows), update,
			plancheck.ExpectResourceAction("homelab_network.lender", plancheck.ResourceActionCreateBeforeDestroy)), holds(has("10.217.2.0/24", "1450"))),
		unchanged(pair("two", second, borrows)),
		after(before(expecting(pair("two", second, borrows), update), b.remakeByHand), holds(has("10.217.2.0/24", "1450"))),
		after(before(expecting(pair("two", second, borrows), plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)), b.removeByHand), holds(has("10.217.2.0/24", "1450"))),
		after(expecting(pair("two", second, ""), update), holds(func() error {
			if n := b.inspect(b.name); n.ConfigFrom.Network != "" || n.Internal || len(n.Options) != 0 {
				return fmt.Errorf("the engine has %+v", n)
			}
			return nil
		})),
	)
}
