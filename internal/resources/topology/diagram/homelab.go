package diagram

import (
	"cmp"
	"slices"
	"strings"
)

// Homelab is what is drawn.
type Homelab struct{ Nodes []Node }

// Node is one machine.
type Node struct {
	Name string
	// Absence says why nothing is known of the node, in a word or two such as
	// "offline"; empty for a node that answered.
	Absence  string
	Stacks   []Stack
	Networks []Network
}

// Stack is a group of services on one node. The containers that belong to no
// stack are one without a name.
type Stack struct {
	Name     string
	Services []Service
}

// Condition is the engine's word for how a service fares, such as "unhealthy" or
// "exited"; empty for one that is well, or of which nobody asked.
type Condition string

// Alarming reports whether a condition is worse than not running.
func (c Condition) Alarming() bool { return c == "unhealthy" || c == "restarting" || c == "dead" }

// Service is one service, or a container of no stack.
type Service struct {
	Name string
	// Replicas is the number of containers.
	Replicas    int
	Condition   Condition
	Criticality string
	Image       string
	// Hosts are the names under which a reverse proxy serves it.
	Hosts []string
	Ports []Port
	// NetworkMode is "host" or "none" for a service with no network of its own,
	// else empty. Networks are the names of those it joins.
	NetworkMode string
	Networks    []string
	Needs       []Need
}

// Port is a port of the node that leads into a container.
type Port struct {
	// Address is empty for all addresses of the node.
	Address string
	// Published may be a range such as "8000-8002", or empty where the engine
	// chooses.
	Published string
	Target    string
	Protocol  string
}

// loopback reports whether only the node itself can reach a port.
func (p Port) loopback() bool { return strings.HasPrefix(p.Address, "127.") || p.Address == "::1" }

// NeedKind says in which way a service needs another.
type NeedKind string

// The ways in which one service needs another.
const (
	DependsOn NeedKind = "depends_on"
	Namespace NeedKind = "network"
	PID       NeedKind = "pid"
	IPC       NeedKind = "ipc"
	Volumes   NeedKind = "volumes"
	Link      NeedKind = "link"
)

// Need is another service, on the same node, that one cannot do without.
type Need struct {
	Kind           NeedKind
	Stack, Service string
}

// Network is one network of a node.
type Network struct {
	Name string
	// Stack is the stack that makes it; empty for none.
	Stack    string
	Driver   string
	Subnets  []string
	Internal bool
	// Spans reports that the network of that name on other nodes is the same one.
	Spans bool
	// Parent is the node's interface that a macvlan or ipvlan network is on. One
	// with a dot, such as eth0.30, is tagged with that VLAN.
	Parent string
	// VLAN is the tag; zero takes it from Parent.
	VLAN int
}

// sorted returns a copy in which every list is in order, so that the text does
// not depend on who listed it.
func (h Homelab) sorted() Homelab {
	nodes := slices.Clone(h.Nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	for i := range nodes {
		n := &nodes[i]
		n.Stacks, n.Networks = slices.Clone(n.Stacks), slices.Clone(n.Networks)
		slices.SortFunc(n.Stacks, func(a, b Stack) int {
			if (a.Name == "") != (b.Name == "") { // what belongs to none comes last
				return strings.Compare(b.Name, a.Name)
			}
			return strings.Compare(a.Name, b.Name)
		})
		slices.SortFunc(n.Networks, func(a, b Network) int { return strings.Compare(a.Name, b.Name) })
		for j := range n.Stacks {
			services := slices.Clone(n.Stacks[j].Services)
			slices.SortFunc(services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
			for k := range services {
				services[k] = services[k].sorted()
			}
			n.Stacks[j].Services = services
		}
	}
	return Homelab{nodes}
}

func (s Service) sorted() Service {
	s.Hosts, s.Networks, s.Needs = slices.Clone(s.Hosts), slices.Clone(s.Networks), slices.Clone(s.Needs)
	slices.Sort(s.Hosts)
	s.Hosts = slices.Compact(s.Hosts)
	slices.Sort(s.Networks)
	s.Networks = slices.Compact(s.Networks)
	slices.SortFunc(s.Needs, func(a, b Need) int {
		return cmp.Or(strings.Compare(a.Stack, b.Stack), strings.Compare(a.Service, b.Service), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	s.Needs = slices.Compact(s.Needs)
	return s
}
