package plan

import (
	"fmt"
	"net/netip"
	"slices"
)

// ownRanges are where engines take a network's subnet from if nobody names one
// (moby, libnetwork/ipamutils/utils.go).
var ownRanges = []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}

// CheckOwnRanges warns of two networks that are both still to be made, of which one
// leaves its subnet to the engine and the other names one that the engine may take
// for it: who comes first is nobody's decision. Stacks' own are left out: nearly each has
// one that leaves it to the engine. there tells which networks exist.
func CheckOwnRanges(own Segment, declared []Segment, there func(name string) bool) []string {
	var warnings []string
	for _, other := range declared {
		if other.Leaves || other.Stack != "" || other.Name == own.Name || there(own.Name) || there(other.Name) {
			continue
		}
		named, left := own, other
		if !choosesSubnet(left) {
			named, left = other, own
		}
		subnet, found := inOwnRanges(named)
		if !found || !choosesSubnet(left) {
			continue
		}
		warnings = append(warnings, fmt.Sprintf("%s leaves its subnet to the engine, which may take one that holds %s of %s if it is made first. "+
			"Name a subnet for it, unless it depends on that one already.", left.Owner, subnet, named.Owner))
	}
	return warnings
}

// choosesSubnet tells whether the engine chooses a network's subnet.
func choosesSubnet(s Segment) bool {
	return len(s.Pools) == 0 && s.Borrows == "" && s.Driver != "overlay"
}

// inOwnRanges is the first of a network's subnets that an engine might choose.
func inOwnRanges(s Segment) (netip.Prefix, bool) {
	for _, pool := range s.Pools {
		prefix, err := netip.ParsePrefix(pool.Subnet)
		if err == nil && slices.ContainsFunc(ownRanges, prefix.Overlaps) {
			return prefix, true
		}
	}
	return netip.Prefix{}, false
}
