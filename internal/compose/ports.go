package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// exposed returns the ports that a service's image need not declare: those it
// publishes and those under expose.
func (l *load) exposed(s types.ServiceConfig) nat.PortSet {
	set := nat.PortSet{}
	for _, p := range s.Ports {
		set[containerPort(p)] = struct{}{}
	}
	for _, item := range s.Expose {
		protocol, ports := nat.SplitProtoPort(item)
		first, last, err := nat.ParsePortRangeToInt(ports)
		if err != nil || first == 0 {
			l.addServiceError(s.Name, "expose", "expose %q is not a port: write 80, 80/udp or 8000-8010", item)
			continue
		}
		for port := first; port <= last; port++ {
			set[nat.Port(strconv.Itoa(port)+"/"+strings.ToLower(protocol))] = struct{}{}
		}
	}
	if len(set) == 0 {
		return nil
	}
	return set
}

func containerPort(p types.ServicePortConfig) nat.Port {
	return nat.Port(strconv.FormatUint(uint64(p.Target), 10) + "/" + cmp.Or(strings.ToLower(p.Protocol), "tcp"))
}

// portBindings converts published ports, each container port's in order.
func (l *load) portBindings(s types.ServiceConfig) nat.PortMap {
	if len(s.Ports) == 0 {
		return nil
	}
	bindings := nat.PortMap{}
	for _, p := range s.Ports {
		l.checkPort(s, p)
		port := containerPort(p)
		binding := nat.PortBinding{HostIP: p.HostIP, HostPort: p.Published}
		if !slices.Contains(bindings[port], binding) {
			bindings[port] = append(bindings[port], binding)
		}
	}
	for _, list := range bindings {
		slices.SortFunc(list, func(a, b nat.PortBinding) int {
			return cmp.Or(strings.Compare(a.HostIP, b.HostIP), strings.Compare(a.HostPort, b.HostPort))
		})
	}
	return bindings
}

func (l *load) checkPort(s types.ServiceConfig, p types.ServicePortConfig) {
	if p.Target < 1 || p.Target > 65535 {
		l.addServiceError(s.Name, "ports", "ports: target %d is not a port: use 1 to 65535", p.Target)
	}
	switch strings.ToLower(p.Protocol) {
	case "", "tcp", "udp", "sctp":
	default:
		l.addServiceError(s.Name, "ports", "ports: protocol %q is not one of tcp, udp and sctp", p.Protocol)
	}
	if p.Published == "" {
		return
	}
	first, last, err := nat.ParsePortRangeToInt(p.Published)
	if err != nil || first > 65535 || last > 65535 {
		l.addServiceError(s.Name, "ports", "ports: published %q is not a port: use 1 to 65535, or a range such as 8000-8010", p.Published)
		return
	}
	if replicas := s.GetScale(); first == last && first != 0 && replicas > 1 {
		l.addServiceError(s.Name, "ports", "%d replicas cannot all publish port %d: publish a range such as %d-%d, leave the published port out, or run one replica", replicas, first, first, first+replicas-1)
	}
}

// checkPublished reports two services that publish one port of the node.
func (l *load) checkPublished(stack desired.Stack) {
	type use struct{ service, ip string }
	owners := map[string][]use{}
	for _, name := range sortedKeys(stack.Services) {
		s := stack.Services[name]
		if s.Replicas == 0 {
			continue
		}
		for _, p := range s.Published() {
			if p.Port == "" || p.Port == "0" || strings.Contains(p.Port, "-") {
				continue
			}
			key := p.Port + "/" + p.Protocol
			for _, other := range owners[key] {
				if other.service != name && overlap(other.ip, p.Address) {
					l.addServiceError(name, "ports", "port %s of the node is published by service %q too", key, other.service)
				}
			}
			owners[key] = append(owners[key], use{name, p.Address})
		}
	}
}

// overlap reports whether two addresses to publish on include each other.
func overlap(a, b string) bool {
	includes := func(all, one string) bool {
		switch all {
		case "":
			return true
		case "0.0.0.0":
			return one == "" || !strings.Contains(one, ":")
		case "::":
			return one == "" || strings.Contains(one, ":")
		}
		return all == one
	}
	return includes(a, b) || includes(b, a)
}
