package check

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Pools says what is wrong with a network's address ranges in themselves:
// each problem is at "ipam[n]", "ipam[n].gateway" and the like. They are
// canonically spelled.
func Pools(pools []desired.Pool) []Problem {
	var problems []Problem
	for i, pool := range pools {
		at := "ipam[" + strconv.Itoa(i) + "]"
		prefix, err := netip.ParsePrefix(pool.Subnet)
		if err != nil {
			continue // its own attribute says so
		}
		if err := address.CheckPrefix(prefix); err != nil {
			problems = append(problems, Problem{Attribute: at + ".subnet", Detail: fmt.Sprintf("The subnet %s. Choose a private one, as 10.0.20.0/24 or fd12:3456:789a:20::/64.", err)})
			continue
		}
		for j, other := range pools[:i] {
			if before, err := netip.ParsePrefix(other.Subnet); err == nil && before.Overlaps(prefix) {
				problems = append(problems, Problem{Attribute: at + ".subnet", Detail: fmt.Sprintf("The subnet %s overlaps %s, which is ipam[%d] of the same network.", prefix, before, j)})
			}
		}
		problems = append(problems, checkPool(at, prefix, pool)...)
	}
	return problems
}

// checkPool checks what is inside one range.
func checkPool(at string, prefix netip.Prefix, pool desired.Pool) []Problem {
	var problems []Problem
	add := func(attribute, format string, args ...any) {
		problems = append(problems, Problem{Attribute: at + attribute, Detail: fmt.Sprintf(format, args...)})
	}
	if part, err := netip.ParsePrefix(pool.IPRange); err == nil && (part.Bits() < prefix.Bits() || !prefix.Contains(part.Addr())) {
		add(".ip_range", "The range %s is not within the subnet %s: containers could get no address of it.", part, prefix)
	}
	taken := map[netip.Addr]string{}
	if gateway, err := netip.ParseAddr(pool.Gateway); err == nil {
		if err := address.CheckHost(prefix, gateway); err != nil {
			add(".gateway", "The gateway %s. A gateway is an address of a host in the subnet.", err)
		}
		taken[gateway] = "the gateway"
	}
	for _, name := range slices.Sorted(maps.Keys(pool.Aux)) {
		addr, err := netip.ParseAddr(pool.Aux[name])
		if err != nil {
			continue
		}
		if err := address.CheckHost(prefix, addr); err != nil {
			add(".aux_addresses."+name, "The auxiliary address %s. It keeps containers off an address of the subnet that something else has.", err)
		}
		if other, again := taken[addr]; again {
			add(".aux_addresses."+name, "%s is also %s. Engines refuse to keep one address twice.", addr, other)
			continue
		}
		taken[addr] = fmt.Sprintf("the auxiliary address %q", name)
	}
	return problems
}

// Network is what a network takes of its node, for others to keep clear of.
type Network struct {
	// Owner says whose it is, as in `homelab_network "lan"`; Name is the engine's
	// name of the network.
	Owner, Name string
	Pools       []desired.Pool
	// VLAN is the id of a subnet's network, which has its parent for itself; 0 for
	// all others.
	VLAN int
	// Driver, Parent and Interface are the network's; empty for what it has not.
	Driver, Parent, Interface string
	// Zone is the zone that it is declared to be of, and Stack the stack that it is a
	// part of; empty for none.
	Zone, Stack string
	// Borrows names the network whose settings it has; empty for its own. Lends
	// reports that it only has settings for others, and takes nothing.
	Borrows string
	Lends   bool
	// Made reports that the run creates or replaces it.
	Made bool
	// Leaves reports that the run takes it away.
	Leaves bool
	// Before reports that it was noted before the networks of the resource that looks
	// at it: if two want the same, the later one gets the problem.
	Before bool
}

// NetworkOf says what a network takes. One that lends its settings takes nothing.
func NetworkOf(owner string, n *desired.Network) Network {
	if n.ConfigOnly {
		return Network{Owner: owner, Name: n.Name, Lends: true}
	}
	return Network{Owner: owner, Name: n.Name, Pools: n.Pools(), Driver: n.Driver, Parent: n.Options[desired.OptionParent], Interface: n.Options[desired.OptionBridgeName],
		Borrows: n.ConfigFrom, Zone: n.Labels[desired.LabelZone]}
}

// NeedsSwarm reports whether only a swarm manager can make the network.
func (s Network) NeedsSwarm() bool { return s.Driver == desired.DriverOverlay }

// NoManager says that a network needs a swarm manager, and the node has another role
// in a swarm, or none.
func NoManager(role string, none bool) Problem {
	text := fmt.Sprintf("Overlay networks are made on a swarm manager, and the node's role in its swarm is %q: declare the network for a manager.", role)
	if none {
		text = "Overlay networks are made on a swarm manager, and the node is not in a swarm: docker swarm init makes it one. Or set driver = \"bridge\"."
	}
	return Problem{Attribute: "driver", Detail: text}
}

// Neighbours says where a network gets in the way of others on its node: of
// those of the same run, and of those that are there and not of the run. What
// homelab made and the run does not mention may be about to go in the same run,
// and is only a warning. gone reports whether a stack leaves with its networks. For a
// network of the run that leaves its subnet to the engine, the subnet that it has counts.
func Neighbours(own Network, declared []Network, have *observed.NetworkOnNode, gone func(stack string) bool) (problems []Problem, warnings []string) {
	mentioned := map[string]bool{own.Name: true}
	var has Network
	if have.Exists {
		has = own.chosen(map[string]observed.Network{own.Name: have.Network})
	}
	for _, other := range declared {
		mentioned[other.Name] = true
		if other.Leaves || other.Name == own.Name || !other.Before {
			continue
		}
		problems = append(problems, clashes(own, other, declaredWith)...)
		problems = append(problems, ClashesOf(own, other.chosen(have.Others), hasOnNode)...)
		for _, p := range ClashesOf(has, Network{Owner: other.Owner, Driver: other.Driver, Pools: other.Pools}, declaredWith) {
			problems = append(problems, Problem{Attribute: "ipam", Detail: p.Detail})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have.Others)) {
		there := have.Others[name]
		if mentioned[name] || gone(there.Labels[desired.LabelProject]) {
			continue
		}
		n := desired.NetworkOf(there)
		found := clashes(own, NetworkOf(fmt.Sprintf("network %q", name), &n), hasOnNode)
		if !madeByHomelab(there) {
			problems = append(problems, found...)
			continue
		}
		for _, p := range found {
			warnings = append(warnings, p.Detail+" If it goes in this run, let this one depend on that: the engine refuses both at once.")
		}
	}
	return problems, warnings
}

// madeByHomelab reports whether a network on the node is a resource's or a stack's: the
// run may remove it, though it has not planned that resource.
func madeByHomelab(n observed.Network) bool {
	return n.Labels[desired.LabelNetworkName] != "" || n.Labels[desired.LabelStack] != ""
}

// chosen are the ranges that the engine chose for a network that is there and stays
// as it is; none for one whose own are declared.
func (s Network) chosen(there map[string]observed.Network) Network {
	have, exists := there[s.Name]
	if !exists || len(s.Pools) > 0 || s.Made || s.Leaves || s.Lends || s.Driver == desired.DriverOverlay {
		return Network{}
	}
	n := desired.NetworkOf(have)
	return Network{Owner: s.Owner, Driver: s.Driver, Pools: n.Pools()}
}

// How another network comes to have what a network wants.
const (
	declaredWith = "is declared with"
	hasOnNode    = "has on the node"
)

// clashes reports why two networks cannot exist on one node together.
func clashes(own, other Network, has string) []Problem {
	var problems []Problem
	for i, pool := range own.Pools {
		for _, theirs := range other.Pools {
			if prefixesOverlap(pool.Subnet, theirs.Subnet) {
				problems = append(problems, Problem{Attribute: "ipam[" + strconv.Itoa(i) + "].subnet", Detail: fmt.Sprintf(
					"The subnet %s overlaps %s, which %s %s. One node cannot have both: choose another subnet for one of them.",
					pool.Subnet, theirs.Subnet, other.Owner, has)})
			}
		}
	}
	if own.Interface != "" && own.Interface == other.Interface {
		problems = append(problems, Problem{Attribute: "interface_name", Detail: fmt.Sprintf(
			"The interface %s is also what %s %s. Choose another name.", own.Interface, other.Owner, has)})
	}
	if own.Parent != "" && own.Parent == other.Parent && own.Driver != other.Driver && own.Driver != "" && other.Driver != "" {
		problems = append(problems, Problem{Attribute: "parent", Detail: fmt.Sprintf(
			"The interface %s is also the parent that %s %s, with the driver %s. The kernel lets an interface carry macvlan or ipvlan, not both.",
			own.Parent, other.Owner, has, other.Driver)})
	}
	if own.Parent != "" && own.Parent == other.Parent && own.Driver == other.Driver && own.VLAN != other.VLAN {
		problems = append(problems, Problem{Attribute: "parent", Detail: fmt.Sprintf(
			"The interface %s is also the parent that %s %s. A subnet has its VLAN's interface for itself: choose another VLAN, or join that network.",
			own.Parent, other.Owner, has)})
	}
	return problems
}

func prefixesOverlap(a, b string) bool {
	first, err := netip.ParsePrefix(a)
	second, err2 := netip.ParsePrefix(b)
	return err == nil && err2 == nil && first.Overlaps(second)
}

// NetworkEngine reports what of a network the node's engine is too old for or does not
// support.
func NetworkEngine(want *desired.Network, have *observed.NetworkOnNode) []Problem {
	var problems []Problem
	add := func(attribute, format string, args ...any) {
		problems = append(problems, Problem{Attribute: attribute, Detail: fmt.Sprintf(format, args...)})
	}
	old := func(version string) bool { return OlderThan(have.APIVersion, version) }
	if want.Options[desired.OptionGatewayMode4] != "" && old(apiGatewayMode) {
		add("nat", "Routed mode needs Docker Engine 27.0 (API %s); the node's speaks %s. Upgrade the engine, or set nat = \"none\".", apiGatewayMode, have.APIVersion)
	}
	if want.EnableIPv4 != nil && !*want.EnableIPv4 && old(apiEnableIPv4) {
		add("enable_ipv4", "A network without IPv4 needs Docker Engine 28.0 (API %s); the node's speaks %s.", apiEnableIPv4, have.APIVersion)
	}
	if want.Options[desired.OptionIPvlanMode] == "l3s" && old(apiL3S) {
		add("mode", "The mode l3s needs Docker Engine 23.0 (API %s); the node's speaks %s. Upgrade the engine, or set mode = \"l3\".", apiL3S, have.APIVersion)
	}
	ipv6 := want.EnableIPv6 != nil && *want.EnableIPv6
	if ipv6 && old(apiIPv6Pools) && !slices.ContainsFunc(want.Pools(), func(p desired.Pool) bool { return strings.Contains(p.Subnet, ":") }) {
		add("enable_ipv6", "The node's engine (API %s) chooses no IPv6 subnet by itself: name one under ipam.", have.APIVersion)
	}
	if from := want.ConfigFrom; from != "" {
		if n, exists := have.Others[from]; exists && !n.ConfigOnly {
			add("config_from", "Network %q is on the node and not config-only: only a network with config_only = true lends its settings.", from)
		}
	}
	return problems
}

// API versions from which engines know more of networks.
const (
	apiGatewayMode = "1.46"
	apiEnableIPv4  = "1.48"
	apiIPv6Pools   = "1.46"
	apiL3S         = "1.42" // moby#42542
)
