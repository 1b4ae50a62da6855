package desired

import (
	"cmp"
	"slices"
	"strings"

	"github.com/docker/go-connections/nat"
)

// Published is a port that a container publishes.
type Published struct {
	// Address is the node's to publish on; empty or unspecified for all.
	Address string
	// Port is the node's, or a range "80-90" to choose from; empty or "0" where the
	// engine is free to choose.
	Port string
	// Target is the container's port, and Protocol for instance "tcp".
	Target, Protocol string
}

// PublishedPorts lists what port bindings publish, in order, each once.
func PublishedPorts(bindings nat.PortMap) []Published {
	var out []Published
	for port, list := range bindings {
		for _, b := range list {
			out = append(out, Published{Address: b.HostIP, Port: b.HostPort, Target: port.Port(), Protocol: port.Proto()})
		}
	}
	slices.SortFunc(out, func(a, b Published) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Target, b.Target))
	})
	return slices.Compact(out)
}

// Published lists what the service publishes, in order. A container in the network
// of the node or of another container, or in none, publishes nothing.
func (s *Service) Published() []Published {
	if mode := s.Host.NetworkMode; mode.IsHost() || mode.IsNone() || mode.IsContainer() || strings.HasPrefix(string(mode), "service:") {
		return nil
	}
	return PublishedPorts(s.Host.PortBindings)
}
