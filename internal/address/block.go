package address

import (
	"math/big"
	"net/netip"
)

// free returns the lowest block of the length within prefix that overlaps none of
// taken; ok is false if there is none.
func free(within netip.Prefix, bits int, taken []Range) (block netip.Prefix, ok bool) {
	if bits < within.Bits() || bits > within.Addr().BitLen() {
		return netip.Prefix{}, false
	}
	block = netip.PrefixFrom(within.Masked().Addr(), bits)
	for {
		hit, found := firstOverlap(block, taken)
		if !found {
			return block, true
		}
		end := hit.Last
		if last := lastOf(block); end.Less(last) {
			end = last
		}
		block, ok = blockAfter(end, bits)
		if !ok || !within.Contains(block.Addr()) {
			return netip.Prefix{}, false
		}
	}
}

// firstOverlap is the first of taken that shares an address with the block.
func firstOverlap(block netip.Prefix, taken []Range) (Range, bool) {
	for _, other := range taken {
		if RangeOf(block).Overlaps(other) {
			return other, true
		}
	}
	return Range{}, false
}

// blockAfter is the lowest block of the length that begins after addr; ok is false
// after the end of all addresses.
func blockAfter(addr netip.Addr, bits int) (block netip.Prefix, ok bool) {
	next := addr.Next()
	if !next.IsValid() {
		return netip.Prefix{}, false
	}
	block = netip.PrefixFrom(next, bits).Masked()
	if block.Addr() == next {
		return block, true
	}
	next = lastOf(block).Next()
	return netip.PrefixFrom(next, bits), next.IsValid()
}

// nth is the block number n (from 0) of the length within prefix, which the caller
// knows to have that many.
func nth(within netip.Prefix, bits int, n uint64) netip.Prefix {
	base := within.Masked().Addr()
	sum := new(big.Int).SetUint64(n)
	sum.Lsh(sum, uint(base.BitLen()-bits)) //nolint:gosec // bits is within the address' length
	sum.Add(sum, new(big.Int).SetBytes(base.AsSlice()))
	addr, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, base.BitLen()/8)))
	return netip.PrefixFrom(addr, bits)
}
