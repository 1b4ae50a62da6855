package check

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// ownRanges are where engines take a network's subnet from if none is declared
// (moby, libnetwork/ipamutils/utils.go).
var ownRanges = []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}

// EngineRanges warns of two networks that the run creates or replaces, of which one
// leaves its subnet to the engine and the other names one that the engine may choose for
// the first: their order is not defined. Networks of stacks are left out: nearly each
// stack has one that leaves it to the engine. told returns the ranges that the engine is
// configured with; none means its defaults. It is called only if there are two such
// networks.
func EngineRanges(own Network, declared []Network, told func() []netip.Prefix) []string {
	var warnings []string
	for _, other := range declared {
		if other.Leaves || other.Stack != "" || other.Name == own.Name || !own.Made || !other.Made {
			continue
		}
		named, left := own, other
		if !ChoosesSubnet(left) {
			named, left = other, own
		}
		if !ChoosesSubnet(left) || len(named.Pools) == 0 {
			continue
		}
		subnet, found := inOwnRanges(named, told())
		if !found {
			continue
		}
		warnings = append(warnings, fmt.Sprintf("%s leaves its subnet to the engine, which may take one that holds %s of %s if it is made first. "+
			"Name a subnet for it, unless it depends on that one already.", left.Owner, subnet, named.Owner))
	}
	return warnings
}

// ChoosesSubnet reports whether the engine chooses a network's subnet.
func ChoosesSubnet(s Network) bool {
	return len(s.Pools) == 0 && s.Borrows == "" && !s.Lends && s.Driver != desired.DriverOverlay
}

// inOwnRanges is the first of a network's subnets that an engine might choose.
func inOwnRanges(s Network, told []netip.Prefix) (netip.Prefix, bool) {
	if len(told) == 0 {
		told = ownRanges
	}
	for _, pool := range s.Pools {
		prefix, err := netip.ParsePrefix(pool.Subnet)
		if err == nil && slices.ContainsFunc(told, prefix.Overlaps) {
			return prefix, true
		}
	}
	return netip.Prefix{}, false
}
