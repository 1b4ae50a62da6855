package plan_test

import (
	"slices"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// TestCheckNeighbours_EnginesChoice holds a declared range against what the engine
// chose for a network of the same run, whichever of the two is planned first.
func TestCheckNeighbours_EnginesChoice_IsTheRangeOfANetworkThatStays(t *testing.T) {
	t.Parallel()
	have := func(subnet string) observed.Network {
		return observed.Network{Driver: "bridge", IPAM: network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}}}
	}
	zone := check.Network{Owner: `homelab_network "zone"`, Name: "zone", Driver: "bridge", Pools: []desired.Pool{{Subnet: "172.20.0.0/24"}}, Made: true, Before: true}
	app := check.Network{Owner: `network "app_default" of stack "app"`, Name: "app_default", Driver: "bridge", Stack: "app", Before: true}
	made, leaves, lends, overlay := app, app, app, app
	made.Made, leaves.Leaves, lends.Lends, overlay.Driver = true, true, true, "overlay"
	const (
		advice = " One node cannot have both: choose another subnet for one of them."
		first  = `The subnet 172.20.0.0/24 overlaps 172.20.0.0/16, which network "app_default" of stack "app" has on the node.` + advice
		second = `The subnet 172.20.0.0/16 overlaps 172.20.0.0/24, which homelab_network "zone" is declared with.` + advice
	)
	for name, c := range map[string]struct {
		own, other check.Network
		there      observed.NetworkOnNode
		want       []string
	}{
		"planned before":   {zone, app, observed.NetworkOnNode{Others: map[string]observed.Network{"app_default": have("172.20.0.0/16")}}, []string{first}},
		"planned after":    {app, zone, observed.NetworkOnNode{Exists: true, Network: have("172.20.0.0/16")}, []string{second}},
		"elsewhere":        {zone, app, observed.NetworkOnNode{Others: map[string]observed.Network{"app_default": have("172.18.0.0/16")}}, nil},
		"not there yet":    {zone, app, observed.NetworkOnNode{}, nil},
		"recreated":        {zone, made, observed.NetworkOnNode{Others: map[string]observed.Network{"app_default": have("172.20.0.0/16")}}, nil},
		"recreated, after": {made, zone, observed.NetworkOnNode{Exists: true, Network: have("172.20.0.0/16")}, nil},
		"leaving":          {zone, leaves, observed.NetworkOnNode{Others: map[string]observed.Network{"app_default": have("172.20.0.0/16")}}, nil},
		"lending":          {zone, lends, observed.NetworkOnNode{Others: map[string]observed.Network{"app_default": have("172.20.0.0/16")}}, nil},
		"of a swarm":       {zone, overlay, observed.NetworkOnNode{Others: map[string]observed.Network{"app_default": have("172.20.0.0/16")}}, nil},
	} {
		problems, warnings := check.Neighbours(c.own, []check.Network{c.other}, &c.there, func(string) bool { return false })
		if !slices.Equal(details(problems), c.want) || len(warnings) > 0 {
			t.Errorf("%s: %q, %q\nwant %q", name, details(problems), warnings, c.want)
		}
	}
}
