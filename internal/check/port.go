package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// HostPort is a port of a node, or a range of which a container takes any one.
type HostPort struct {
	// Address is the node's own; the zero value means all of them.
	Address netip.Addr
	// First and Last are equal for a single port.
	First, Last uint16
	// Protocol is "tcp", "udp" or "sctp".
	Protocol string
}

// String writes the port as "8080/tcp", without its address.
func (p HostPort) String() string {
	if p.First == p.Last {
		return fmt.Sprintf("%d/%s", p.First, p.Protocol)
	}
	return fmt.Sprintf("%d-%d/%s", p.First, p.Last, p.Protocol)
}

// Single reports whether it is one port, not a range.
func (p HostPort) Single() bool { return p.First == p.Last }

// Clashes reports whether two have a port of an address in common.
func (p HostPort) Clashes(other HostPort) bool {
	return p.Protocol == other.Protocol && p.First <= other.Last && other.First <= p.Last && overlap(p.Address, other.Address)
}

func (p HostPort) sortKey() string {
	return fmt.Sprintf("%05d-%05d/%s %s", p.First, p.Last, p.Protocol, p.Address)
}

// overlap reports whether two addresses to listen on include each other. Engines
// keep IPv4 and IPv6 apart: "::" is IPv6 only (libnetwork's port mapper).
func overlap(a, b netip.Addr) bool {
	switch {
	case !a.IsValid() || !b.IsValid():
		return true
	case a.Is4() != b.Is4():
		return false
	default:
		return a == b || a.IsUnspecified() || b.IsUnspecified()
	}
}

// NewHostPort reads an address and a port or range; ok is false where the engine
// is free to choose, and for what is not a port.
func NewHostPort(address, published, protocol string) (port HostPort, ok bool) {
	if published == "" {
		return port, false
	}
	first, last, err := nat.ParsePortRangeToInt(published)
	if err != nil || first == 0 || last > 65535 {
		return port, false
	}
	ip, _ := netip.ParseAddr(strings.Trim(address, "[]")) // empty: all addresses
	return HostPort{Address: ip.Unmap(), First: uint16(first), Last: uint16(last), Protocol: protocol}, true
}

// Published lists the host ports that a service asks for by number, in order. A
// container in another one's network, or in none, publishes nothing.
func Published(s *desired.Service) []HostPort {
	var out []HostPort
	for _, p := range s.Published() {
		if one, ok := NewHostPort(p.Address, p.Port, p.Protocol); ok {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b HostPort) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	return slices.Compact(out)
}
