package address

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func TestCarve_VLANIsTheSlot(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		site string
		r    Request
		want string
	}{
		{"10.0.0.0/16", Request{VLAN: 20}, "10.0.20.0/24"},
		{"10.0.0.0/16", Request{VLAN: 300}, "10.0.44.0/24"},
		{"10.0.0.0/8", Request{VLAN: 300}, "10.1.44.0/24"},
		{"10.0.0.0/16", Request{VLAN: 20, Bits: 28}, "10.0.20.0/28"},
		{"10.0.0.0/16", Request{VLAN: 21, Bits: 22}, "10.0.20.0/22"},
		{"192.168.0.0/20", Request{VLAN: 20}, "192.168.4.0/24"},
		{"192.168.8.0/22", Request{VLAN: 3}, "192.168.8.192/26"},
		{"192.168.8.0/24", Request{VLAN: 20}, "192.168.8.64/28"},
		{"192.168.8.0/29", Request{VLAN: 3}, "192.168.8.4/30"},
		{"192.168.8.6/31", Request{VLAN: 3}, "192.168.8.6/31"},
		{"fd12:3456:789a::/48", Request{VLAN: 20}, "fd12:3456:789a:14::/64"},
		{"fd12:3456:789a:10::/60", Request{VLAN: 20}, "fd12:3456:789a:14::/64"},
		{"fd12:3456:789a:10::/64", Request{VLAN: 3}, "fd12:3456:789a:10:3000::/68"},
		{"10.0.0.0/16", Request{VLAN: 20, Pinned: netip.MustParsePrefix("10.0.99.0/25")}, "10.0.99.0/25"},
	} {
		test.r.Name = "x"
		got, err := Site{Prefix: netip.MustParsePrefix(test.site)}.Carve([]Request{test.r})
		if err != nil || got["x"].String() != test.want {
			t.Errorf("%s, VLAN %d, /%d: %v, %v; want %s", test.site, test.r.VLAN, test.r.Bits, got["x"], err, test.want)
		}
	}
}

func TestCarve_Mistakes_NameTheSubnetAndTheWayOut(t *testing.T) {
	t.Parallel()
	site := Site{Prefix: netip.MustParsePrefix("10.0.0.0/16")}
	small := Site{Prefix: netip.MustParsePrefix("10.0.0.0/24"), SlotBits: 25}
	for name, test := range map[string]struct {
		site     Site
		requests []Request
		want     string
	}{
		"one place": {site, []Request{{Name: "iot", VLAN: 276}, {Name: "servers", VLAN: 20}},
			`"iot": 10.0.20.0/24 (VLAN 276) overlaps 10.0.20.0/24 of "servers" (VLAN 20); ` +
				`give the newer of the two a prefix of its own, for example cidr = "10.0.0.0/24"`},
		"pinned onto another": {site, []Request{{Name: "a", VLAN: 20}, {Name: "b", VLAN: 21, Pinned: netip.MustParsePrefix("10.0.20.128/25")}},
			`"a": 10.0.20.0/24 (VLAN 20) overlaps 10.0.20.128/25 of "b" (VLAN 21); ` +
				`give the newer of the two a prefix of its own, for example cidr = "10.0.0.0/24"`},
		"full": {small, []Request{{Name: "a", VLAN: 2}, {Name: "b", VLAN: 3}, {Name: "c", VLAN: 4}},
			`"c": 10.0.0.0/25 (VLAN 4) overlaps 10.0.0.0/25 of "a" (VLAN 2); and 10.0.0.0/24 has no /25 left`},
		"VLAN 0":         {site, []Request{{Name: "a"}}, `"a": VLAN 0 is not from 1 to 4094`},
		"VLAN 4095":      {site, []Request{{Name: "a", VLAN: 4095}}, `"a": VLAN 4095 is not from 1 to 4094`},
		"one VLAN twice": {site, []Request{{Name: "a", VLAN: 2}, {Name: "b", VLAN: 2}}, `"b": VLAN 2 is already "a"'s`},
		"one name twice": {site, []Request{{Name: "a", VLAN: 2}, {Name: "a", VLAN: 3}}, `"a": is asked for twice`},
		"too big":        {site, []Request{{Name: "a", VLAN: 2, Bits: 15}}, `"a": a /15 does not fit into 10.0.0.0/16`},
		"outside": {site, []Request{{Name: "a", VLAN: 2, Pinned: netip.MustParsePrefix("10.1.0.0/24")}},
			`"a": 10.1.0.0/24 is outside the site, 10.0.0.0/16`},
		"two lengths": {site, []Request{{Name: "a", VLAN: 2, Bits: 25, Pinned: netip.MustParsePrefix("10.0.1.0/24")}},
			`"a": 10.0.1.0/24 is not a /25`},
		"slot too big":  {Site{Prefix: site.Prefix, SlotBits: 8}, nil, `a slot of /8 does not fit into 10.0.0.0/16`},
		"multicast":     {Site{Prefix: netip.MustParsePrefix("239.0.0.0/16")}, nil, `239.0.0.0/16 overlaps 224.0.0.0/4, which is kept for multicast (RFC 5771)`},
		"slot too long": {Site{Prefix: site.Prefix, SlotBits: 33}, nil, `a slot of /33 does not fit into 10.0.0.0/16`},
	} {
		got, err := test.site.Carve(test.requests)
		if message(err) != test.want || got != nil {
			t.Errorf("%s: %v, %v\nwant %s", name, got, err, test.want)
		}
	}
}

// sites is how many random sites the property tests plan.
const sites = 10_000

func TestCarve_RandomSites_NothingOverlapsAndNothingMoves(t *testing.T) {
	t.Parallel()
	added, pinned, full := 0, 0, 0
	for seed := range uint64(sites) {
		random := rand.New(rand.NewPCG(seed, 33)) //nolint:gosec // a reproducible test, no secret
		site := randomSite(random)
		var requests []Request
		placed := map[string]netip.Prefix{}
		for vlan := range random.Perm(maxVLAN)[:2+random.IntN(10)] {
			request := randomRequest(random, site, vlan+1+random.IntN(400)*10)
			grown, result, wasPinned, ok := grow(t, site, requests, request)
			if !ok {
				full++
				continue
			}
			for name, prefix := range placed {
				if result[name] != prefix {
					t.Fatalf("site %d: adding %v moved %s from %s to %s", seed, request, name, prefix, result[name])
				}
			}
			requests, placed = grown, result
			added++
			if wasPinned {
				pinned++
			}
			random.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
		}
		checkSite(t, site, placed)
		checkRemoval(t, site, requests, placed)
	}
	t.Logf("%d subnets, %d of them pinned after a collision, %d refused", added, pinned, full)
	if added < 4*sites {
		t.Errorf("only %d subnets were planned: the property was hardly tested", added)
	}
}

// grow adds one subnet, with the prefix that the planner offers if its own place
// is taken. ok is false if the planner says that there is no room, or the VLAN is
// another's.
func grow(t *testing.T, site Site, requests []Request, r Request) (grown []Request, placed map[string]netip.Prefix, pinned, ok bool) {
	t.Helper()
	grown = append(append([]Request{}, requests...), r)
	placed, err := site.Carve(grown)
	if err == nil {
		return grown, placed, false, true
	}
	before, err := site.Carve(requests)
	if err != nil {
		t.Fatalf("%v was planned before: %v", requests, err)
	}
	bits := r.Bits
	if bits == 0 {
		bits = SlotBits(site.Prefix)
	}
	for _, other := range requests {
		if other.VLAN == r.VLAN {
			return nil, nil, false, false
		}
	}
	prefix, room := site.Free(bits, before)
	if !room {
		return nil, nil, false, false
	}
	grown[len(grown)-1].Pinned = prefix
	placed, err = site.Carve(grown)
	if err != nil {
		t.Fatalf("%s was offered for %v, and refused: %v", prefix, r, err)
	}
	return grown, placed, true, true
}

// checkSite holds a plan to the rules: inside the site, disjoint, aligned, and with
// a gateway that a host may have.
func checkSite(t *testing.T, site Site, placed map[string]netip.Prefix) {
	t.Helper()
	for name, prefix := range placed {
		if prefix != prefix.Masked() || !RangeOf(prefix).Within(site.Prefix) {
			t.Fatalf("%s: %s is not a prefix of %s", name, prefix, site.Prefix)
		}
		if err := CheckPrefix(prefix); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := CheckHost(prefix, FirstHost(prefix)); err != nil {
			t.Fatalf("%s: gateway: %v", name, err)
		}
		for other, its := range placed {
			if other != name && RangeOf(its).Overlaps(RangeOf(prefix)) {
				t.Fatalf("%s: %s overlaps %s of %s", name, prefix, its, other)
			}
		}
	}
}

// checkRemoval takes each subnet away: no other moves.
func checkRemoval(t *testing.T, site Site, requests []Request, placed map[string]netip.Prefix) {
	t.Helper()
	for i := range requests {
		fewer := append(append([]Request{}, requests[:i]...), requests[i+1:]...)
		result, err := site.Carve(fewer)
		if err != nil {
			t.Fatalf("removing %v: %v", requests[i], err)
		}
		for name, prefix := range result {
			if placed[name] != prefix {
				t.Fatalf("removing %v moved %s from %s to %s", requests[i], name, placed[name], prefix)
			}
		}
	}
}

func randomSite(random *rand.Rand) Site {
	if random.IntN(3) == 0 {
		var bytes [16]byte
		bytes[0], bytes[1], bytes[5] = 0xfd, byte(random.Uint32()), byte(random.Uint32())
		bytes[7], bytes[8] = byte(random.Uint32()), byte(random.Uint32())
		return Site{Prefix: netip.PrefixFrom(netip.AddrFrom16(bytes), 40+random.IntN(87)).Masked()}
	}
	base := [][4]byte{{10, 0, 0, 0}, {172, 16, 0, 0}, {192, 168, 0, 0}}[random.IntN(3)]
	base[2], base[3] = byte(random.Uint32()), byte(random.Uint32())
	return Site{Prefix: netip.PrefixFrom(netip.AddrFrom4(base), 12+random.IntN(18)).Masked()}
}

func randomRequest(random *rand.Rand, site Site, vlan int) Request {
	r := Request{Name: fmt.Sprintf("net-%d-%d", vlan, random.Uint32()), VLAN: 1 + vlan%maxVLAN}
	if random.IntN(2) == 0 {
		room := site.Prefix.Addr().BitLen() - site.Prefix.Bits()
		r.Bits = site.Prefix.Bits() + 1 + random.IntN(min(room, 16))
	}
	return r
}

func TestDivide_RandomPools_NothingOverlapsAndNothingMoves(t *testing.T) {
	t.Parallel()
	given := 0
	for seed := range uint64(sites) {
		random := rand.New(rand.NewPCG(seed, 34)) //nolint:gosec // a reproducible test, no secret
		pool := randomPool(random)
		held := map[string]netip.Prefix{}
		var shares []Share
		for range 2 + random.IntN(8) {
			if len(shares) > 0 && random.IntN(4) == 0 {
				gone := random.IntN(len(shares))
				shares = append(append([]Share{}, shares[:gone]...), shares[gone+1:]...)
			} else {
				share := Share{Node: fmt.Sprintf("node-%d", random.Uint32())}
				if random.IntN(2) == 0 {
					share.Bits = min(pool.Prefix.Bits()+1+random.IntN(6), pool.Prefix.Addr().BitLen())
				}
				shares = append(append([]Share{}, shares...), share)
			}
			result, err := pool.Divide(shares, held)
			if err != nil {
				shares = shares[:len(shares)-1] // full: go on without the last
				continue
			}
			checkPool(t, pool, shares, held, result)
			held = result
			given += len(result)
		}
	}
	if given < 4*sites {
		t.Errorf("only %d ranges were given: the property was hardly tested", given)
	}
}

func checkPool(t *testing.T, pool Pool, shares []Share, held, result map[string]netip.Prefix) {
	t.Helper()
	if len(result) != len(shares) {
		t.Fatalf("%d ranges for %d nodes", len(result), len(shares))
	}
	for node, prefix := range result {
		if before, ok := held[node]; ok && before != prefix {
			t.Fatalf("%v: %s moved from %s to %s", pool, node, before, prefix)
		}
		if !RangeOf(prefix).Within(pool.Prefix) || !pool.hasHost(prefix) {
			t.Fatalf("%v: %s has %s", pool, node, prefix)
		}
		if reserved, found := firstOverlap(prefix, pool.Reserved); found {
			t.Fatalf("%v: %s has %s, which overlaps %s", pool, node, prefix, reserved)
		}
		for other, its := range result {
			if other != node && its.Overlaps(prefix) {
				t.Fatalf("%v: %s of %s overlaps %s of %s", pool, prefix, node, its, other)
			}
		}
	}
}

func randomPool(random *rand.Rand) Pool {
	pool := Pool{Prefix: randomSite(random).Prefix}
	pool.Gateway = FirstHost(pool.Prefix)
	if random.IntN(2) == 0 {
		first := nth(pool.Prefix, pool.Prefix.Bits()+1, 1).Addr()
		pool.Reserved = []Range{{First: first, Last: lastOf(pool.Prefix)}}
	}
	return pool
}

func TestDivide_Examples(t *testing.T) {
	t.Parallel()
	pool := Pool{
		Prefix: netip.MustParsePrefix("10.0.20.0/24"), Gateway: netip.MustParseAddr("10.0.20.1"),
		Reserved: []Range{{netip.MustParseAddr("10.0.20.100"), netip.MustParseAddr("10.0.20.199")}},
	}
	range32 := netip.MustParsePrefix("10.0.20.32/27")
	for name, test := range map[string]struct {
		shares []Share
		held   map[string]netip.Prefix
		want   string
	}{
		"new":        {[]Share{{Node: "b"}, {Node: "a"}}, nil, "map[a:10.0.20.0/27 b:10.0.20.32/27]"},
		"one before": {[]Share{{Node: "a"}, {Node: "b"}}, map[string]netip.Prefix{"b": netip.MustParsePrefix("10.0.20.0/27")}, "map[a:10.0.20.32/27 b:10.0.20.0/27]"},
		"around the reserved": {[]Share{{Node: "a", Bits: 26}, {Node: "b", Bits: 26}},
			nil, `"b": 10.0.20.0/24 has no free /26 left for its addresses; take a bigger subnet or smaller ranges`},
		"explicit on another's": {[]Share{{Node: "a"}, {Node: "b", Range: range32}}, map[string]netip.Prefix{"a": range32},
			`"b": 10.0.20.32/27 overlaps 10.0.20.32/27, the range of node "a"`},
		"explicit first":      {[]Share{{Node: "a"}, {Node: "b", Range: netip.MustParsePrefix("10.0.20.0/27")}}, nil, "map[a:10.0.20.32/27 b:10.0.20.0/27]"},
		"two explicit":        {[]Share{{Node: "a", Range: range32}, {Node: "b", Range: range32}}, nil, `"b": 10.0.20.32/27 overlaps 10.0.20.32/27, the range of node "a"`},
		"explicit outside":    {[]Share{{Node: "a", Range: netip.MustParsePrefix("10.0.21.0/27")}}, nil, `"a": 10.0.21.0/27 is outside 10.0.20.0/24`},
		"explicit reserved":   {[]Share{{Node: "a", Range: netip.MustParsePrefix("10.0.20.96/27")}}, nil, `"a": 10.0.20.96/27 overlaps the reserved range 10.0.20.100-10.0.20.199`},
		"only the gateway":    {[]Share{{Node: "a", Range: netip.MustParsePrefix("10.0.20.0/31")}}, nil, `"a": 10.0.20.0/31 has no address for a container: the subnet and its gateway need them all`},
		"another length":      {[]Share{{Node: "a", Bits: 28}}, map[string]netip.Prefix{"a": range32}, "map[a:10.0.20.0/28]"},
		"a reserved one goes": {[]Share{{Node: "a"}}, map[string]netip.Prefix{"a": netip.MustParsePrefix("10.0.20.128/27")}, "map[a:10.0.20.0/27]"},
		"held twice":          {[]Share{{Node: "a"}, {Node: "b"}}, map[string]netip.Prefix{"a": range32, "b": range32}, "map[a:10.0.20.32/27 b:10.0.20.0/27]"},
		"smallest":            {[]Share{{Node: "a", Bits: 32}}, nil, "map[a:10.0.20.2/32]"},
		"nobody":              {nil, map[string]netip.Prefix{"a": range32}, "map[]"},
	} {
		got, err := pool.Divide(test.shares, test.held)
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
			var problem *Problem
			if !errors.As(err, &problem) {
				t.Errorf("%s: %T is no *Problem", name, err)
			}
		}
		if text != test.want {
			t.Errorf("%s: %s\nwant %s", name, text, test.want)
		}
	}
}
