package observed

import (
	"maps"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Exists reports whether the node has containers or networks of the stack. Its
// volumes alone are data, which outlives it.
func (s *Stack) Exists() bool { return len(s.Services) > 0 || len(s.OwnNetworks()) > 0 }

// OwnNetworks names the networks of the stack's project, in no order.
func (s *Stack) OwnNetworks() []string {
	var names []string
	for name, n := range s.Networks {
		if n.Labels[desired.LabelProject] == s.Name {
			names = append(names, name)
		}
	}
	return names
}

// Gone is the stack as it is once it was destroyed: what is left of it is the data
// in its named volumes.
func (s *Stack) Gone() *Stack {
	gone := *s
	gone.Services, gone.Scratch, gone.Owned = map[string][]Container{}, nil, false
	gone.Networks, gone.Volumes, gone.Names, gone.Ports = maps.Clone(s.Networks), maps.Clone(s.Volumes), maps.Clone(s.Names), maps.Clone(s.Ports)
	for _, name := range s.OwnNetworks() {
		delete(gone.Networks, name)
	}
	maps.DeleteFunc(gone.Volumes, func(_ string, v Volume) bool {
		return v.Labels[desired.LabelStack] == s.Name && v.Labels[desired.LabelFile] != ""
	})
	maps.DeleteFunc(gone.Ports, func(_ string, holder Holder) bool { return holder.Stack == s.Name })
	ids := map[string]bool{}
	for _, list := range s.Services {
		for i := range list {
			ids[list[i].ID] = true
		}
	}
	maps.DeleteFunc(gone.Names, func(_, id string) bool { return ids[id] })
	return &gone
}

// Lives reports whether a node is the one that has the stack's containers or
// networks, whatever its name.
func (s *Stack) Lives(n *Node) bool {
	for _, list := range s.Services {
		for i := range list {
			if _, listed := n.index.listed[list[i].ID]; listed {
				return true
			}
		}
	}
	for _, name := range s.OwnNetworks() {
		if n.index.networks[name].ID == s.Networks[name].ID {
			return true
		}
	}
	return false
}

// Lives reports whether a node is the one that has the network, whatever its name.
func (n *NetworkOnNode) Lives(node *Node) bool {
	return n.Exists && node.index.networks[n.Name].ID == n.Network.ID
}

// Gone is the network as it is once it was destroyed.
func (n *NetworkOnNode) Gone() *NetworkOnNode {
	return &NetworkOnNode{Name: n.Name, Others: n.Others, APIVersion: n.APIVersion}
}
