package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// NetworkInput is all that a decision about a network that is a resource depends on.
type NetworkInput struct {
	NetworkOptions

	Want  *desired.Network
	Have  *observed.NetworkOnNode
	World World
	// Owner is the resource in messages, as in `homelab_network "lan"`.
	Owner string
	// VLAN is the id of a subnet's network, which has its sub-interface for itself; 0
	// for all others.
	VLAN int
	// Replaces reports that the same resource had the network before.
	Replaces bool
}

// NetworkDecision is what is done about a network.
type NetworkDecision struct {
	*Plan
	// Needs is what has to be asked before the decision is final.
	Needs Needs
	// Replaced reports that the network is replaced, Created that there is none yet.
	Replaced, Created bool
	// Remarks are what the node has that the network takes the place of.
	Remarks []string
	// Takes is what the network takes of its node.
	Takes check.Network
}

// DecideNetwork decides what is done about a network that is a resource. It is pure.
func DecideNetwork(in NetworkInput) NetworkDecision {
	have, there := in.vacated()
	p := BuildNetwork(in.Want, have, in.NetworkOptions)
	out := NetworkDecision{Plan: p, Created: !have.Exists, Remarks: append(p.Warnings, there...), Takes: check.NetworkOf(in.Owner, in.Want)}
	for _, c := range p.Changes {
		out.Replaced = out.Replaced || c.Action == Replace
	}
	out.Takes.VLAN, out.Takes.Made = in.VLAN, out.Created || out.Replaced
	own := in.World.owned("name", in.Owner, Thing{ThingNetwork, in.Want.Name})
	neighbours, warnings := check.Neighbours(out.Takes, in.World.Networks, have, in.World.leaving)
	ranges, asks := checkRangesOf(out.Takes, in.World)
	zoned, exposed := check.NetworkZone(out.Takes, in.World.Stacks, have.Attached)
	swarm, asksSwarm := checkSwarmOf(out.Takes, in.World)
	out.Needs.Facts = (asks || asksSwarm) && !in.World.FactsAsked
	p.Problems = slices.Concat(own, p.Problems, check.NetworkEngine(in.Want, have), neighbours, in.World.farSubnets(out.Takes), zoned, swarm)
	p.Warnings = slices.Concat(warnings, ranges, exposed)
	return out
}

// vacated is the network as a create will find it: see [StackInput.vacated].
func (in NetworkInput) vacated() (*observed.NetworkOnNode, []string) {
	if in.Adopt || !in.Have.Exists || in.Have.Unfinished || in.World.Applying || in.Have.Network.Labels[desired.LabelNetworkName] != in.Want.Name {
		return in.Have, nil
	}
	if in.Replaces {
		return in.Have.Gone(), nil
	}
	return in.Have.Gone(), []string{in.World.isThere(fmt.Sprintf("Network %q exists on the node already", in.Want.Name), in.Owner, in.Want.Name)}
}

// checkRangesOf is check.EngineRanges with what the node says. asks reports that this has
// to be asked for it.
func checkRangesOf(s check.Network, w World) (warnings []string, asks bool) {
	warnings = check.EngineRanges(s, w.Networks, func() (told []netip.Prefix) {
		asks = true
		if w.Facts == nil {
			return nil
		}
		for _, pool := range w.Facts.AddressPools {
			if prefix, err := netip.ParsePrefix(pool); err == nil {
				told = append(told, prefix.Masked())
			}
		}
		return told
	})
	return warnings, asks
}

// checkSwarmOf refuses an overlay network that is to be created on a node that is not a
// manager of a swarm. A node that does not say is left to the apply.
func checkSwarmOf(s check.Network, w World) (problems []check.Problem, asks bool) {
	if !s.Made || !s.NeedsSwarm() {
		return nil, false
	}
	if w.Facts == nil || w.Facts.SwarmRole == observed.SwarmManager {
		return nil, true
	}
	return []check.Problem{check.NoManager(string(w.Facts.SwarmRole), w.Facts.SwarmRole == observed.SwarmInactive)}, true
}
