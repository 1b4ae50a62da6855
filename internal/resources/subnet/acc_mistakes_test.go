package subnet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// mistake is a subnet that is wrong, as a change to one that is right, and what the
// person is told: word for word.
type mistake struct {
	change  map[string]string
	summary string
	at      string // the attribute, as the configuration writes it
	detail  string
}

// right is a subnet that nothing is wrong with; each mistake replaces some of it.
func right(n int) map[string]string {
	return map[string]string{
		"name": fmt.Sprintf("%q", fmt.Sprintf("hltest-%d", n)), "vlan_id": fmt.Sprint(100 + n), "cidr": fmt.Sprintf(`"10.%d.20.0/24"`, n),
		"attachments": `{ local = { parent = "eth0" } }`,
	}
}

// alone are the mistakes that a subnet by itself has. Its number is in its ranges:
// %[1]d in a text.
var alone = map[string]mistake{
	"vlan_zero": {map[string]string{"vlan_id": "0"}, "Invalid VLAN", "vlan_id",
		"0 is not a VLAN id: 802.1Q has 1 to 4094. For a network on the untagged interface, use homelab_network."},
	"vlan_reserved": {map[string]string{"vlan_id": "4095"}, "Invalid VLAN", "vlan_id",
		"4095 is not a VLAN id: 802.1Q has 1 to 4094. For a network on the untagged interface, use homelab_network."},
	"vlan_negative": {map[string]string{"vlan_id": "-1"}, "Invalid VLAN", "vlan_id",
		"-1 is not a VLAN id: 802.1Q has 1 to 4094. For a network on the untagged interface, use homelab_network."},
	"cidr_no_length": {map[string]string{"cidr": `"10.0.20.0"`}, "Invalid CIDR", "cidr",
		`"10.0.20.0" has no prefix length, as in 10.0.20.0/24.`},
	"cidr_loopback": {map[string]string{"cidr": `"127.0.20.0/24"`}, "Invalid CIDR", "cidr",
		"127.0.20.0/24 overlaps 127.0.0.0/8, which is kept for loopback (RFC 1122). Choose a range that hosts can have."},
	"cidr_tiny": {map[string]string{"cidr": `"10.200.0.0/30"`}, "Invalid CIDR", "cidr",
		"10.200.0.0/30 is too small for a gateway and containers on nodes. Choose a shorter prefix."},
	"cidr_ipv6": {map[string]string{"cidr": `"fd00:20::/64"`}, "Invalid CIDR", "cidr",
		`fd00:20::/64 is IPv6. cidr is the subnet's IPv4 range; write IPv6 as ipv6 = { cidr = "fd00:20::/64" }.`},
	"ipv6_ipv4": {map[string]string{"ipv6": `{ cidr = "10.201.0.0/24" }`}, "Invalid CIDR", "ipv6",
		"10.201.0.0/24 is IPv4. Write it as cidr."},
	"gateway_outside": {map[string]string{"cidr": `"10.202.20.0/24"`, "gateway": `"10.202.21.1"`}, "Invalid gateway", "gateway",
		"10.202.21.1 is outside 10.202.20.0/24. Choose another address of 10.202.20.0/24, the cidr."},
	"gateway_network": {map[string]string{"cidr": `"10.203.20.0/24"`, "gateway": `"10.203.20.0"`}, "Invalid gateway", "gateway",
		"10.203.20.0 is the network address of 10.203.20.0/24. Choose another address of 10.203.20.0/24, the cidr."},
	"gateway_broadcast": {map[string]string{"cidr": `"10.204.20.0/24"`, "gateway": `"10.204.20.255"`}, "Invalid gateway", "gateway",
		"10.204.20.255 is the broadcast address of 10.204.20.0/24. Choose another address of 10.204.20.0/24, the cidr."},
	"gateway_ipv6_outside": {map[string]string{"ipv6": `{ cidr = "fd00:20::/64", gateway = "fd00:21::1" }`}, "Invalid gateway", "ipv6",
		"fd00:21::1 is outside fd00:20::/64. Choose another address of fd00:20::/64, the ipv6.cidr."},
	"gateway_reserved": {map[string]string{"cidr": `"10.205.20.0/24"`, "gateway": `"10.205.20.1"`, "reserved": `["10.205.20.1-10.205.20.9"]`}, "Invalid reserved range", "reserved",
		"10.205.20.1-10.205.20.9 holds the gateway 10.205.20.1, which is kept free anyway. A router's own address is not in its DHCP pool: correct one of the two."},
	"reserved_outside": {map[string]string{"cidr": `"10.206.20.0/24"`, "reserved": `["10.206.20.200-10.206.21.9"]`}, "Invalid reserved range", "reserved",
		"10.206.20.200-10.206.21.9 is not within 10.206.20.0/24, the cidr. Remove it, or correct one of the two."},
	"reserved_backwards": {map[string]string{"cidr": `"10.207.20.0/24"`, "reserved": `["10.207.20.9-10.207.20.1"]`}, "Invalid reserved range", "reserved",
		`"10.207.20.9-10.207.20.1" ends before it begins.`},
	"reserved_twice": {map[string]string{"cidr": `"10.208.20.0/24"`, "reserved": `["10.208.20.10-10.208.20.19", "10.208.20.15-10.208.20.25"]`}, "Invalid reserved range", "reserved",
		"10.208.20.10-10.208.20.19 and 10.208.20.15-10.208.20.25 overlap. Write one range for both, or correct one of the two."},
	"link_long": {map[string]string{"vlan_id": "1234", "attachments": `{ local = { parent = "enp0s31f6abc" } }`}, "Invalid attachment", "attachments",
		"The sub-interface on node \"local\" would be enp0s31f6abc.1234, which has 17 characters; Linux allows 15. " +
			"Give the interface a shorter name (systemd.link(5)), or take a lower VLAN id."},
	"link_tagged": {map[string]string{"attachments": `{ local = { parent = "eth0.7" } }`}, "Invalid attachment", "attachments",
		`"eth0.7" on node "local" is a sub-interface by its name. ` +
			"Engines tag frames on a parent without a dot in its name: name the interface that carries all VLANs, such as eth0."},
	"link_copied": {map[string]string{"attachments": `{ local = { parent = "eth0@if7" } }`}, "Invalid attachment", "attachments",
		"\"eth0@if7\" on node \"local\" cannot be the name of an interface. `ip link` lists the names; leave away what follows an @."},
	"range_and_size": {map[string]string{"cidr": `"10.209.20.0/24"`, "attachments": `{ local = { parent = "eth0", size = 16, range = "10.209.20.32/28" } }`}, "Invalid address range", "attachments",
		`Node "local" has both range and size. A range says its size: remove one of the two.`},
	"size_zero": {map[string]string{"attachments": `{ local = { parent = "eth0", size = 0 } }`}, "Invalid address range", "attachments",
		`The range of node "local" has at least one address: set size to 1 or more.`},
	"range_without_ipv6": {map[string]string{"attachments": `{ local = { parent = "eth0", ipv6_range = "fd00:20::/72" } }`}, "Invalid address range", "attachments",
		`Node "local" has an ipv6_range, but the subnet has no IPv6. Set ipv6, or remove ipv6_range.`},
	"mode_unknown": {map[string]string{"mode": `"l2"`}, "Invalid mode", "mode",
		`macvlan has no mode "l2": it has bridge, private, vepa. Choose one of them, or the other driver.`},
	"static_node": {map[string]string{"cidr": `"10.210.20.0/24"`, "addresses": `{ plex = { node = "helios", ipv4 = "10.210.20.40" } }`}, "Invalid static address", "addresses",
		`"plex" is on node "helios", which is not attached to the subnet. Add the node to attachments, or name one of them: local.`},
	"static_outside": {map[string]string{"cidr": `"10.211.20.0/24"`, "addresses": `{ plex = { node = "local", ipv4 = "10.211.21.40" } }`}, "Invalid static address", "addresses",
		`The address of "plex", 10.211.21.40, cannot be had: 10.211.21.40 is outside 10.211.20.0/24. Choose another of 10.211.20.0/24.`},
	"static_gateway": {map[string]string{"cidr": `"10.212.20.0/24"`, "gateway": `"10.212.20.1"`, "addresses": `{ plex = { node = "local", ipv4 = "10.212.20.1" } }`}, "Invalid static address", "addresses",
		`The address of "plex", 10.212.20.1, is the gateway's. Choose another.`},
	"static_reserved": {map[string]string{"cidr": `"10.213.20.0/24"`, "reserved": `["10.213.20.100-10.213.20.199"]`, "addresses": `{ plex = { node = "local", ipv4 = "10.213.20.150" } }`}, "Invalid static address", "addresses",
		`The address of "plex", 10.213.20.150, is in the reserved range 10.213.20.100-10.213.20.199. Choose one outside, or shorten that range.`},
	"static_twice": {map[string]string{"cidr": `"10.214.20.0/24"`, "addresses": `{ plex = { node = "local", ipv4 = "10.214.20.40" }, tautulli = { node = "local", ipv4 = "10.214.20.40" } }`}, "Invalid static address", "addresses",
		`"plex" and "tautulli" both have the address 10.214.20.40. Give one of them another.`},
	"static_empty": {map[string]string{"addresses": `{ plex = { node = "local" } }`}, "Invalid static address", "addresses",
		`"plex" has no address. Set its ipv4, its ipv6, or both.`},
	"static_ipv6": {map[string]string{"addresses": `{ plex = { node = "local", ipv6 = "fd00:20::40" } }`}, "Invalid static address", "addresses",
		`The address of "plex", fd00:20::40, is IPv6, and the subnet has none. Set ipv6, or remove the address.`},
}

// TestAccSubnet_Mistake_IsNamedWordForWord validates all of them at once.
func TestAccSubnet_Mistake_IsNamedWordForWord(t *testing.T) {
	cli := acctest.NewCLI(t)
	cli.Write(t, "main.tf", acctest.Provider("unix:///nonexistent.sock")+configurations(alone))
	requireTold(t, told(t, cli.Run(t, "validate", "-json").Stdout), alone)
}

// onNode are the mistakes that only a plan can see: those of several resources, and
// with what a node has.
var onNode = map[string]mistake{
	"range_outside": {map[string]string{"cidr": `"10.220.20.0/24"`, "attachments": `{ local = { parent = "eth0", range = "10.220.21.0/28" } }`}, "Invalid address range", "attachments",
		`Node "local": 10.220.21.0/28 is outside 10.220.20.0/24.`},
	"range_reserved": {map[string]string{"cidr": `"10.221.20.0/24"`, "reserved": `["10.221.20.32-10.221.20.63"]`, "attachments": `{ local = { parent = "eth0", range = "10.221.20.48/28" } }`}, "Invalid address range", "attachments",
		`Node "local": 10.221.20.48/28 overlaps the reserved range 10.221.20.32/27.`},
	"range_taken": {map[string]string{"cidr": `"10.222.20.0/24"`, "attachments": `{ local = { parent = "eth0", range = "10.222.20.32/27" }, other = { parent = "eth0", range = "10.222.20.48/28" } }`}, "Invalid address range", "attachments",
		`Node "other": 10.222.20.48/28 overlaps 10.222.20.32/27, the range of node "local".`},
	"no_room": {map[string]string{"cidr": `"10.223.20.0/24"`, "reserved": `["10.223.20.2-10.223.20.254"]`}, "Invalid address range", "attachments",
		`Node "local": 10.223.20.0/24 has no free /27 left for its addresses; take a bigger subnet or smaller ranges.`},
	"static_other": {map[string]string{"cidr": `"10.224.20.0/24"`, "attachments": `{ local = { parent = "eth0", range = "10.224.20.32/27" }, other = { parent = "eth0", range = "10.224.20.64/27" } }`,
		"addresses": `{ plex = { node = "local", ipv4 = "10.224.20.70" } }`}, "Invalid static address", "addresses",
		`The address of "plex" on node "local", 10.224.20.70, is in the range of node "other", 10.224.20.64/27, whose engine may give it to another container. ` +
			"Choose one of 10.224.20.32/27, or one outside the ranges of all nodes."},
	"exists": {map[string]string{"cidr": `"10.225.20.0/24"`}, "Overlapping address ranges", "cidr",
		`Node "local": The subnet 10.225.20.0/24 overlaps 10.225.0.0/16, which network "hltest-theirs" has on the node. One node cannot have both: choose another subnet for one of them.`},
	"foreign": {map[string]string{"name": `"hltest-there"`, "cidr": `"10.226.20.0/24"`}, "Network exists already", "name",
		`Node "local": Network "hltest-there" exists on the node already, and this resource did not make it. ` +
			"Remove it, choose another name, or import the subnet: terraform import ADDRESS local/hltest-there"},
	"l3s": {map[string]string{"cidr": `"10.228.20.0/24"`, "driver": `"ipvlan"`, "mode": `"l3s"`}, "Invalid mode", "mode",
		`Node "local": The mode l3s needs Docker Engine 23.0 (API 1.42); the node's speaks 1.41. Upgrade the engine, or set mode = "l3".`},
	// Each follows, by depends_on, the one that it gets in the way of.
	"overlap": {map[string]string{"vlan_id": "31", "cidr": `"10.230.30.0/23"`, "depends_on": "[homelab_subnet.first]"}, "Overlapping address ranges", "cidr",
		`10.230.30.0/23 (VLAN 31) overlaps homelab_subnet "hltest-first", 10.230.31.0/24 (VLAN 7). Choose a range outside of 10.230.31.0/24, or change that one.`},
	"overlap_ipv6": {map[string]string{"vlan_id": "32", "ipv6": `{ cidr = "fd00:31::/60" }`, "depends_on": "[homelab_subnet.first]"}, "Overlapping address ranges", "ipv6",
		`fd00:31::/60 (VLAN 32) overlaps homelab_subnet "hltest-first", fd00:31::/64 (VLAN 7). Choose a range outside of fd00:31::/64, or change that one.`},
	"vlan_taken": {map[string]string{"vlan_id": "7", "cidr": `"10.231.31.0/24"`, "depends_on": "[homelab_subnet.first]"}, "VLAN already in use", "attachments",
		`VLAN 7 on node "local", eth0.7, is homelab_subnet "hltest-first" already. An interface carries a VLAN once: choose another vlan_id or parent, or use that subnet.`},
	"parent_taken": {map[string]string{"vlan_id": "8", "cidr": `"10.232.31.0/24"`, "driver": `"ipvlan"`, "depends_on": "[homelab_network.macvlan]"}, "VLAN already in use", "attachments",
		`Node "local": The interface eth0.8 is also the parent that homelab_network "hltest-macvlan" is declared with, with the driver macvlan. The kernel lets an interface carry macvlan or ipvlan, not both.`},
	"stack_range": {map[string]string{"cidr": `"10.235.0.0/16"`, "depends_on": "[homelab_stack.app]"}, "Overlapping address ranges", "cidr",
		`Node "local": The subnet 10.235.0.0/16 overlaps 10.235.20.0/24, which network "hltest-app_lan" of stack "hltest-app" is declared with. ` +
			"One node cannot have both: choose another subnet for one of them."},
	"stack_elsewhere": {map[string]string{"cidr": `"10.236.0.0/17"`, "attachments": `{ other = { parent = "eth0" } }`, "depends_on": "[homelab_stack.app]"}, "Overlapping address ranges", "cidr",
		`10.236.0.0/17 (VLAN %[2]d) overlaps network "hltest-app_far" of stack "hltest-app" on node "local", 10.236.20.0/24, whose containers could not reach the VLAN. ` +
			"Choose a range outside of 10.236.20.0/24, or change that network."},
	"elsewhere": {map[string]string{"cidr": `"10.233.0.0/16"`, "attachments": `{ other = { parent = "eth0" } }`, "depends_on": "[homelab_network.macvlan]"}, "Overlapping address ranges", "cidr",
		`10.233.0.0/16 (VLAN %[2]d) overlaps homelab_network "hltest-macvlan" on node "local", 10.233.31.0/24, whose containers could not reach the VLAN. Choose a range outside of 10.233.31.0/24, or change that network.`},
}

// TestAccSubnet_MistakeOnANode_IsNamedWordForWord plans all of them at once.
func TestAccSubnet_MistakeOnANode_IsNamedWordForWord(t *testing.T) {
	cli := acctest.NewCLI(t)
	engine := labtest.Engine(t)
	for name, subnet := range map[string]string{"hltest-there": "10.227.0.0/16", "hltest-theirs": "10.225.0.0/16"} {
		made, err := engine.NetworkCreate(t.Context(), name, network.CreateOptions{IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = engine.NetworkRemove(context.WithoutCancel(t.Context()), made.ID) })
	}
	mistakes := maps.Clone(onNode)
	if !versions.LessThan(engine.ClientVersion(), "1.42") { // which knows the mode
		delete(mistakes, "l3s")
	}
	cli.Write(t, "main.tf", fmt.Sprintf("provider \"homelab\" {\n  nodes = {\n    local = { host = %q }\n    other = { host = %q }\n  }\n}\n", labtest.Host(t), labtest.Host(t))+`
resource "homelab_subnet" "first" {
  name        = "hltest-first"
  vlan_id     = 7
  cidr        = "10.230.31.0/24"
  ipv6        = { cidr = "fd00:31::/64" }
  attachments = { local = { parent = "eth0" } }
}

resource "homelab_network" "macvlan" {
  name        = "hltest-macvlan"
  node        = "local"
  driver      = "macvlan"
  ipam        = [{ subnet = "10.233.31.0/24" }]
  parent      = "eth0.8"
}

resource "homelab_stack" "app" {
  name    = "hltest-app"
  node    = "local"
  compose = <<-YAML
    services: { web: { image: "homelab.test/app:1", networks: [lan, far] } }
    networks:
      lan: { ipam: { config: [{ subnet: 10.235.20.0/24 }] } }
      far: { ipam: { config: [{ subnet: 10.236.20.0/24 }] } }
  YAML
}

resource "homelab_stack" "late" {
  name    = "hltest-late"
  node    = "local"
  compose = <<-YAML
    services: { web: { image: "homelab.test/app:1", networks: [lan] } }
    networks: { lan: { ipam: { config: [{ subnet: 10.230.31.128/25 }] } } }
  YAML
  depends_on = [homelab_subnet.first]
}
`+configurations(mistakes))
	found := told(t, cli.Run(t, "plan", "-json").Stdout)
	late := found["late"]
	delete(found, "late")
	const want = `Network "hltest-late_lan": The subnet 10.230.31.128/25 overlaps 10.230.31.0/24, which homelab_subnet "hltest-first" is declared with. ` +
		"One node cannot have both: choose another subnet for one of them."
	if len(late) != 1 || late[0].Detail != want || !strings.HasPrefix(strings.TrimSpace(late[0].Snippet.Code), "compose ") {
		t.Errorf("the stack that is planned after the subnet has %+v\nwant %s", late, want)
	}
	requireTold(t, found, mistakes)
}

// configurations writes a subnet for each mistake, under its name.
func configurations(mistakes map[string]mistake) string {
	var text strings.Builder
	for n, name := range slices.Sorted(maps.Keys(mistakes)) {
		arguments := right(n)
		maps.Copy(arguments, mistakes[name].change)
		fmt.Fprintf(&text, "\nresource \"homelab_subnet\" %q {\n", name)
		for _, key := range slices.Sorted(maps.Keys(arguments)) {
			fmt.Fprintf(&text, "  %s = %s\n", key, arguments[key])
		}
		text.WriteString("}\n")
	}
	return text.String()
}

// diagnostic is an error as Terraform shows it.
type diagnostic struct {
	Severity, Summary, Detail string
	Address                   string
	Snippet                   *struct{ Context, Code string }
}

// told reads the errors of "validate -json", or of "plan -json", by resource.
func told(t *testing.T, stdout string) map[string][]diagnostic {
	t.Helper()
	found := map[string][]diagnostic{}
	add := func(d diagnostic) {
		name := "?"
		if d.Snippet != nil {
			_, name, _ = strings.Cut(d.Snippet.Context, "\" \"")
			name = strings.Trim(name, `"`)
		}
		if d.Severity == "error" {
			found[name] = append(found[name], d)
		}
	}
	var all struct{ Diagnostics []diagnostic }
	if json.Unmarshal([]byte(stdout), &all) == nil {
		for _, d := range all.Diagnostics {
			add(d)
		}
		return found
	}
	for line := range strings.Lines(stdout) {
		var message struct{ Diagnostic *diagnostic }
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("read %q: %v", line, err)
		}
		if message.Diagnostic != nil {
			add(*message.Diagnostic)
		}
	}
	return found
}

// requireTold requires exactly one error for each mistake.
func requireTold(t *testing.T, found map[string][]diagnostic, mistakes map[string]mistake) {
	t.Helper()
	for n, name := range slices.Sorted(maps.Keys(mistakes)) {
		want := mistakes[name]
		want.detail = strings.ReplaceAll(want.detail, "%[2]d", fmt.Sprint(100+n))
		got := found[name]
		delete(found, name)
		if len(got) != 1 {
			t.Errorf("%s: %d errors: %+v", name, len(got), got)
			continue
		}
		if got[0].Summary != want.summary || got[0].Detail != want.detail {
			t.Errorf("%s:\ngot  %s: %s\nwant %s: %s", name, got[0].Summary, got[0].Detail, want.summary, want.detail)
		}
		if code := strings.TrimSpace(got[0].Snippet.Code); !strings.HasPrefix(code, want.at+" ") {
			t.Errorf("%s: the error is at %q, not at %s", name, code, want.at)
		}
	}
	for name, errors := range found {
		t.Errorf("%s: unexpected errors %+v", name, errors)
	}
}
