package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// NetworksOf is what a stack's own networks take of its node, in order.
func NetworksOf(want *desired.Stack) []Network {
	var out []Network
	for _, key := range slices.Sorted(maps.Keys(want.Networks)) {
		n := want.Networks[key]
		if n.External {
			continue
		}
		one := NetworkOf(fmt.Sprintf("network %q of stack %q", n.Name, want.Name), &n)
		one.Stack = want.Name
		if n.IPAM != nil && n.IPAM.Driver != "" && n.IPAM.Driver != "default" {
			one.Pools = nil // whose addresses are another driver's business
		}
		if one.Driver == "" {
			one.Driver = desired.DriverBridge
		}
		out = append(out, one)
	}
	return out
}

// StackNetworks says where a stack's own networks get in the way of each
// other, of those of the same run, and, if they are still to be made, of those that
// are on the node and not of the run. As with [Neighbours], what homelab made and the
// run does not mention is only a warning, and gone reports the stacks that leave.
func StackNetworks(own, declared []Network, have *observed.Stack, gone func(stack string) bool) (problems []Problem, warnings []string) {
	mentioned := map[string]bool{}
	for _, one := range slices.Concat(own, declared) {
		mentioned[one.Name] = true
	}
	left := func(name string) bool {
		project := have.Networks[name].Labels[desired.LabelProject]
		return mentioned[name] || project == have.Name || gone(project)
	}
	for i, one := range own {
		for _, other := range slices.Concat(own[:i], declared) {
			if !other.Leaves && other.Name != one.Name && (other.Before || other.Stack == one.Stack) {
				problems = append(problems, inStack(one, ClashesOf(one, other, declaredWith))...)
				problems = append(problems, inStack(one, ClashesOf(one, other.chosen(have.Networks), hasOnNode))...)
				taken := Network{Owner: other.Owner, Driver: other.Driver, Pools: other.Pools}
				problems = append(problems, inStack(one, ClashesOf(one.chosen(have.Networks), taken, declaredWith))...)
			}
		}
		if there, exists := have.Networks[one.Name]; exists && samePools(one, there) {
			continue // the engine has taken it
		}
		found, remarks := clashesThere(one, have.Networks, left)
		problems, warnings = append(problems, found...), append(warnings, remarks...)
	}
	return problems, warnings
}

// clashesThere compares a network that is to be created with those on the node that
// stay.
func clashesThere(one Network, networks map[string]observed.Network, left func(name string) bool) (problems []Problem, warnings []string) {
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if left(name) {
			continue
		}
		there := networks[name]
		n := desired.NetworkOf(there)
		found := inStack(one, ClashesOf(one, NetworkOf(fmt.Sprintf("network %q", name), &n), hasOnNode))
		if !madeByHomelab(there) {
			problems = append(problems, found...)
			continue
		}
		for _, p := range found {
			warnings = append(warnings, p.Detail+" If it goes in this run, let this stack depend on that: the engine refuses both at once.")
		}
	}
	return problems, warnings
}

// ClashesOf is clashes, except for ranges that an engine does not compare: those of swarm-wide networks are a space of their own (moby,
// libnetwork/drivers/overlay).
func ClashesOf(a, b Network, has string) []Problem {
	if (a.Driver == desired.DriverOverlay) != (b.Driver == desired.DriverOverlay) {
		return nil
	}
	return clashes(a, b, has)
}

// inStack writes the problems of one of a stack's networks.
func inStack(one Network, found []Problem) []Problem {
	var out []Problem
	for _, p := range found {
		out = append(out, Problem{Attribute: "compose", Detail: fmt.Sprintf("Network %q: %s", one.Name, p.Detail)})
	}
	return out
}

// samePools reports whether a network that exists has a network's ranges.
func samePools(one Network, there observed.Network) bool {
	n := desired.NetworkOf(there)
	have := map[string]bool{}
	for _, pool := range n.Pools() {
		have[pool.Subnet] = true
	}
	return !slices.ContainsFunc(one.Pools, func(p desired.Pool) bool { return !have[p.Subnet] })
}
