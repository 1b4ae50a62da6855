package converge

import (
	"maps"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// checkNetworks says where a stack's own networks get in the way of others, and
// which of its services may not be on the networks that they join. declared are the
// networks of the run that were planned before.
func (d *Door) checkNetworks(node string, want *desired.Stack, declared []plan.Segment, have *observed.Stack) (problems []plan.Problem, warnings []string) {
	own := plan.SegmentsOf(want)
	d.noteLeaving(node, want.Name, own, want.Networks, have.Networks)
	problems, warnings = plan.CheckStackNetworks(own, declared, have, d.claims.gone(node))
	for _, one := range own {
		for _, p := range d.farSubnets(node, one) {
			problems = append(problems, plan.Problem{Attribute: "compose", Detail: p.Detail})
		}
	}
	zoned := plan.CheckZones(want, func(name string) (zone, by string) {
		at := slices.IndexFunc(declared, func(one plan.Segment) bool { return one.Name == name && !one.Leaves })
		if at >= 0 {
			return declared[at].Zone, declared[at].Owner
		}
		return have.Networks[name].Labels[desired.LabelZone], "its label on the node"
	})
	return append(problems, zoned...), warnings
}

// noteLeaving notes which of a stack's networks go: they are on the node, and no
// longer declared.
func (d *Door) noteLeaving(node, stack string, own []plan.Segment, declared map[string]desired.Network, there map[string]observed.Network) {
	kept := map[string]bool{}
	for _, n := range declared {
		kept[n.Name] = true
	}
	list := slices.Clone(own)
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if there[name].Labels[desired.LabelProject] == stack && !kept[name] {
			list = append(list, plan.Segment{Name: name, Stack: stack, Leaves: true})
		}
	}
	if len(list) > len(own) {
		d.segments.putStack(node, stack, list)
	}
}

// gone tells of the stacks that the run takes away from a node.
func (c *claims) gone(node string) func(stack string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := map[string]bool{}
	for name, one := range c.nodes[node] {
		left[name] = one.Leaves
	}
	return func(stack string) bool { return left[stack] }
}
