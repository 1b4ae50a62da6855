package converge

import (
	"context"
	"net/netip"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// ownRanges are those that the node's engine was told to take subnets from that
// nobody names; nil if it was told of none, or does not tell.
func (d *Door) ownRanges(ctx context.Context, node string, engine Engine) []netip.Prefix {
	facts, _ := d.machine(ctx, node, engine, true)
	var out []netip.Prefix
	for _, pool := range facts.AddressPools {
		if prefix, err := netip.ParsePrefix(pool); err == nil {
			out = append(out, prefix.Masked())
		}
	}
	return out
}

// checkSwarm refuses an overlay network that is to be made on a node which is no
// manager of a swarm. A node that does not tell is left to the apply.
func (d *Door) checkSwarm(ctx context.Context, node string, engine Engine, own plan.Segment) []Problem {
	if !own.Made || !own.NeedsSwarm() {
		return nil
	}
	facts, known := d.machine(ctx, node, engine, true)
	if !known || facts.SwarmRole == observed.SwarmManager {
		return nil
	}
	return []Problem{plan.NoManager(string(facts.SwarmRole), facts.SwarmRole == observed.SwarmInactive)}
}
