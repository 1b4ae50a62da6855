package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// needs draws the dependencies, one line for all that one service needs of
// another.
func (p *picture) needs() {
	if !p.shows(ShowDependencies) || p.level >= plainStacks {
		return
	}
	for _, n := range p.h.Nodes {
		for _, stack := range n.Stacks {
			for _, s := range stack.Services {
				p.needsOf(n.Name, stack.Name, s)
			}
		}
	}
}

func (p *picture) needsOf(node, stack string, s Service) {
	var order []member
	kinds := map[member][]string{}
	for _, need := range s.Needs {
		to := member{node, need.Stack, need.Service}
		if need.Stack == stack && need.Service == s.Name {
			continue
		}
		if kinds[to] == nil {
			order = append(order, to)
			kinds[to] = []string{}
		}
		if need.Kind != DependsOn { // which all others imply
			kinds[to] = append(kinds[to], string(need.Kind))
		}
	}
	for _, to := range order {
		id := p.serviceID(to.node, to.stack, to.service)
		if !p.seen[to] {
			p.seen[to] = true
			p.node(id, "[", []string{text(to.service) + " (missing)"}, nil, "absent")
		}
		arrow := "-->"
		if len(kinds[to]) > 0 && !slices.Equal(kinds[to], []string{string(Link)}) {
			arrow = "==>"
		}
		p.edge(p.serviceID(node, stack, s.Name), arrow, strings.Join(kinds[to], ", "), id)
	}
}

// outside draws what belongs to no single node: networks over several, and VLANs.
func (p *picture) outside() {
	if !p.drawsNetworks() {
		return
	}
	subnets := map[int][]string{}
	var tags []int
	for _, l := range p.lans.all {
		if l.node == "" {
			p.network(l)
		}
		tag := l.vlan()
		if tag == 0 {
			continue
		}
		if subnets[tag] == nil {
			tags, subnets[tag] = append(tags, tag), []string{}
		}
		for _, subnet := range l.Subnets {
			if !slices.Contains(subnets[tag], subnet) {
				subnets[tag] = append(subnets[tag], subnet)
			}
		}
	}
	slices.Sort(tags)
	for _, tag := range tags {
		slices.Sort(subnets[tag])
		p.node(vlanID(tag), "[[", append([]string{fmt.Sprintf("VLAN %d", tag)}, escaped(subnets[tag])...), nil, "vlan")
	}
}

func escaped(list []string) []string {
	out := make([]string, 0, len(list))
	for _, item := range list {
		out = append(out, text(item))
	}
	return out
}

func vlanID(tag int) string { return fmt.Sprintf("vlan_%d", tag) }

// memberships draws who joins which network: one line for a stack of which all
// services do, and none for the network in its title.
func (p *picture) memberships() {
	if !p.drawsNetworks() {
		return
	}
	for _, l := range p.lans.all {
		if p.named(l) {
			continue
		}
		joined := map[member]bool{}
		for _, m := range l.members {
			from := m
			if l.reach != inner && p.boxed() && l.all(m.node, m.stack, p.lans.services) {
				from.service = ""
			}
			if joined[from] {
				continue
			}
			joined[from] = true
			if from.service != "" {
				p.edge(p.serviceID(from.node, from.stack, from.service), "-.-", "", p.lanID(l))
				continue
			}
			// A longer line, so that the network is outside the box, and no other
			// network in between.
			p.edge(p.ids.of("stack", from.node, from.stack), "-..-", "", p.lanID(l))
		}
		if tag := l.vlan(); tag != 0 {
			p.edge(p.lanID(l), "---", "", vlanID(tag))
		}
	}
}

// boxed reports whether stacks have boxes.
func (p *picture) boxed() bool { return p.GroupBy != ByCriticality }
