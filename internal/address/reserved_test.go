package address

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// keptByRFC are the first and last addresses of what no network of one's own may
// have, written down a second time and not as the planner has it.
var keptByRFC = [][2]string{
	{"0.0.0.0", "0.255.255.255"},                          // this network: RFC 791
	{"127.0.0.0", "127.255.255.255"},                      // loopback: RFC 1122
	{"169.254.0.0", "169.254.255.255"},                    // link-local: RFC 3927
	{"192.0.0.0", "192.0.0.255"},                          // IETF protocols: RFC 6890
	{"224.0.0.0", "239.255.255.255"},                      // multicast: RFC 5771
	{"240.0.0.0", "255.255.255.255"},                      // future use, broadcast: RFC 1112, RFC 919
	{"::", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},       // unspecified, loopback, IPv4: RFC 4291
	{"100::", "100::ffff:ffff:ffff:ffff"},                 // discard: RFC 6666
	{"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, // link-local: RFC 4291
	{"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, // multicast: RFC 4291
}

// TestCarve_SitesAnywhere plans random sites of the complete address space, with many
// near what is reserved: each either is refused for that, or has subnets of which
// every gateway is an address that the RFCs leave to hosts.
func TestCarve_SitesAnywhere_ReservedAddressesAreKept(t *testing.T) {
	t.Parallel()
	refused, planned := 0, 0
	for seed := range uint64(sites) {
		random := rand.New(rand.NewPCG(seed, 35)) //nolint:gosec // a reproducible test, no secret
		site := siteAnywhere(random)
		var requests []Request
		for _, vlan := range random.Perm(maxVLAN)[:1+random.IntN(4)] {
			requests = append(requests, randomRequest(random, site, vlan))
		}
		placed, err := site.Carve(requests)
		if kept := isKept(t, site.Prefix); kept != "" {
			refused++
			if err == nil || len(placed) > 0 {
				t.Fatalf("site %s has addresses of those from %s, and was planned: %v", site.Prefix, kept, placed)
			}
			continue
		}
		if err != nil {
			placed = alone(t, site, requests[0])
		}
		planned += len(placed)
		for name, prefix := range placed {
			if kept := isKept(t, prefix); kept != "" {
				t.Fatalf("%s: %s has addresses of those from %s", name, prefix, kept)
			}
			requireHost(t, prefix, FirstHost(prefix))
		}
	}
	t.Logf("%d sites refused, %d subnets planned", refused, planned)
	if refused < sites/10 || planned < sites/2 {
		t.Errorf("%d sites refused and %d subnets planned: the property was hardly tested", refused, planned)
	}
}

// alone plans one subnet of a site of which several got in each other's way.
func alone(t *testing.T, site Site, r Request) map[string]netip.Prefix {
	t.Helper()
	placed, err := site.Carve([]Request{r})
	if err != nil {
		t.Fatalf("%s: one subnet, %+v: %v", site.Prefix, r, err)
	}
	return placed
}

// siteAnywhere is a prefix of any address, every other time of one near the ends of
// something reserved.
func siteAnywhere(random *rand.Rand) Site {
	var bytes [16]byte
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	addr := netip.AddrFrom16(bytes)
	if random.IntN(2) == 0 {
		addr = netip.AddrFrom4([4]byte(bytes[:4]))
	}
	if random.IntN(2) == 0 {
		addr, _ = netip.ParseAddr(keptByRFC[random.IntN(len(keptByRFC))][random.IntN(2)])
		for range random.IntN(3) {
			if next := addr.Next(); next.IsValid() {
				addr = next
			}
		}
	}
	most := 29
	if addr.Is6() {
		most = 126
	}
	return Site{Prefix: netip.PrefixFrom(addr, 8+random.IntN(most-8)).Masked()}
}

// isKept is where something reserved begins that a prefix shares addresses with,
// empty for none. It compares first and last addresses only.
func isKept(t *testing.T, prefix netip.Prefix) string {
	t.Helper()
	first, last := prefix.Addr(), prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 1 << (7 - bit%8)
	}
	end, _ := netip.AddrFromSlice(last)
	for _, pair := range keptByRFC {
		from, to := netip.MustParseAddr(pair[0]), netip.MustParseAddr(pair[1])
		if from.Is4() == first.Is4() && first.Compare(to) <= 0 && from.Compare(end) <= 0 {
			return pair[0]
		}
	}
	return ""
}

// requireHost requires that an address is one that a host of the prefix may have:
// not the network's or the broadcast address (RFC 919, RFC 950), of which a /31 has
// none (RFC 3021); not the subnet-router's anycast address (RFC 4291), which a /127
// has not (RFC 6164).
func requireHost(t *testing.T, prefix netip.Prefix, addr netip.Addr) {
	t.Helper()
	bits := prefix.Addr().BitLen()
	if !prefix.Contains(addr) {
		t.Fatalf("%s is not of %s", addr, prefix)
	}
	if prefix.Bits() >= bits-1 {
		return
	}
	if addr == prefix.Addr() {
		t.Fatalf("%s is the first address of %s", addr, prefix)
	}
	if addr.Is4() && !prefix.Contains(addr.Next()) {
		t.Fatalf("%s is the last address of %s", addr, prefix)
	}
}
