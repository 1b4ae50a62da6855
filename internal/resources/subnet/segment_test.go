package subnet

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
)

func sample() segment {
	return segment{
		name: "lan", vlan: 20, driver: macvlan, mode: "bridge",
		v4:    family{prefix: netip.MustParsePrefix("10.0.20.0/24"), gateway: netip.MustParseAddr("10.0.20.1")},
		nodes: map[string]attachment{"atlas": {parent: "eth0"}, "helios": {parent: "eth0"}},
	}
}

func requireNoProblems(t *testing.T, problems []problem) {
	t.Helper()
	for _, p := range problems {
		t.Errorf("%v: %s: %s", p.at, p.summary, p.detail)
	}
}

// Nodes come and go, sizes differ: nobody who stays is moved, and no two ranges
// share an address.
func TestDivide_NodesComeAndGo_NoOtherRangeMoves(t *testing.T) {
	names := []string{"atlas", "helios", "nas", "overwatch", "pi", "zeus"}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 5))
		s := sample()
		s.v6.prefix = netip.MustParsePrefix("fd00:20::/64")
		s.nodes = map[string]attachment{}
		held := map[string]ranges{}
		for range 12 {
			name := names[random.IntN(len(names))]
			if _, there := s.nodes[name]; there {
				delete(s.nodes, name)
				delete(held, name)
			} else {
				s.nodes[name] = attachment{parent: "eth0", bits: []int{0, 28, 29}[random.IntN(3)]}
			}
			parts, problems := s.divide(held)
			requireNoProblems(t, problems)
			for node, had := range held {
				if parts[node] != had {
					t.Fatalf("seed %d: %s moved from %v to %v", seed, node, had, parts[node])
				}
			}
			requireApart(t, parts)
			held = parts
		}
	}
}

func requireApart(t *testing.T, parts map[string]ranges) {
	t.Helper()
	for node, one := range parts {
		for other, another := range parts {
			if node != other && (one.v4.Overlaps(another.v4) || one.v6.Overlaps(another.v6)) {
				t.Fatalf("%s has %v and %s has %v", node, one, other, another)
			}
		}
	}
}

func TestDivide_StaticAddress_IsGoneAroundByNewRangesOnly(t *testing.T) {
	s := sample()
	s.static = map[string]static{"plex": {node: "helios", v4: netip.MustParseAddr("10.0.20.40")}}
	parts, problems := s.divide(nil)
	requireNoProblems(t, problems)
	for node, part := range parts {
		if part.v4.Contains(s.static["plex"].v4) {
			t.Errorf("the new range of %s, %s, holds the static address", node, part.v4)
		}
	}
	held := map[string]ranges{"helios": {v4: netip.MustParsePrefix("10.0.20.32/27")}}
	parts, problems = s.divide(held)
	requireNoProblems(t, append(problems, s.checkStatic(parts)...))
	if parts["helios"] != held["helios"] {
		t.Errorf("helios was moved to %v by an address that is its own", parts["helios"])
	}
	held = map[string]ranges{"atlas": {v4: netip.MustParsePrefix("10.0.20.32/27")}}
	parts, problems = s.divide(held)
	requireNoProblems(t, problems)
	if parts["atlas"] != held["atlas"] {
		t.Errorf("atlas was moved to %v by another node's address", parts["atlas"])
	}
	if len(s.checkStatic(parts)) != 1 {
		t.Error("an address in another node's range is not refused")
	}
}

func TestBitsFor_AnySize_IsTheSmallestThatHoldsIt(t *testing.T) {
	for size, want := range map[int]int{1: 32, 2: 31, 3: 30, 16: 28, 17: 27, 200: 24, 1 << 20: 12} {
		if got := bitsFor(size, netip.MustParsePrefix("10.0.0.0/8")); got != want {
			t.Errorf("%d addresses get a /%d, not a /%d", size, got, want)
		}
	}
}

func TestRefuses_FreeAddress_IsFine(t *testing.T) {
	f := sample().v4
	f.reserved = []address.Range{{First: netip.MustParseAddr("10.0.20.100"), Last: netip.MustParseAddr("10.0.20.199")}}
	if why := f.refuses(netip.MustParseAddr("10.0.20.210")); why != "" {
		t.Error(why)
	}
}
