package converge

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// Subnet is what a VLAN's subnet takes, of all nodes together.
type Subnet = plan.Subnet

// SubnetNode is one node's part in a subnet.
type SubnetNode = plan.SubnetNode

// SubnetConflict is a way in which a subnet gets in the way of something else.
type SubnetConflict = plan.SubnetConflict

// subnets are those that were planned in this process. The zero value is ready.
type subnets struct {
	mu   sync.Mutex // guards list
	list []plan.Subnet
}

// put notes a subnet in place of what was noted of it before, and returns all.
func (s *subnets) put(one plan.Subnet) []plan.Subnet {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(slices.DeleteFunc(s.list, func(other plan.Subnet) bool { return other.Name == one.Name }), one)
	return slices.Clone(s.list)
}

// remove forgets a subnet.
func (s *subnets) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(other plan.Subnet) bool { return other.Name == name })
}

func (s *subnets) named(name string) (plan.Subnet, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(one plan.Subnet) bool { return one.Name == name })
	if i < 0 {
		return plan.Subnet{}, false
	}
	return s.list[i], true
}

// DeclareSubnet notes a subnet, for others to keep clear of, and says where it gets
// in the way of those that were noted before. It does no I/O.
func (d *Door) DeclareSubnet(s Subnet) []SubnetConflict {
	others := d.subnets.put(s)
	return plan.CheckSubnet(s, others, d.segments.all())
}

// LeaveSubnet notes that the run takes a subnet away. It does no I/O.
func (d *Door) LeaveSubnet(name string) { d.subnets.remove(name) }

// checkAddresses says which fixed addresses of a stack are not its node's to have
// on the run's subnets.
func (d *Door) checkAddresses(node string, want *desired.Stack) []plan.Problem {
	var problems []plan.Problem
	for name := range want.Services {
		for _, attachment := range want.Services[name].Networks {
			subnet, known := d.subnets.named(attachment.Network)
			fixed := attachment.Settings.IPAMConfig
			if _, attached := subnet.Nodes[node]; !known || !attached || fixed == nil {
				continue
			}
			for _, text := range []string{fixed.IPv4Address, fixed.IPv6Address} {
				addr, err := netip.ParseAddr(text)
				if err != nil {
					continue // absent, or the document's own mistake
				}
				if reason := subnet.CheckAddress(node, addr.Unmap()); reason != "" {
					problems = append(problems, plan.Problem{Attribute: "compose", Detail: fmt.Sprintf(
						"Service %q has the address %s on homelab_subnet %q, which %s. Choose one of node %q's range, %s, or one that no node's range holds.",
						name, addr, subnet.Name, reason, node, ranges(subnet.Nodes[node]))})
				}
			}
		}
	}
	slices.SortFunc(problems, func(a, b plan.Problem) int { return strings.Compare(a.Detail, b.Detail) })
	return problems
}

func ranges(node SubnetNode) string {
	var list []string
	for _, part := range node.Ranges {
		list = append(list, part.String())
	}
	return strings.Join(list, " and ")
}

// farSubnets says which of the run's subnets a network overlaps that its node is
// not attached to: the node's containers could not reach them.
func (d *Door) farSubnets(node string, own plan.Segment) []plan.Problem {
	if own.VLAN != 0 {
		return nil // a subnet's own, which DeclareSubnet has checked
	}
	d.subnets.mu.Lock()
	list := slices.Clone(d.subnets.list)
	d.subnets.mu.Unlock()
	var problems []plan.Problem
	for _, subnet := range list {
		for _, conflict := range plan.CheckSubnet(subnet, nil, map[string][]plan.Segment{node: {own}}) {
			if own.Name != subnet.Name {
				problems = append(problems, plan.Problem{Attribute: "ipam", Detail: fmt.Sprintf("homelab_subnet %q: %s", subnet.Name, conflict.Detail)})
			}
		}
	}
	return problems
}
