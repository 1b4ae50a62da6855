package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// heldPort is a port that a container publishes now.
type heldPort struct {
	check.HostPort
	observed.Holder
}

// heldByOthers lists the ports that containers outside the stack publish, in
// order; those of a stack that will be gone are free.
func (b *builder) heldByOthers() []heldPort {
	own := map[string]bool{}
	for _, list := range b.have.Services {
		for i := range list {
			own[list[i].Name] = true
		}
	}
	var held []heldPort
	for _, key := range sortedKeys(b.have.Ports) {
		holder := b.have.Ports[key]
		if own[holder.Container] || holder.Stack != "" && holder.Stack == b.opts.Leaving {
			continue
		}
		if port, ok := parseHeld(key); ok {
			held = append(held, heldPort{port, holder})
		}
	}
	return held
}

// parseHeld reads "address:port/protocol".
func parseHeld(key string) (check.HostPort, bool) {
	rest, protocol, _ := strings.Cut(key, "/")
	i := strings.LastIndex(rest, ":")
	if i < 0 {
		return check.HostPort{}, false
	}
	return check.NewHostPort(rest[:i], rest[i+1:], protocol)
}

// checkPorts reports the ports that the stack's containers will not get: those that
// another container has and keeps, and those that another stack of the same run takes.
// Only services that start are checked.
func (b *builder) checkPorts() {
	held := b.heldByOthers()
	for _, name := range sortedKeys(b.want.Services) {
		s := b.want.Services[name]
		starts := b.starts(name)
		b.Starts[name] = starts
		for _, want := range check.Published(&s) {
			switch {
			case !starts:
				b.checkKeptPort(name, want)
			case want.Single():
				b.checkPort(name, want, held)
			default:
				b.checkRange(&s, want, held)
			}
		}
	}
}

// starts reports whether any container of a service is made or started.
func (b *builder) starts(service string) bool {
	return slices.ContainsFunc(b.slots[service], func(s *slot) bool { return s.creates() || s.action != Remove && s.startAction() == Start })
}

func (b *builder) checkPort(service string, want check.HostPort, held []heldPort) {
	for _, h := range held {
		if !want.Clashes(h.HostPort) {
			continue
		}
		switch b.portRelease(h) {
		case isKept:
			b.addProblem(b.portTaken(service, want, h))
			return
		case isReleased, mayBeReleased, isUnplanned:
			b.Warnings = append(b.Warnings, b.portGivenUp(service, want, h))
		}
		break
	}
	for _, other := range b.opts.Others {
		if other.Before && takes(other, want) != "" {
			b.addProblem(fmt.Sprintf("Service %q publishes port %s%s, and so does service %q of stack %q, which is planned in the same run. "+
				"Publish another port in one of the two stacks.", service, want, b.onNode(), takes(other, want), other.Stack))
			return
		}
	}
}

// checkKeptPort reports a port that a running service keeps and that a stack which was
// planned before is to publish: that plan did not know that this one keeps it.
func (b *builder) checkKeptPort(service string, has check.HostPort) {
	for _, other := range b.opts.Others {
		at := slices.IndexFunc(other.Ports, func(p check.ReservedPort) bool { return p.Starts && p.Port.Single() && has.Clashes(p.Port) })
		if !other.Before || at < 0 || !has.Single() || b.opts.Applying {
			continue
		}
		b.addProblem(fmt.Sprintf("Service %q keeps port %s%s, and service %q of stack %q, which is planned in the same run, publishes it, too. "+
			"Publish another port in one of the two stacks.", service, has, b.onNode(), other.Ports[at].Service, other.Stack))
	}
}

// takes is the service of another stack that is declared to publish a port by
// its number, empty for none.
func takes(other check.Reservation, want check.HostPort) string {
	for _, p := range other.Ports {
		if p.Port.Single() && want.Clashes(p.Port) {
			return p.Service
		}
	}
	return ""
}

// checkRange reports a range with fewer free ports than the service has replicas.
func (b *builder) checkRange(s *desired.Service, want check.HostPort, held []heldPort) {
	taken, unsure := map[uint16]string{}, map[uint16]string{}
	for _, h := range held {
		if !want.Clashes(h.HostPort) {
			continue
		}
		switch b.portRelease(h) {
		case isKept:
			taken[h.First] = holderText(h.Holder)
		case isUnplanned:
			unsure[h.First] = holderText(h.Holder)
		case isReleased, mayBeReleased:
		}
	}
	for _, c := range b.rivals(s.Name) {
		if c.Port.Single() && want.Clashes(c.Port) && taken[c.Port.First] == "" {
			taken[c.Port.First] = fmt.Sprintf("service %q of stack %q", c.Service, c.stack)
		}
	}
	size := int(want.Last) - int(want.First) + 1
	all := maps.Clone(taken)
	maps.Copy(all, unsure)
	text := func(taken map[uint16]string) string {
		var list []string
		for _, port := range sortedPorts(taken) {
			list = append(list, fmt.Sprintf("%d by %s", port, taken[port]))
		}
		return fmt.Sprintf("Service %q needs %d of the ports %s%s, and %d of these %d are taken: %s. ",
			s.Name, s.Replicas, want, b.onNode(), len(taken), size, strings.Join(list, ", "))
	}
	switch {
	case size-len(taken) < s.Replicas:
		b.addProblem(text(taken) + "Publish a larger range, or free some of them.")
	case size-len(all) < s.Replicas:
		b.Warnings = append(b.Warnings, text(all)+"If this run frees some of them, let this stack depend on those (depends_on); else applying it fails, without a change.")
	}
}

// rival is a port that another service is declared to publish.
type rival struct {
	check.ReservedPort
	stack string
}

// rivals are those of the stack's other services, and of stacks that were planned
// before.
func (b *builder) rivals(service string) []rival {
	var out []rival
	for _, p := range check.ReservationOf(b.want).Ports {
		if p.Service != service {
			out = append(out, rival{p, b.want.Name})
		}
	}
	for _, other := range b.opts.Others {
		for _, p := range other.Ports {
			if other.Before {
				out = append(out, rival{p, other.Stack})
			}
		}
	}
	return out
}

func sortedPorts(m map[uint16]string) []uint16 {
	var ports []uint16
	for port := range m {
		ports = append(ports, port)
	}
	slices.Sort(ports)
	return ports
}

// sharePort reports whether a service wants a port that a container of the stack
// publishes now.
func sharePort(want *desired.Service, current *observed.Container) bool {
	for _, w := range check.Published(want) {
		for _, have := range publishedBy(current) {
			if w.Clashes(have) {
				return true
			}
		}
	}
	return false
}

// publishedBy reads the ports back from a container's fields.
func publishedBy(c *observed.Container) []check.HostPort {
	var out []check.HostPort
	for _, key := range sortedKeys(c.Spec) {
		container, ok := strings.CutPrefix(key, "ports.")
		if !ok {
			continue
		}
		_, protocol, _ := strings.Cut(container, "/")
		for _, one := range strings.Split(c.Spec[key], ", ") {
			i := strings.LastIndex(one, ":")
			if port, ok := check.NewHostPort(one[:max(i, 0)], one[i+1:], protocol); ok {
				out = append(out, port)
			}
		}
	}
	return out
}

func (b *builder) onNode() string {
	if b.opts.Node == "" {
		return ""
	}
	return " of node " + strconv.Quote(b.opts.Node)
}
