package address

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ParsePrefix reads a CIDR in any spelling and returns its one canonical value:
// host bits cleared, IPv6 shortened and lower-case, IPv4 never mapped into IPv6.
// A netmask may replace the length ("10.0.20.0/255.255.255.0"). A bare address
// is an error, because whether one host or a complete network is meant is a guess.
func ParsePrefix(text string) (netip.Prefix, error) {
	base, length, found := strings.Cut(strings.TrimSpace(text), "/")
	if !found {
		return netip.Prefix{}, fmt.Errorf("%q has no prefix length, as in 10.0.20.0/24", text)
	}
	addr, err := netip.ParseAddr(base)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is not a CIDR, as in 10.0.20.0/24 or fd00:20::/64", text)
	}
	bits, err := prefixLength(addr, length)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not a CIDR: %w", text, err)
	}
	if addr.Is4In6() {
		if bits < 96 {
			return netip.Prefix{}, fmt.Errorf("%q holds more than the IPv4 addresses that it is written with", text)
		}
		addr, bits = addr.Unmap(), bits-96
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}

// prefixLength reads what comes after the slash: a number, or an IPv4 netmask.
func prefixLength(addr netip.Addr, text string) (int, error) {
	if mask, err := netip.ParseAddr(text); err == nil && mask.Is4() && addr.Is4() {
		return maskLength(mask)
	}
	prefix, err := netip.ParsePrefix(addr.String() + "/" + text)
	if err != nil {
		return 0, fmt.Errorf("the length after the slash is a number from 0 to %d", addr.BitLen())
	}
	return prefix.Bits(), nil
}

// maskLength is the number of leading ones of a netmask, which has no others.
func maskLength(mask netip.Addr) (int, error) {
	for bits := 0; bits <= 32; bits++ {
		ones := netip.AddrFrom4([4]byte{255, 255, 255, 255})
		if netip.PrefixFrom(ones, bits).Masked().Addr() == mask {
			return bits, nil
		}
	}
	return 0, fmt.Errorf("%s is not a netmask", mask)
}

// ParseAddr reads an address in any spelling and returns its one canonical value.
// Zones are refused: an address of a container has none.
func ParseAddr(text string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("%q is not an address, as in 10.0.20.1 or fd00:20::1", text)
	}
	return addr.Unmap(), nil
}

// Range is the addresses from First to Last, both among them and of one family.
type Range struct {
	First, Last netip.Addr
}

// errRange is said of every text that ParseRange cannot read.
var errRange = errors.New("is not a range: write 10.0.20.100-10.0.20.199, a CIDR or one address")

// ParseRange reads "first-last", a CIDR or one address.
func ParseRange(text string) (Range, error) {
	first, last, found := strings.Cut(text, "-")
	if !found {
		if strings.Contains(text, "/") {
			prefix, err := ParsePrefix(text)
			return RangeOf(prefix), err
		}
		last = first
	}
	from, err := ParseAddr(first)
	if err != nil {
		return Range{}, fmt.Errorf("%q %w", text, errRange)
	}
	to, err := ParseAddr(last)
	if err != nil || from.Is4() != to.Is4() {
		return Range{}, fmt.Errorf("%q %w", text, errRange)
	}
	if to.Less(from) {
		return Range{}, fmt.Errorf("%q ends before it begins", text)
	}
	return Range{First: from, Last: to}, nil
}

// RangeOf is all addresses of a prefix; of the zero prefix, the zero Range.
func RangeOf(prefix netip.Prefix) Range {
	if !prefix.IsValid() {
		return Range{}
	}
	return Range{First: prefix.Masked().Addr(), Last: lastOf(prefix)}
}

// String is the canonical spelling: a CIDR if the range is one, one address, or
// "first-last".
func (r Range) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	for bits := range r.First.BitLen() {
		if prefix := netip.PrefixFrom(r.First, bits); prefix.Masked() == prefix && lastOf(prefix) == r.Last {
			return prefix.String()
		}
	}
	return r.First.String() + "-" + r.Last.String()
}

// Contains reports whether addr is one of the range.
func (r Range) Contains(addr netip.Addr) bool {
	return addr.IsValid() && addr.Is4() == r.First.Is4() && !addr.Less(r.First) && !r.Last.Less(addr)
}

// Within reports whether every address of r is one of prefix.
func (r Range) Within(prefix netip.Prefix) bool {
	return prefix.Contains(r.First) && prefix.Contains(r.Last)
}

// Overlaps reports whether two ranges share an address. Ranges of different
// families and the zero Range overlap nothing.
func (r Range) Overlaps(other Range) bool {
	if !r.First.IsValid() || !other.First.IsValid() || r.First.Is4() != other.First.Is4() {
		return false
	}
	return !other.Last.Less(r.First) && !r.Last.Less(other.First)
}

// lastOf is the highest address of a prefix.
func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}
