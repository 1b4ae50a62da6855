package diagram

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// reach says how far a network goes, which decides where it is drawn.
type reach int

const (
	// unused: nobody joins it.
	unused reach = iota
	// oneStack: all services of one stack join it, and nobody else. It is named in
	// the stack's title.
	oneStack
	// inner: some services of one stack join it.
	inner
	// shared: services of several stacks join it.
	shared
	// spanning: it is one over several nodes.
	spanning
)

// member is a service that joins a network.
type member struct{ node, stack, service string }

// lan is a network with who joins it. One that spans nodes is one lan.
type lan struct {
	Network
	node    string // empty for one that spans nodes
	reach   reach
	home    string // the stack it is drawn in, for oneStack and inner
	members []member
	joined  map[member]bool   // the same
	joining map[[2]string]int // how many of a node's stack
}

// lans are all networks of a homelab, in order, and by whom they are asked for.
type lans struct {
	all     []*lan
	byNode  map[string][]*lan    // that are the node's own
	byStack map[[2]string][]*lan // that the services of a node's stack join
	// services counts the services of a node's stack that join any network.
	services map[[2]string]int
}

// predefined are the networks that every engine has.
var predefined = map[string]bool{"bridge": true, "host": true, "none": true, "ingress": true, "docker_gwbridge": true}

// lans finds every network of the homelab, in order. A network that a service
// joins and nobody lists is one too.
func (h Homelab) lans() *lans {
	byKey := map[[2]string]*lan{}
	get := func(node string, n Network) *lan {
		key := [2]string{node, n.Name}
		if n.Spans {
			key[0] = ""
		}
		if byKey[key] == nil {
			byKey[key] = &lan{Network: n, node: key[0], joined: map[member]bool{}, joining: map[[2]string]int{}}
		}
		return byKey[key]
	}
	for _, node := range h.Nodes {
		listed := map[string]Network{}
		for _, n := range node.Networks {
			listed[n.Name] = n
			if !predefined[n.Name] {
				get(node.Name, n)
			}
		}
		for _, stack := range node.Stacks {
			for _, service := range stack.Services {
				for _, name := range service.Networks {
					if name == "host" || name == "none" {
						continue
					}
					n, ok := listed[name]
					if !ok {
						n = Network{Name: name}
					}
					get(node.Name, n).join(member{node.Name, stack.Name, service.Name})
				}
			}
		}
	}
	out := &lans{all: slices.Collect(maps.Values(byKey)), byNode: map[string][]*lan{}, byStack: map[[2]string][]*lan{}, services: h.joining()}
	slices.SortFunc(out.all, func(a, b *lan) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.node, b.node))
	})
	for _, l := range out.all {
		l.place(out.services)
		out.byNode[l.node] = append(out.byNode[l.node], l)
		for at := range l.joining {
			out.byStack[at] = append(out.byStack[at], l)
		}
	}
	return out
}

func (l *lan) join(m member) {
	l.members = append(l.members, m)
	l.joined[m] = true
	l.joining[[2]string{m.node, m.stack}]++
}

// joining counts the services of each stack that join any network.
func (h Homelab) joining() map[[2]string]int {
	out := map[[2]string]int{}
	for _, node := range h.Nodes {
		for _, stack := range node.Stacks {
			for _, service := range stack.Services {
				if len(service.Networks) > 0 && service.NetworkMode == "" {
					out[[2]string{node.Name, stack.Name}]++
				}
			}
		}
	}
	return out
}

func (l *lan) place(services map[[2]string]int) {
	switch {
	case len(l.members) == 0:
		l.reach = unused
	case l.node == "":
		l.reach = spanning
	case len(l.joining) > 1:
		l.reach = shared
	default:
		home := l.members[0]
		l.reach, l.home = inner, home.stack
		if len(l.members) == services[[2]string{home.node, home.stack}] {
			l.reach = oneStack
		}
	}
}

// all reports whether several services of a stack join the network, and every one
// that joins any.
func (l *lan) all(node, stack string, services map[[2]string]int) bool {
	at := [2]string{node, stack}
	return l.joining[at] > 1 && l.joining[at] == services[at]
}

// vlan is the tag of the network, zero for none: its own, or the one of its
// parent interface.
func (n Network) vlan() int {
	if n.VLAN != 0 || n.Driver != "macvlan" && n.Driver != "ipvlan" {
		return n.VLAN
	}
	_, tag, ok := strings.Cut(n.Parent, ".")
	id, err := strconv.Atoi(tag)
	if !ok || err != nil || id < 1 || id > 4094 {
		return 0
	}
	return id
}
