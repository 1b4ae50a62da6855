package core

import "github.com/homelab-iac/terraform-provider-homelab/internal/check"

// Subnet is what a VLAN's subnet takes, of all nodes together.
type Subnet = check.Subnet

// SubnetNode is one node's part in a subnet.
type SubnetNode = check.SubnetNode

// SubnetConflict is a way in which a subnet gets in the way of something else.
type SubnetConflict = check.SubnetConflict

// Subnets plans subnets. What they have on each node is a network.
type Subnets struct{ *shared }

// Declare notes a subnet, for others to keep clear of, and reports where it gets in the
// way of those that were noted before. It does no I/O.
func (s Subnets) Declare(one Subnet) []SubnetConflict {
	subnets := s.run.NoteSubnet(one)
	return check.Subnets(one, subnets, s.run.NetworksOfNodes())
}

// Leave notes that the run takes a subnet away. It does no I/O.
func (s Subnets) Leave(name string) { s.run.RemoveSubnet(name) }
