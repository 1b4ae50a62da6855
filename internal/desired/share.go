package desired

import "strings"

// ServicePrefix begins a mode, or an item of volumes_from, that means the
// container of another service of the stack.
const ServicePrefix = "service:"

// ContainerPrefix begins one that means a container by its name or ID.
const ContainerPrefix = "container:"

// Share is another service whose container a service's containers hold on to:
// they are made from its ID, so they have to be recreated with it.
type Share struct {
	// Field is the field that says so: "network_mode", "ipc", "pid" or
	// "volumes_from".
	Field string
	// Service is the other service's name.
	Service string
}

// IsNamespace reports whether a namespace is shared, which a container loses when
// the other one starts again.
func (s Share) IsNamespace() bool { return s.Field != keyVolumesFrom }

const keyVolumesFrom = "volumes_from"

// Shares lists what the service holds on to, namespaces first.
func (s *Service) Shares() []Share {
	var out []Share
	add := func(field, text string) {
		if name, ok := strings.CutPrefix(text, ServicePrefix); ok {
			out = append(out, Share{field, name})
		}
	}
	add("network_mode", string(s.Host.NetworkMode))
	add("pid", string(s.Host.PidMode))
	add("ipc", string(s.Host.IpcMode))
	for _, item := range s.Host.VolumesFrom {
		add(keyVolumesFrom, item)
	}
	return out
}
