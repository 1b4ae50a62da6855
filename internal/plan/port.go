package plan

import (
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// hostPort is a published port: an address of the node (empty: all), the port
// and "tcp", "udp" or "sctp".
type hostPort struct {
	address, port, protocol string
}

func (p hostPort) clashes(other hostPort) bool {
	return p.port == other.port && p.protocol == other.protocol &&
		(p.address == other.address || isAnyAddress(p.address) || isAnyAddress(other.address))
}

func isAnyAddress(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }

// published lists the host ports that a service asks for by number.
func published(s *desired.Service) []hostPort {
	var out []hostPort
	for port, bindings := range s.Host.PortBindings {
		for _, binding := range bindings {
			if binding.HostPort != "" && binding.HostPort != "0" {
				out = append(out, hostPort{binding.HostIP, binding.HostPort, port.Proto()})
			}
		}
	}
	return out
}

// checkPorts refuses a port that a container outside the stack publishes.
func (b *builder) checkPorts() {
	held := map[hostPort]observed.PortHolder{}
	for key, holder := range b.have.Ports {
		if holder.Stack != b.want.Name && (holder.Stack == "" || holder.Stack != b.opts.Leaving) {
			held[parseHeld(key)] = holder
		}
	}
	for _, name := range sortedKeys(b.want.Services) {
		s := b.want.Services[name]
		if !b.makesAny(name) {
			continue
		}
		for _, want := range published(&s) {
			for _, key := range sortedKeys(b.have.Ports) {
				have := parseHeld(key)
				if holder, ok := held[have]; ok && want.clashes(have) {
					b.problem(portTaken(name, want, holder))
					break
				}
			}
		}
	}
}

func parseHeld(key string) hostPort {
	rest, protocol, _ := strings.Cut(key, "/")
	i := strings.LastIndex(rest, ":")
	return hostPort{rest[:i], rest[i+1:], protocol}
}

func portTaken(service string, want hostPort, holder observed.PortHolder) string {
	by := fmt.Sprintf("container %q", holder.Container)
	if holder.Stack != "" {
		by = fmt.Sprintf("service %q of stack %q (container %q)", holder.Service, holder.Stack, holder.Container)
	}
	return fmt.Sprintf("Service %q publishes port %s/%s, which %s holds already. Publish another port, or free that one first.",
		service, want.port, want.protocol, by)
}

// sharePort tells whether a service wants a port that a container of the stack
// publishes now.
func sharePort(want *desired.Service, current *observed.Container) bool {
	for _, w := range published(want) {
		for _, have := range publishedBy(current) {
			if w.clashes(have) {
				return true
			}
		}
	}
	return false
}

// publishedBy reads the ports back from a container's fields.
func publishedBy(c *observed.Container) []hostPort {
	var out []hostPort
	for key, value := range c.Spec {
		container, ok := strings.CutPrefix(key, "ports.")
		if !ok {
			continue
		}
		_, protocol, _ := strings.Cut(container, "/")
		for _, one := range strings.Split(value, ", ") {
			i := strings.LastIndex(one, ":")
			address := ""
			if i >= 0 {
				address = strings.Trim(one[:i], "[]")
			}
			out = append(out, hostPort{address, one[i+1:], protocol})
		}
	}
	return out
}
