package subnet

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// The drivers that put containers on a node's own network.
const (
	macvlan = "macvlan"
	ipvlan  = "ipvlan"
)

// modes are what each driver offers; the first is its default.
var modes = map[string][]string{
	macvlan: {"bridge", "private", "vepa"},
	ipvlan:  {"l2", "l3", "l3s"},
}

// defaultMode is a driver's, "" for one that is not known.
func defaultMode(driver string) string {
	if offered := modes[driver]; offered != nil {
		return offered[0]
	}
	return ""
}

// segment is a subnet in plain values. What is not known yet is zero, and what
// depends on it is then not checked.
type segment struct {
	name         string
	vlan         int
	vlanUnknown  bool
	driver, mode string
	v4           family
	v6           family // without a prefix: the subnet has no IPv6
	nodes        map[string]attachment
	static       map[string]static
	labels       map[string]string
}

// family is one address family of a subnet.
type family struct {
	unknown  bool // whether there is any, or what it is, is not known yet
	prefix   netip.Prefix
	gateway  netip.Addr
	reserved []address.Range
}

// attachment is one node's part in a subnet.
type attachment struct {
	parent string
	// ranges are zero where one is to be chosen; bits is then its length, 0 for
	// the default.
	range4, range6 netip.Prefix
	bits           int
}

// static is a fixed address of something that runs on a node.
type static struct {
	node   string
	v4, v6 netip.Addr
}

// link is the tagged sub-interface on a node, "" if it is not known yet.
func (s segment) link(node string) string {
	if s.vlanUnknown || s.nodes[node].parent == "" {
		return ""
	}
	return s.nodes[node].parent + "." + strconv.Itoa(s.vlan)
}

// ranges are the parts of both families that a node hands out.
type ranges struct{ v4, v6 netip.Prefix }

// divide gives every node its range. held is what nodes have now; a node that
// stays keeps what it has, whichever others come or go.
func (s segment) divide(held map[string]ranges) (map[string]ranges, []problem) {
	held4, held6 := map[string]netip.Prefix{}, map[string]netip.Prefix{}
	for node, has := range held {
		if has.v4.IsValid() {
			held4[node] = has.v4
		}
		if has.v6.IsValid() {
			held6[node] = has.v6
		}
	}
	parts4, problems := s.divideFamily(s.v4, held4, func(a attachment) (netip.Prefix, int) { return a.range4, a.bits },
		func(x static) netip.Addr { return x.v4 }, "range")
	parts6, more := s.divideFamily(s.v6, held6, func(a attachment) (netip.Prefix, int) { return a.range6, 0 },
		func(x static) netip.Addr { return x.v6 }, "ipv6_range")
	problems = append(problems, more...)
	out := map[string]ranges{}
	for node := range s.nodes {
		out[node] = ranges{parts4[node], parts6[node]}
	}
	return out, problems
}

func (s segment) divideFamily(f family, held map[string]netip.Prefix, wish func(attachment) (netip.Prefix, int),
	fixed func(static) netip.Addr, attribute string,
) (map[string]netip.Prefix, []problem) {
	if !f.prefix.IsValid() {
		return nil, nil
	}
	var shares []address.Share
	asked := map[string]netip.Prefix{}
	for _, node := range sortedKeys(s.nodes) {
		part, bits := wish(s.nodes[node])
		shares = append(shares, address.Share{Node: node, Range: part, Bits: bits})
		if part.IsValid() {
			asked[node] = part
		}
	}
	pool := address.Pool{Prefix: f.prefix, Gateway: f.gateway, Reserved: slices.Clone(f.reserved)}
	for _, name := range sortedKeys(s.static) {
		// A range that is chosen now goes around fixed addresses. One that is there
		// already, or is asked for, stays: checkStatic looks at whose it is.
		addr := fixed(s.static[name])
		if f.prefix.Contains(addr) && !within(addr, held) && !within(addr, asked) {
			pool.Reserved = append(pool.Reserved, address.Range{First: addr, Last: addr})
		}
	}
	parts, err := pool.Divide(shares, held)
	return parts, dividing(err, attribute)
}

func within(addr netip.Addr, parts map[string]netip.Prefix) bool {
	for _, part := range parts {
		if part.Contains(addr) {
			return true
		}
	}
	return false
}

// dividing says at each node why it gets no range.
func dividing(err error, attribute string) []problem {
	if err == nil {
		return nil
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	var problems []problem
	for _, one := range list {
		p, ok := one.(*address.Problem) //nolint:errorlint // Divide promises these
		if !ok {
			problems = append(problems, problem{at: at{"attachments"}, summary: invalidRange, detail: concept.Sentence(one.Error())})
			continue
		}
		problems = append(problems, problem{at: at{"attachments", p.Name, attribute}, summary: invalidRange,
			detail: fmt.Sprintf("Node %q: %s", p.Name, concept.Sentence(p.Reason))})
	}
	return problems
}

// bitsFor is the length of the smallest prefix with at least size addresses.
func bitsFor(size int, of netip.Prefix) int {
	bits := of.Addr().BitLen()
	for bits > 0 && 1<<(of.Addr().BitLen()-bits) < size {
		bits--
	}
	return bits
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, cmp.Compare)
	return keys
}

// sortedRanges puts ranges in the order of their addresses.
func sortedRanges(list []address.Range) []address.Range {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b address.Range) int { return a.First.Compare(b.First) })
	return list
}
