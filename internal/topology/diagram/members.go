package diagram

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// reach says how far a network goes, which decides where it is drawn.
type reach int

const (
	// unused: nobody joins it.
	unused reach = iota
	// whole: all services of one stack join it, and nobody else. It is named in
	// the stack's title.
	whole
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
	home    string // the stack it is drawn in, for whole and inner
	members []member
}

// predefined are the networks that every engine has.
var predefined = map[string]bool{"bridge": true, "host": true, "none": true, "ingress": true, "docker_gwbridge": true}

// lans finds every network of the homelab, in order. A network that a service
// joins and nobody lists is one too.
func (h Homelab) lans() []*lan {
	byKey := map[[2]string]*lan{}
	get := func(node string, n Network) *lan {
		key := [2]string{node, n.Name}
		if n.Spans {
			key[0] = ""
		}
		if byKey[key] == nil {
			byKey[key] = &lan{Network: n, node: key[0]}
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
					l := get(node.Name, n)
					l.members = append(l.members, member{node.Name, stack.Name, service.Name})
				}
			}
		}
	}
	sizes := h.joining()
	var out []*lan
	for _, l := range byKey {
		l.place(sizes)
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *lan) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.node, b.node))
	})
	return out
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

func (l *lan) place(joining map[[2]string]int) {
	stacks := map[[2]string]int{}
	for _, m := range l.members {
		stacks[[2]string{m.node, m.stack}]++
	}
	switch {
	case len(stacks) == 0:
		l.reach = unused
	case l.node == "":
		l.reach = spanning
	case len(stacks) > 1:
		l.reach = shared
	default:
		home := l.members[0]
		l.reach, l.home = inner, home.stack
		if len(l.members) == joining[[2]string{home.node, home.stack}] {
			l.reach = whole
		}
	}
}

// all tells whether every service of a stack that joins any network joins this
// one.
func (l *lan) all(node, stack string, joining map[[2]string]int) bool {
	count := 0
	for _, m := range l.members {
		if m.node == node && m.stack == stack {
			count++
		}
	}
	return count > 1 && count == joining[[2]string{node, stack}]
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
