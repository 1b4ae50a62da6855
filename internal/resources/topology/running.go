package topology

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

// place is a service of a stack; the stack is empty for a container of none.
type place struct{ stack, service string }

// fromInventory draws up what a node runs. criticality is the label that rates a
// service.
func fromInventory(name string, have core.Inventory, criticality string) diagram.Node {
	node := diagram.Node{Name: name}
	for _, n := range have.Networks {
		node.Networks = append(node.Networks, diagram.Network{
			Name: n.Name, Stack: n.Stack, Driver: n.Driver, Subnets: n.Subnets, Internal: n.Internal, Spans: n.Shared, Parent: n.Parent,
		})
	}
	places := map[string]place{} // by name and by ID
	for _, c := range have.Containers {
		places[c.Name], places[c.ID] = placeOf(c.Stack, c.Service, c.Name), placeOf(c.Stack, c.Service, c.Name)
	}
	services := map[place]*diagram.Service{}
	running := map[place]int{}
	for _, c := range have.Containers {
		at := places[c.ID]
		s := services[at]
		if s == nil {
			s = &diagram.Service{Name: at.service}
			services[at] = s
		}
		s.Replicas++
		if up(c.State) {
			running[at]++
		}
		s.Condition = worse(s.Condition, conditionOf(c.State))
		s.Criticality = cmp.Or(s.Criticality, c.Labels[criticality])
		s.Image = cmp.Or(s.Image, c.Image)
		s.Hosts = append(s.Hosts, hosts(c.Labels, c.VirtualHost)...)
		s.NetworkMode = noNetwork(c.NetworkMode)
		s.Networks = append(s.Networks, c.Networks...)
		for _, p := range c.Ports {
			s.Ports = append(s.Ports, diagram.Port{Address: p.IP, Published: orEmpty(p.Public), Target: strconv.Itoa(p.Private), Protocol: p.Protocol})
		}
		s.Needs = append(s.Needs, needs(c, places)...)
	}
	for at, s := range services {
		if running[at] > 0 {
			s.Replicas = running[at]
			if !s.Condition.Alarming() { // what else does not run is left from before
				s.Condition = ""
			}
		}
		if s.NetworkMode == "host" || s.NetworkMode == "none" {
			s.Networks = nil
		}
	}
	node.Stacks = stacksOf(services)
	return node
}

func placeOf(stack, service, name string) place {
	if stack == "" || service == "" {
		return place{stack, name}
	}
	return place{stack, service}
}

func orEmpty(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}

// noNetwork keeps the modes that leave a container without a network of its own.
func noNetwork(mode string) string {
	if mode == "host" || mode == "none" {
		return mode
	}
	return ""
}

func up(state core.State) bool {
	switch state {
	case core.StateRunning, core.StateStarting, core.StateHealthy, core.StateUnhealthy, core.StateRestarting:
		return true
	default:
		return false
	}
}

func conditionOf(state core.State) diagram.Condition {
	switch state {
	case core.StateRunning, core.StateStarting, core.StateHealthy, core.StateCompleted:
		return ""
	default:
		return diagram.Condition(state)
	}
}

// worse is the condition of several containers.
func worse(a, b diagram.Condition) diagram.Condition {
	if a.Alarming() || b == "" {
		return a
	}
	return b
}

// needKinds are the ways to share, by the field that says so.
var needKinds = map[string]diagram.NeedKind{
	"network_mode": diagram.Namespace, "pid": diagram.PID, "ipc": diagram.IPC, "volumes_from": diagram.Volumes,
}

func needs(c core.RunningContainer, places map[string]place) []diagram.Need {
	var out []diagram.Need
	for _, name := range c.DependsOn {
		out = append(out, diagram.Need{Kind: diagram.DependsOn, Stack: c.Stack, Service: name})
	}
	add := func(kind diagram.NeedKind, container string) {
		at, known := places[container]
		if !known { // it is gone
			at = place{"", container[:min(len(container), shortID)]}
		}
		out = append(out, diagram.Need{Kind: kind, Stack: at.stack, Service: at.service})
	}
	for _, share := range c.Shares {
		add(needKinds[share.Field], share.Container)
	}
	for _, link := range c.Links {
		add(diagram.Link, link)
	}
	return out
}

// shortID is how many characters of a container's ID people are shown.
const shortID = 12

// stacksOf puts services into their stacks.
func stacksOf(services map[place]*diagram.Service) []diagram.Stack {
	byName := map[string][]diagram.Service{}
	for at, s := range services {
		byName[at.stack] = append(byName[at.stack], *s)
	}
	var stacks []diagram.Stack
	for name, list := range byName {
		stacks = append(stacks, diagram.Stack{Name: name, Services: list})
	}
	return slices.Clip(stacks)
}
