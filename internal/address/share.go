package address

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Pool is one subnet whose addresses several nodes hand out, none knowing of the
// others' leases, so that each needs a range of its own.
type Pool struct {
	// Prefix is the subnet's.
	Prefix netip.Prefix
	// Gateway is its router's address. A node's range may hold it, because every
	// engine gets it as reserved and gives it to no container. Zero: none.
	Gateway netip.Addr
	// Reserved are addresses that no node may hand out, as a router's DHCP pool.
	Reserved []Range
}

// Share is one node's wish for a part of a pool.
type Share struct {
	// Node names it.
	Node string
	// Bits is the length of the range's prefix: engines take ranges only as
	// prefixes. 0: ShareBits of the pool's prefix.
	Bits int
	// Range is the part itself. Zero: one is chosen.
	Range netip.Prefix
}

// eighth is how much longer than its pool's a share's prefix is if nobody says.
const eighth = 3

// ShareBits is the length of a node's range if nobody says: an eighth of the pool,
// or the longest with two addresses for hosts. It depends on the pool alone, so
// that no range moves when a node comes or goes.
func ShareBits(pool netip.Prefix) int {
	return max(pool.Bits(), min(pool.Addr().BitLen()-2, pool.Bits()+eighth))
}

// Divide returns the range of every share. held are the ranges that nodes have
// now (from state, or from the engines): a node keeps its own as long as it is of
// the wished length, inside the pool and not reserved since; new ranges are the
// lowest free ones, in the order of names. Nil held: all are new.
//
// The error joins one *Problem for each share without a place, and then there is no
// result.
func (p Pool) Divide(shares []Share, held map[string]netip.Prefix) (map[string]netip.Prefix, error) {
	ordered := slices.Clone(shares)
	slices.SortFunc(ordered, func(a, b Share) int { return cmp.Compare(a.Node, b.Node) })
	given := map[string]netip.Prefix{}
	problems := p.takeExplicit(ordered, given)
	p.keepHeld(ordered, held, given)
	for _, share := range ordered {
		if _, done := given[share.Node]; done || share.Range.IsValid() {
			continue
		}
		prefix, err := p.choose(share, given)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		given[share.Node] = prefix
	}
	problems = append(problems, p.clashes(ordered, given)...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return given, nil
}

// takeExplicit gives every node the range that is named for it, if it can be.
func (p Pool) takeExplicit(ordered []Share, given map[string]netip.Prefix) []error {
	var problems []error
	for _, share := range ordered {
		if !share.Range.IsValid() {
			continue
		}
		if err := p.check(share.Range.Masked()); err != nil {
			problems = append(problems, &Problem{Name: share.Node, Reason: err.Error()})
			continue
		}
		given[share.Node] = share.Range.Masked()
	}
	return problems
}

// keepHeld lets nodes keep what they have and may still have.
func (p Pool) keepHeld(ordered []Share, held, given map[string]netip.Prefix) {
	for _, share := range ordered {
		has, ok := held[share.Node]
		if !ok || share.Range.IsValid() || has.Bits() != p.bits(share) || p.check(has) != nil {
			continue
		}
		if !overlapsHeld(has, ordered, held, given) {
			given[share.Node] = has
		}
	}
}

// overlapsHeld reports whether a range that a node holds is also held by one that
// was kept before it. What is named explicitly does not count: it must go
// around what others hold, or be refused.
func overlapsHeld(has netip.Prefix, ordered []Share, held, given map[string]netip.Prefix) bool {
	for _, other := range ordered {
		if kept, ok := given[other.Node]; ok && !other.Range.IsValid() && kept == held[other.Node] && kept.Overlaps(has) {
			return true
		}
	}
	return false
}

// choose takes the lowest free range for a node.
func (p Pool) choose(share Share, given map[string]netip.Prefix) (netip.Prefix, error) {
	taken := slices.Clone(p.Reserved)
	for _, other := range given {
		taken = append(taken, RangeOf(other))
	}
	bits := p.bits(share)
	for {
		prefix, ok := free(p.Prefix, bits, taken)
		if !ok {
			return netip.Prefix{}, &Problem{Name: share.Node, Reason: fmt.Sprintf(
				"%s has no free /%d left for its addresses; take a bigger subnet or smaller ranges", p.Prefix, bits)}
		}
		if p.hasHost(prefix) {
			return prefix, nil
		}
		taken = append(taken, RangeOf(prefix))
	}
}

// clashes names the pairs of given ranges that share addresses: at least one of
// each pair is explicit.
func (p Pool) clashes(ordered []Share, given map[string]netip.Prefix) []error {
	var problems []error
	for i, one := range ordered {
		for _, other := range ordered[:i] {
			a, b := one, other
			if !a.Range.IsValid() {
				a, b = b, a
			}
			if given[a.Node].Overlaps(given[b.Node]) {
				problems = append(problems, &Problem{Name: a.Node, Reason: fmt.Sprintf(
					"%s overlaps %s, the range of node %q", given[a.Node], given[b.Node], b.Node)})
			}
		}
	}
	return problems
}

// check says why a node cannot hand out the addresses of a range.
func (p Pool) check(part netip.Prefix) error {
	if part.Bits() < p.Prefix.Bits() || !p.Prefix.Contains(part.Addr()) {
		return fmt.Errorf("%s is outside %s", part, p.Prefix)
	}
	if reserved, found := firstOverlap(part, p.Reserved); found {
		return fmt.Errorf("%s overlaps the reserved range %s", part, reserved)
	}
	if !p.hasHost(part) {
		return fmt.Errorf("%s has no address for a container: the subnet and its gateway need them all", part)
	}
	return nil
}

// hasHost reports whether a range holds an address that a container may have. It
// looks at no more addresses than the few that can be taken, and one.
func (p Pool) hasHost(part netip.Prefix) bool {
	addr, last := part.Addr(), lastOf(part)
	for tries := 0; tries < 4; tries++ {
		if addr != p.Gateway && CheckHost(p.Prefix, addr) == nil {
			return true
		}
		if addr == last {
			return false
		}
		addr = addr.Next()
	}
	return CheckHost(p.Prefix, addr) == nil
}

// bits is the length of the range that a share wishes for.
func (p Pool) bits(share Share) int { return cmp.Or(share.Bits, ShareBits(p.Prefix)) }
