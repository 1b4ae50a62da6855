package topology

import (
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

// declaration is one stack and the node it is meant for.
type declaration struct {
	node  string
	stack desired.Stack
}

// fromDeclarations draws up what stacks declare. criticality is the label that
// rates a service.
func fromDeclarations(list []declaration, criticality string) diagram.Homelab {
	byNode := map[string][]desired.Stack{}
	for _, d := range list {
		byNode[d.node] = append(byNode[d.node], d.stack)
	}
	var h diagram.Homelab
	for _, name := range slices.Sorted(maps.Keys(byNode)) {
		node := diagram.Node{Name: name, Networks: networks(byNode[name])}
		places := containers(byNode[name])
		for _, stack := range byNode[name] {
			one := diagram.Stack{Name: stack.Name}
			for _, service := range slices.Sorted(maps.Keys(stack.Services)) {
				s := stack.Services[service]
				one.Services = append(one.Services, fromService(stack.Name, &s, places, criticality))
			}
			node.Stacks = append(node.Stacks, one)
		}
		h.Nodes = append(h.Nodes, node)
	}
	return h
}

// containers says which service the containers of some stacks belong to, by name.
func containers(stacks []desired.Stack) map[string]place {
	places := map[string]place{}
	for _, stack := range stacks {
		for name, s := range stack.Services {
			if s.ContainerName != "" {
				places[s.ContainerName] = place{stack.Name, name}
			}
			places[stack.Name+"-"+name+"-1"] = place{stack.Name, name}
		}
	}
	return places
}

// networks are those that the stacks of a node make or use, each once: where one
// makes it, as that one says.
func networks(stacks []desired.Stack) []diagram.Network {
	found := map[string]diagram.Network{}
	for _, stack := range stacks {
		for _, n := range stack.Networks {
			if n.External {
				if _, known := found[n.Name]; !known {
					found[n.Name] = diagram.Network{Name: n.Name}
				}
				continue
			}
			one := diagram.Network{
				Name: n.Name, Stack: stack.Name, Driver: n.Driver, Internal: n.Internal, Spans: n.Driver == "overlay", Parent: n.Options["parent"],
			}
			if n.IPAM != nil {
				for _, config := range n.IPAM.Config {
					if config.Subnet != "" {
						one.Subnets = append(one.Subnets, config.Subnet)
					}
				}
			}
			found[n.Name] = one
		}
	}
	var out []diagram.Network
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

func fromService(stack string, s *desired.Service, places map[string]place, criticality string) diagram.Service {
	out := diagram.Service{
		Name: s.Name, Replicas: s.Replicas, Criticality: s.Config.Labels[criticality], Image: s.Image.Reference,
		Hosts: hosts(s.Config.Labels, variable(s.Config.Env, "VIRTUAL_HOST")), NetworkMode: noNetwork(string(s.Host.NetworkMode)),
	}
	if s.Replicas == 0 {
		out.Condition = "scale 0"
	}
	for _, a := range s.Networks {
		out.Networks = append(out.Networks, a.Network)
	}
	for _, p := range s.Published() {
		one := diagram.Port{Address: p.Address, Published: p.Port, Target: p.Target, Protocol: p.Protocol}
		if one.Address == "0.0.0.0" || one.Address == "::" {
			one.Address = ""
		}
		out.Ports = append(out.Ports, one)
	}
	out.Needs = declaredNeeds(stack, s, places)
	return out
}

func variable(env []string, name string) string {
	for _, item := range env {
		if value, ok := strings.CutPrefix(item, name+"="); ok {
			return value
		}
	}
	return ""
}

func declaredNeeds(stack string, s *desired.Service, places map[string]place) []diagram.Need {
	var out []diagram.Need
	for name := range s.Dependencies {
		out = append(out, diagram.Need{Kind: diagram.DependsOn, Stack: stack, Service: name})
	}
	for _, share := range s.Shares() {
		out = append(out, diagram.Need{Kind: needKinds[share.Field], Stack: stack, Service: share.Service})
	}
	other := func(kind diagram.NeedKind, container string) {
		at, known := places[container]
		if !known { // of another's making
			at = place{"", container}
		}
		out = append(out, diagram.Need{Kind: kind, Stack: at.stack, Service: at.service})
	}
	modes := map[diagram.NeedKind][]string{
		diagram.Namespace: {string(s.Host.NetworkMode)}, diagram.PID: {string(s.Host.PidMode)}, diagram.IPC: {string(s.Host.IpcMode)},
		diagram.Volumes: s.Host.VolumesFrom,
	}
	for kind, list := range modes {
		for _, mode := range list {
			if name, ok := strings.CutPrefix(mode, desired.ContainerPrefix); ok {
				other(kind, name)
			}
		}
	}
	links := slices.Clone(s.Host.Links)
	for _, a := range s.Networks {
		links = append(links, a.Settings.Links...)
	}
	for _, link := range links { // "container:alias", several for one
		name, _, _ := strings.Cut(link, ":")
		other(diagram.Link, name)
	}
	return out
}
