package address

import (
	"fmt"
	"net/netip"
)

// special are prefixes that no host on a network of one's own can have, with what
// they are for (RFC 6890). Private, shared (100.64.0.0/10), benchmark,
// documentation and public addresses all work on an interface, and are left to
// their owner.
var special = []struct {
	prefix  netip.Prefix
	purpose string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "\"this network\" (RFC 791)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback (RFC 1122)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local addresses (RFC 3927)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "IETF protocols (RFC 6890)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast (RFC 5771)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "future use and broadcast (RFC 1112, RFC 919)"},
	{netip.MustParsePrefix("::/8"), "unspecified, loopback and embedded IPv4 addresses (RFC 4291)"},
	{netip.MustParsePrefix("100::/64"), "traffic to be dropped (RFC 6666)"},
	{netip.MustParsePrefix("fe80::/10"), "link-local addresses (RFC 4291)"},
	{netip.MustParsePrefix("ff00::/8"), "multicast (RFC 4291)"},
}

// CheckPrefix says why a network cannot have the prefix: a part of it is reserved
// for something that may not be the address of a host.
func CheckPrefix(prefix netip.Prefix) error {
	for _, reserved := range special {
		if prefix.Overlaps(reserved.prefix) {
			return fmt.Errorf("%s overlaps %s, which is kept for %s", prefix, reserved.prefix, reserved.purpose)
		}
	}
	return nil
}

// CheckHost says why addr cannot be a host's address (a gateway's, a container's)
// in prefix: it is outside, or the prefix keeps it for itself.
func CheckHost(prefix netip.Prefix, addr netip.Addr) error {
	if !prefix.Contains(addr) {
		return fmt.Errorf("%s is outside %s", addr, prefix)
	}
	for _, kept := range Kept(prefix) {
		if kept.Contains(addr) {
			return fmt.Errorf("%s is %s of %s", addr, kept.Purpose, prefix)
		}
	}
	return nil
}

// KeptRange are addresses of a prefix that no host may have, and what they are.
type KeptRange struct {
	Range
	Purpose string
}

// Kept returns the addresses of a prefix that no host may have. IPv4 keeps the
// network and the broadcast address (RFC 919, RFC 950), except in a /31 (RFC 3021)
// and a /32. IPv6 has no broadcast; it keeps the subnet-router anycast address
// (RFC 4291, 2.6.1), except in a /127 (RFC 6164) and a /128, and the 128 subnet
// anycast addresses where there are as many (RFC 2526).
func Kept(prefix netip.Prefix) []KeptRange {
	all := RangeOf(prefix)
	if !prefix.IsValid() || prefix.Bits() >= prefix.Addr().BitLen()-1 {
		return nil
	}
	if all.First.Is4() {
		return []KeptRange{
			{Range{all.First, all.First}, "the network address"},
			{Range{all.Last, all.Last}, "the broadcast address"},
		}
	}
	kept := []KeptRange{{Range{all.First, all.First}, "the subnet-router anycast address"}}
	if prefix.Bits() <= 120 {
		kept = append(kept, KeptRange{anycast(prefix), "a reserved anycast address"})
	}
	return kept
}

// anycast is the 128 reserved anycast addresses of an IPv6 subnet: its highest,
// except for a /64, whose interface identifiers have the "universal" bit clear in
// them (RFC 2526, 2).
func anycast(prefix netip.Prefix) Range {
	last := lastOf(prefix).As16()
	if prefix.Bits() == 64 {
		last[8] = 0xfd
	}
	first := last
	first[15] &= 0x80
	return Range{netip.AddrFrom16(first), netip.AddrFrom16(last)}
}

// FirstHost is the lowest address of prefix that a host may have; it is what the
// planner offers as gateway.
func FirstHost(prefix netip.Prefix) netip.Addr {
	addr := prefix.Masked().Addr()
	if len(Kept(prefix)) > 0 {
		addr = addr.Next()
	}
	return addr
}
