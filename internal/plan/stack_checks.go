package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// checks compares a decision with the node's machine, the registries and what the run
// takes of its nodes, and notes what has to be asked for that.
func (d *StackDecision) checks(in StackInput, have *observed.Stack) (problems []check.Problem, warnings []string) {
	if len(d.Problems) == 0 {
		problems, warnings = d.checkMachine(in.World)
	}
	near, remarks := in.World.checkNetworks(d.Want, d.Networks, have)
	problems = slices.Concat(problems, in.World.checkAddresses(d.Want), near)
	warnings = slices.Concat(warnings, remarks)
	if in.World.Applying {
		return append(problems, d.Missing...), warnings
	}
	for _, missing := range d.Missing {
		if !in.World.declares(missing.Network) { // else the run makes it
			warnings = append(warnings, missing.Detail)
		}
	}
	return problems, warnings
}

// checkMachine compares what is started with the node's machine, and the images that
// are pulled with what registries have. What is not known is not checked: the engine
// reports it. Where nothing is started, nothing is asked.
func (d *StackDecision) checkMachine(w World) (problems []check.Problem, warnings []string) {
	d.Needs.Facts = d.NeedsFacts(d.Want) && !w.FactsAsked
	var facts observed.Facts
	if w.Facts != nil {
		facts = *w.Facts
		problems, warnings = d.CheckMachine(d.Want, w.Node, facts)
		if own := check.ReservationOf(d.Want); len(own.Reserved) > 0 {
			d.Overcommitted = check.MemoryOvercommitted(w.Node, facts, append(slices.Clone(w.Stacks), own))
		}
	}
	pulls := slices.DeleteFunc(Pulls(d.Plan, d.Want), func(pull check.Pull) bool { return notTold(d.Want, pull) })
	for _, pull := range pulls {
		if _, asked := w.Offers[pull.Reference]; !asked && !slices.Contains(d.Needs.Offers, pull.Reference) {
			d.Needs.Offers = append(d.Needs.Offers, pull.Reference)
		}
	}
	more, remarks := check.Platforms(pulls, d.Want.Name, w.Node, facts, w.Offers)
	return append(problems, more...), append(warnings, remarks...)
}

// notTold reports whether the digest of an image could not be looked up just now: its
// registry is not asked again.
func notTold(want *desired.Stack, pull check.Pull) bool {
	s := want.Services[pull.Service]
	return s.FollowsDigest() && s.Image.Reference == pull.Reference && s.Image.Digest == ""
}

// stackNetworks are what a stack's own networks take of its node, and those of its
// networks that leave: they are on the node, and no longer declared.
func stackNetworks(want *desired.Stack, have *observed.Stack) []check.Network {
	list := check.NetworksOf(want)
	kept := map[string]bool{}
	for _, n := range want.Networks {
		kept[n.Name] = true
	}
	for _, name := range sortedKeys(have.Networks) {
		if have.Networks[name].Labels[desired.LabelProject] == want.Name && !kept[name] {
			list = append(list, check.Network{Name: name, Stack: want.Name, Leaves: true})
		}
	}
	return list
}

// checkNetworks reports where a stack's own networks get in the way of others, and
// which of its services may not be on the networks that they join.
func (w World) checkNetworks(want *desired.Stack, networks []check.Network, have *observed.Stack) (problems []check.Problem, warnings []string) {
	own := slices.DeleteFunc(slices.Clone(networks), func(one check.Network) bool { return one.Leaves })
	problems, warnings = check.StackNetworks(own, w.Networks, have, w.leaving)
	for _, one := range own {
		for _, p := range w.farSubnets(one) {
			problems = append(problems, check.Problem{Attribute: "compose", Detail: p.Detail})
		}
	}
	declared := w.before()
	zoned := check.StackZones(want, func(name string) (zone, by string) {
		at := slices.IndexFunc(declared, func(one check.Network) bool { return one.Name == name && !one.Leaves })
		if at >= 0 {
			return declared[at].Zone, declared[at].Owner
		}
		return have.Networks[name].Labels[desired.LabelZone], "its label on the node"
	})
	return append(problems, zoned...), warnings
}

// checkAddresses reports which fixed addresses of a stack its node may not use on the
// run's subnets.
func (w World) checkAddresses(want *desired.Stack) []check.Problem {
	var problems []check.Problem
	for _, name := range sortedKeys(want.Services) {
		for _, attachment := range want.Services[name].Networks {
			at := slices.IndexFunc(w.Subnets, func(one check.Subnet) bool { return one.Name == attachment.Network })
			fixed := attachment.Settings.IPAMConfig
			if at < 0 || fixed == nil {
				continue
			}
			subnet := w.Subnets[at]
			if _, attached := subnet.Nodes[w.Node]; !attached {
				continue
			}
			for _, text := range []string{fixed.IPv4Address, fixed.IPv6Address} {
				addr, err := netip.ParseAddr(text)
				if err != nil {
					continue // absent, or the document's own mistake
				}
				if reason := subnet.CheckAddress(w.Node, addr.Unmap()); reason != "" {
					problems = append(problems, check.Problem{Attribute: "compose", Detail: fmt.Sprintf(
						"Service %q has the address %s on homelab_subnet %q, which %s. Choose one of node %q's range, %s, or one that no node's range holds.",
						name, addr, subnet.Name, reason, w.Node, ranges(subnet.Nodes[w.Node]))})
				}
			}
		}
	}
	return problems
}

func ranges(node check.SubnetNode) string {
	var list []string
	for _, part := range node.Ranges {
		list = append(list, part.String())
	}
	return strings.Join(list, " and ")
}

// farSubnets reports which of the run's subnets a network overlaps that its node is
// not attached to: the node's containers could not reach them.
func (w World) farSubnets(own check.Network) []check.Problem {
	if own.VLAN != 0 {
		return nil // a subnet's own, which was checked with the subnet
	}
	var problems []check.Problem
	for _, subnet := range w.Subnets {
		for _, conflict := range check.Subnets(subnet, nil, map[string][]check.Network{w.Node: {own}}) {
			if own.Name != subnet.Name {
				problems = append(problems, check.Problem{Attribute: "ipam", Detail: fmt.Sprintf("homelab_subnet %q: %s", subnet.Name, conflict.Detail)})
			}
		}
	}
	return problems
}
