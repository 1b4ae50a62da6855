package check

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
)

// Subnet is what a VLAN's subnet takes, of all nodes together.
type Subnet struct {
	Name string
	VLAN int
	// Prefixes are its address ranges, and Gateways its routers' addresses.
	Prefixes []netip.Prefix
	Gateways []netip.Addr
	// Reserved are the addresses that no container may get.
	Reserved []address.Range
	// Nodes are those that are attached, by name.
	Nodes map[string]SubnetNode
}

// SubnetNode is one node's part in a subnet.
type SubnetNode struct {
	// Link is the tagged sub-interface, such as eth0.20.
	Link string
	// Ranges are what its engine hands out.
	Ranges []netip.Prefix
}

// SubnetConflict is a way in which a subnet gets in the way of another one, or of a
// network.
type SubnetConflict struct {
	// Node is set where both want the sub-interface of a node; otherwise Prefix is
	// the range that both have.
	Node   string
	Prefix netip.Prefix
	Detail string
}

// Subnets says where a subnet gets in the way of other subnets of the same run,
// wherever they are, and of the run's networks on nodes that it is not attached to;
// [Neighbours] looks at those that it is attached to.
func Subnets(own Subnet, others []Subnet, networks map[string][]Network) []SubnetConflict {
	var found []SubnetConflict
	subnets := map[string]bool{own.Name: true}
	for _, other := range others {
		if other.Name == own.Name {
			continue
		}
		subnets[other.Name] = true
		found = append(found, own.conflicts(other)...)
	}
	for _, node := range slices.Sorted(maps.Keys(networks)) {
		if _, attached := own.Nodes[node]; attached {
			continue
		}
		for _, network := range networks[node] {
			if !network.Leaves && !subnets[network.Name] {
				found = append(found, own.overlaps(node, network)...)
			}
		}
	}
	return found
}

func (s Subnet) conflicts(other Subnet) []SubnetConflict {
	var found []SubnetConflict
	for _, prefix := range s.Prefixes {
		for _, theirs := range other.Prefixes {
			if prefix.Overlaps(theirs) {
				found = append(found, SubnetConflict{Prefix: prefix, Detail: fmt.Sprintf(
					"%s (VLAN %d) overlaps homelab_subnet %q, %s (VLAN %d). Choose a range outside of %s, or change that one.",
					prefix, s.VLAN, other.Name, theirs, other.VLAN, theirs)})
			}
		}
	}
	for _, node := range slices.Sorted(maps.Keys(s.Nodes)) {
		if link := s.Nodes[node].Link; link != "" && link == other.Nodes[node].Link {
			found = append(found, SubnetConflict{Node: node, Detail: fmt.Sprintf(
				"VLAN %d on node %q, %s, is homelab_subnet %q already. An interface carries a VLAN once: choose another vlan_id or parent, or use that subnet.",
				s.VLAN, node, link, other.Name)})
		}
	}
	return found
}

func (s Subnet) overlaps(node string, network Network) []SubnetConflict {
	var found []SubnetConflict
	for _, prefix := range s.Prefixes {
		for _, pool := range network.Pools {
			if prefixesOverlap(prefix.String(), pool.Subnet) {
				found = append(found, SubnetConflict{Prefix: prefix, Detail: fmt.Sprintf(
					"%s (VLAN %d) overlaps %s on node %q, %s, whose containers could not reach the VLAN. Choose a range outside of %s, or change that network.",
					prefix, s.VLAN, network.Owner, node, pool.Subnet, pool.Subnet)})
			}
		}
	}
	return found
}

// CheckAddress says why nothing on a node may have a fixed address on the subnet;
// empty if it may.
func (s Subnet) CheckAddress(node string, addr netip.Addr) string {
	var within netip.Prefix
	for _, prefix := range s.Prefixes {
		if prefix.Contains(addr) {
			within = prefix
		}
	}
	if !within.IsValid() {
		return fmt.Sprintf("is outside of the subnet's ranges, %v", s.Prefixes)
	}
	if err := address.CheckHost(within, addr); err != nil {
		return "can be no container's: " + err.Error()
	}
	for _, gateway := range s.Gateways {
		if addr == gateway {
			return "is the gateway's"
		}
	}
	for _, r := range s.Reserved {
		if r.Contains(addr) {
			return fmt.Sprintf("is in the reserved range %s", r)
		}
	}
	for _, other := range slices.Sorted(maps.Keys(s.Nodes)) {
		for _, part := range s.Nodes[other].Ranges {
			if other != node && part.Contains(addr) {
				return fmt.Sprintf("is in the range of node %q, %s, whose engine may give it to another container", other, part)
			}
		}
	}
	return ""
}
