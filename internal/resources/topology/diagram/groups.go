package diagram

import (
	"cmp"
	"slices"
	"strings"
)

// outsider is the title of what belongs to no stack.
const outsider = "no stack"

func (p *picture) groups() {
	switch p.GroupBy {
	case ByStack:
		p.byStack()
	case ByCriticality:
		p.byCriticality()
	default:
		p.byNode()
	}
}

func (p *picture) byNode() {
	for _, n := range p.h.Nodes {
		id := p.ids.of("node", n.Name)
		switch {
		case n.Absence != "":
			p.box(id, text(n.Name)+" ("+text(n.Absence)+")", "absent", func() {
				p.node(p.ids.of("absent", n.Name), "[", []string{text(n.Absence)}, nil, "absent")
			})
		case p.level >= plainNodes:
			p.node(id, "[", []string{text(n.Name)}, summaries(counted(len(n.Stacks), "stack"), counted(services(n.Stacks), "service")), "")
		default:
			p.box(id, text(n.Name), "", func() { p.inside(n) })
		}
	}
}

func services(stacks []Stack) int {
	count := 0
	for _, s := range stacks {
		count += len(s.Services)
	}
	return count
}

// inside draws the stacks of a node, and the networks that are the node's.
func (p *picture) inside(n Node) {
	for _, s := range n.Stacks {
		p.stack(n, s, "")
	}
	if len(n.Stacks) == 0 {
		p.node(p.ids.of("empty", n.Name), "[", []string{"no stacks"}, nil, "absent")
	}
	p.nodeNetworks(n.Name)
}

// nodeNetworks draws the networks of a node that are not in a stack's box.
func (p *picture) nodeNetworks(node string) {
	if !p.drawsNetworks() {
		return
	}
	for _, l := range p.lans.byNode[node] {
		if !p.named(l) && l.reach != inner {
			p.network(l)
		}
	}
}

func (p *picture) drawsNetworks() bool { return p.shows(ShowNetworks) && p.level < plainNetworks }

func (p *picture) network(l *lan) {
	lines, class := networkLines(l.Network), "network"
	if l.reach == unused {
		lines, class = append(lines, "unused"), "absent"
	}
	if l.node != "" && p.GroupBy != ByNode && p.GroupBy != "" && len(p.h.Nodes) > 1 {
		lines[0] += " on " + text(l.node)
	}
	p.node(p.lanID(l), "{{", lines, nil, class)
}

func (p *picture) lanID(l *lan) string {
	if l.node == "" {
		return p.ids.of("net", l.Name)
	}
	return p.ids.of("net", l.node, l.Name)
}

// stack draws a stack's box; where is added to its title.
func (p *picture) stack(n Node, s Stack, where string) {
	id := p.ids.of("stack", n.Name, s.Name)
	name := text(s.Name)
	if s.Name == "" {
		name = outsider
	}
	title := name + where
	if p.level >= plainStacks {
		p.node(id, "[", []string{title}, p.stackCounts(s), "")
		return
	}
	if nets := p.titleNetworks(n.Name, s.Name); len(nets) > 0 {
		title += " · " + strings.Join(nets, ", ")
	}
	p.box(id, title, "", func() {
		for _, service := range s.Services {
			p.service(n, s, service, nil)
		}
		for _, l := range p.lans.byStack[[2]string{n.Name, s.Name}] {
			if p.drawsNetworks() && !p.named(l) && l.reach == inner {
				p.network(l)
			}
		}
	})
}

func (p *picture) stackCounts(s Stack) []string {
	hosts, ports := 0, 0
	for _, service := range s.Services {
		hosts += len(service.Hosts)
		ports += len(service.Ports)
	}
	return summaries(counted(len(s.Services), "service"), counted(hosts, "host"), counted(ports, "port"))
}

// titleNetworks are the networks that a stack's title names: the one that is all
// its own, or where no lines are drawn, all that it joins.
func (p *picture) titleNetworks(node, stack string) []string {
	if !p.shows(ShowNetworks) {
		return nil
	}
	var out []string
	for _, l := range p.lans.byStack[[2]string{node, stack}] {
		if !p.named(l) {
			continue
		}
		lines := networkLines(l.Network)
		if short, ok := strings.CutPrefix(l.Name, stack+"_"); ok && l.reach == oneStack {
			lines[0] = text(short)
		}
		if len(lines) > 1 || lines[0] != "default" { // which goes without saying
			out = append(out, strings.Join(lines, " "))
		}
	}
	return out
}

// named reports whether a network is only named with those who join it, in place of
// being drawn: the one that is all of a stack's own, or where few are drawn, all
// but those that reach beyond the node.
func (p *picture) named(l *lan) bool {
	switch {
	case p.level >= plainNetworks:
		return true
	case l.vlan() != 0 || l.reach == spanning || l.reach == unused:
		return false
	case p.GroupBy == ByCriticality:
		return true
	}
	return l.reach == oneStack
}

// service draws one service; more are further lines.
func (p *picture) service(n Node, stack Stack, s Service, more []string) {
	p.seen[member{n.Name, stack.Name, s.Name}] = true
	p.node(p.serviceID(n.Name, stack.Name, s.Name), "[", p.serviceLines(s), more, s.style())
}

// exposed reports whether others than its node can reach a service without a proxy.
func (s Service) exposed() bool {
	return s.NetworkMode == "host" || slices.ContainsFunc(s.Ports, func(port Port) bool { return !port.loopback() })
}

func (s Service) style() string {
	switch {
	case s.Condition.Alarming():
		return "unwell"
	case s.Condition != "":
		return "absent"
	case s.exposed():
		return "exposed"
	case len(s.Hosts) > 0:
		return "served"
	}
	return ""
}

func (p *picture) serviceID(node, stack, service string) string {
	if stack == "" {
		return p.ids.of("ctr", node, service)
	}
	return p.ids.of("svc", node, stack, service)
}

func (p *picture) byStack() {
	where := func(node string) string {
		if len(p.h.Nodes) < 2 {
			return ""
		}
		return " on " + text(node)
	}
	stacks := map[string][]Node{} // by the stack's name, each node with that stack alone
	var names []string
	for _, n := range p.h.Nodes {
		for _, s := range n.Stacks {
			if stacks[s.Name] == nil {
				names = append(names, s.Name)
			}
			stacks[s.Name] = append(stacks[s.Name], Node{Name: n.Name, Stacks: []Stack{s}})
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(boolean(a == ""), boolean(b == "")), strings.Compare(a, b))
	})
	for _, name := range names {
		for _, n := range stacks[name] {
			p.stack(n, n.Stacks[0], where(n.Name))
		}
	}
	p.restOfNodes()
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// restOfNodes draws what a grouping without nodes has no box for: the networks
// between boxes, and nodes that nothing is known of.
func (p *picture) restOfNodes() {
	for _, n := range p.h.Nodes {
		if n.Absence != "" {
			p.node(p.ids.of("absent", n.Name), "[", []string{"node " + text(n.Name), text(n.Absence)}, nil, "absent")
		}
		p.nodeNetworks(n.Name)
	}
}

// unrated is the title of what nobody gave a criticality.
const unrated = "no criticality"

// ranks puts common names for a criticality in their order; any other comes
// after them.
var ranks = map[string]int{"critical": -9, "highest": -8, "high": -7, "medium": -6, "normal": -5, "moderate": -4, "low": -3, "lowest": -2, "none": -1}

func (p *picture) byCriticality() {
	type item struct {
		node    Node
		stack   Stack
		service Service
	}
	groups := map[string][]item{}
	for _, n := range p.h.Nodes {
		for _, s := range n.Stacks {
			for _, service := range s.Services {
				groups[service.Criticality] = append(groups[service.Criticality], item{n, s, service})
			}
		}
	}
	var names []string
	for name := range groups {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(boolean(a == ""), boolean(b == "")), cmp.Compare(ranks[strings.ToLower(a)], ranks[strings.ToLower(b)]), strings.Compare(a, b))
	})
	for _, name := range names {
		title, id := text(name), p.ids.of("level", name)
		if name == "" {
			title = unrated
		}
		if p.level >= plainStacks {
			p.node(id, "[", []string{title}, []string{counted(len(groups[name]), "service")}, "")
			continue
		}
		p.box(id, title, "", func() {
			for _, i := range groups[name] {
				p.service(i.node, i.stack, i.service, p.place(i.node, i.stack, i.service))
			}
		})
	}
	p.restOfNodes()
}

// place says where a service is and which networks it joins, for a grouping that
// has no boxes to say it.
func (p *picture) place(n Node, stack Stack, s Service) []string {
	where := text(stack.Name)
	if stack.Name == "" {
		where = outsider
	}
	if len(p.h.Nodes) > 1 {
		where += " on " + text(n.Name)
	}
	if !p.shows(ShowNetworks) {
		return []string{where}
	}
	var joined []string
	for _, l := range p.lans.byStack[[2]string{n.Name, stack.Name}] {
		if p.named(l) && l.joined[member{n.Name, stack.Name, s.Name}] && l.Name != stack.Name+"_default" {
			joined = append(joined, text(l.Name))
		}
	}
	return append([]string{where}, atMost(joined, maxNetworks, ", ")...)
}
