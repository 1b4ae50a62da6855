package subnet

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// What a problem's diagnostic is headed with.
const (
	invalidVLAN       = "Invalid VLAN"
	invalidCIDR       = "Invalid CIDR"
	invalidGateway    = "Invalid gateway"
	invalidReserved   = "Invalid reserved range"
	invalidRange      = "Invalid address range"
	invalidAddress    = "Invalid static address"
	invalidAttachment = "Invalid attachment"
	invalidMode       = "Invalid mode"
	overlapping       = "Overlapping address ranges"
	duplicateVLAN     = "VLAN already in use"
)

const (
	minVLAN, maxVLAN = 1, 4094
	// maxLink is the longest name of a network interface (Linux, IFNAMSIZ less the
	// final zero).
	maxLink = 15
)

// at is the place of a problem: an attribute, then keys and attributes in turn.
type at []string

// problem is something that is wrong with what was written.
type problem struct {
	at              at
	summary, detail string
}

// check says what is wrong with a segment, whatever the nodes have.
func (s segment) check() []problem {
	problems := s.checkVLAN()
	problems = append(problems, s.checkMode()...)
	problems = append(problems, s.v4.check("cidr", at{"cidr"}, at{"gateway"}, at{"reserved"})...)
	problems = append(problems, s.v6.check("ipv6.cidr", at{"ipv6", "cidr"}, at{"ipv6", "gateway"}, at{"ipv6", "reserved"})...)
	problems = append(problems, s.checkFamilies()...)
	problems = append(problems, s.checkAttachments()...)
	return append(problems, s.checkAddresses()...)
}

func (s segment) checkVLAN() []problem {
	if s.vlanUnknown || s.vlan >= minVLAN && s.vlan <= maxVLAN {
		return nil
	}
	return []problem{{at{"vlan_id"}, invalidVLAN, fmt.Sprintf("%d is not a VLAN id: 802.1Q has %d to %d. "+
		"For a network on the untagged interface, use homelab_network.", s.vlan, minVLAN, maxVLAN)}}
}

func (s segment) checkMode() []problem {
	offered := modes[s.driver]
	if s.mode == "" || offered == nil || slices.Contains(offered, s.mode) {
		return nil
	}
	return []problem{{at{"mode"}, invalidMode, fmt.Sprintf("%s has no mode %q: it has %s. Choose one of them, or the other driver.",
		s.driver, s.mode, strings.Join(offered, ", "))}}
}

func (f family) check(name string, cidr, gateway, reserved at) []problem {
	if !f.prefix.IsValid() {
		return nil
	}
	if err := address.CheckPrefix(f.prefix); err != nil {
		return []problem{{cidr, invalidCIDR, concept.Sentence(err.Error()) + " Choose a range that hosts can have."}}
	}
	if f.prefix.Bits() > f.prefix.Addr().BitLen()-3 {
		return []problem{{cidr, invalidCIDR, fmt.Sprintf("%s is too small for a gateway and containers on nodes. Choose a shorter prefix.", f.prefix)}}
	}
	var problems []problem
	if f.gateway.IsValid() {
		if err := address.CheckHost(f.prefix, f.gateway); err != nil {
			problems = append(problems, problem{gateway, invalidGateway, fmt.Sprintf("%s Choose another address of %s, the %s.", concept.Sentence(err.Error()), f.prefix, name)})
		}
	}
	for i, r := range f.reserved {
		switch {
		case !r.Within(f.prefix):
			problems = append(problems, problem{reserved, invalidReserved, fmt.Sprintf("%s is not within %s, the %s. Remove it, or correct one of the two.", r, f.prefix, name)})
		case r.Contains(f.gateway):
			problems = append(problems, problem{reserved, invalidReserved,
				fmt.Sprintf("%s holds the gateway %s, which is kept free anyway. A router's own address is not in its DHCP pool: correct one of the two.", r, f.gateway)})
		}
		for _, other := range f.reserved[:i] {
			if r.Overlaps(other) {
				problems = append(problems, problem{reserved, invalidReserved, fmt.Sprintf("%s and %s overlap. Write one range for both, or correct one of the two.", other, r)})
			}
		}
	}
	return problems
}

// checkFamilies looks for IPv6 where IPv4 belongs and the other way round.
func (s segment) checkFamilies() []problem {
	var problems []problem
	if s.v4.prefix.IsValid() && !s.v4.prefix.Addr().Is4() {
		problems = append(problems, problem{at{"cidr"}, invalidCIDR,
			fmt.Sprintf("%s is IPv6. cidr is the subnet's IPv4 range; write IPv6 as ipv6 = { cidr = %q }.", s.v4.prefix, s.v4.prefix)})
	}
	if s.v6.prefix.IsValid() && s.v6.prefix.Addr().Is4() {
		problems = append(problems, problem{at{"ipv6", "cidr"}, invalidCIDR, fmt.Sprintf("%s is IPv4. Write it as cidr.", s.v6.prefix)})
	}
	return problems
}

func (s segment) checkAttachments() []problem {
	var problems []problem
	for _, node := range sortedKeys(s.nodes) {
		a := s.nodes[node]
		place := at{"attachments", node, "parent"}
		switch link := s.link(node); {
		case a.parent == "":
		case strings.Contains(a.parent, "."):
			problems = append(problems, problem{place, invalidAttachment, fmt.Sprintf("%q on node %q is a sub-interface by its name. "+
				"Engines tag frames on a parent without a dot in its name: name the interface that carries all VLANs, such as eth0.", a.parent, node)})
		case strings.ContainsAny(a.parent, "/: \t\n@"):
			problems = append(problems, problem{place, invalidAttachment, fmt.Sprintf("%q on node %q cannot be the name of an interface. "+
				"`ip link` lists the names; leave away what follows an @.", a.parent, node)})
		case len(link) > maxLink:
			problems = append(problems, problem{place, invalidAttachment, fmt.Sprintf("The sub-interface on node %q would be %s, which has %d characters; "+
				"Linux allows %d. Give the interface a shorter name (systemd.link(5)), or take a lower VLAN id.", node, link, len(link), maxLink)})
		}
		if a.range4.IsValid() && a.bits != 0 {
			problems = append(problems, problem{at{"attachments", node, "size"}, invalidRange,
				fmt.Sprintf("Node %q has both range and size. A range says its size: remove one of the two.", node)})
		}
		if a.range6.IsValid() && !s.v6.prefix.IsValid() && !s.v6.unknown {
			problems = append(problems, problem{at{"attachments", node, "ipv6_range"}, invalidRange,
				fmt.Sprintf("Node %q has an ipv6_range, but the subnet has no IPv6. Set ipv6, or remove ipv6_range.", node)})
		}
	}
	return problems
}

// checkAddresses looks at each static address by itself and against the others.
func (s segment) checkAddresses() []problem {
	var problems []problem
	seen := map[netip.Addr]string{}
	for _, name := range sortedKeys(s.static) {
		x := s.static[name]
		if _, attached := s.nodes[x.node]; x.node != "" && s.nodes != nil && !attached {
			problems = append(problems, problem{at{"addresses", name, "node"}, invalidAddress,
				fmt.Sprintf("%q is on node %q, which is not attached to the subnet. Add the node to attachments, or name one of them: %s.",
					name, x.node, strings.Join(sortedKeys(s.nodes), ", "))})
		}
		for _, one := range []struct {
			addr      netip.Addr
			family    family
			attribute string
		}{{x.v4, s.v4, "ipv4"}, {x.v6, s.v6, "ipv6"}} {
			if !one.addr.IsValid() {
				continue
			}
			place := at{"addresses", name, one.attribute}
			if reason := one.family.refuses(one.addr); reason != "" {
				problems = append(problems, problem{place, invalidAddress, fmt.Sprintf("The address of %q, %s", name, reason)})
			} else if other, taken := seen[one.addr]; taken {
				problems = append(problems, problem{place, invalidAddress, fmt.Sprintf("%q and %q both have the address %s. Give one of them another.", other, name, one.addr)})
			}
			seen[one.addr] = name
		}
	}
	return problems
}

// refuses says why an address can be nobody's fixed one, "" if it can.
func (f family) refuses(addr netip.Addr) string {
	if !f.prefix.IsValid() {
		if addr.Is6() && !f.unknown {
			return fmt.Sprintf("%s, is IPv6, and the subnet has none. Set ipv6, or remove the address.", addr)
		}
		return ""
	}
	if err := address.CheckHost(f.prefix, addr); err != nil {
		return fmt.Sprintf("%s, cannot be had: %s Choose another of %s.", addr, concept.Sentence(err.Error()), f.prefix)
	}
	if addr == f.gateway {
		return fmt.Sprintf("%s, is the gateway's. Choose another.", addr)
	}
	for _, r := range f.reserved {
		if r.Contains(addr) {
			return fmt.Sprintf("%s, is in the reserved range %s. Choose one outside, or shorten that range.", addr, r)
		}
	}
	return ""
}

// checkStatic looks for fixed addresses in another node's range, where that
// node's engine might give them to a container of its own.
func (s segment) checkStatic(parts map[string]ranges) []problem {
	var problems []problem
	for _, name := range sortedKeys(s.static) {
		x := s.static[name]
		for _, node := range sortedKeys(parts) {
			if node == x.node || x.node == "" {
				continue
			}
			for _, pair := range []struct {
				attribute string
				addr      netip.Addr
				part      netip.Prefix
			}{{"ipv4", x.v4, parts[node].v4}, {"ipv6", x.v6, parts[node].v6}} {
				if pair.part.IsValid() && pair.part.Contains(pair.addr) {
					problems = append(problems, problem{at{"addresses", name, pair.attribute}, invalidAddress,
						fmt.Sprintf("The address of %q on node %q, %s, is in the range of node %q, %s, whose engine may give it to another container. "+
							"Choose one of %s, or one outside the ranges of all nodes.", name, x.node, pair.addr, node, pair.part, s.own(parts[x.node], pair.attribute))})
				}
			}
		}
	}
	return problems
}

// own is the node's own range of a family, as text.
func (s segment) own(part ranges, attribute string) string {
	if attribute == "ipv6" {
		return part.v6.String()
	}
	return part.v4.String()
}
