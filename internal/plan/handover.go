package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// finalName is what a slot's container is called once the plan is carried out;
// empty for one that goes.
func (b *builder) finalName(s *slot) string {
	if s.action == Remove {
		return ""
	}
	return desired.ContainerName(b.want.Name, ptr(b.want.Services[s.service]), s.number)
}

// checkNames reports the names that the stack's containers will not get: those of
// two of them, though a document that chooses one twice is refused before; and those
// that a container outside the stack has and keeps.
func (b *builder) checkNames() {
	owners := map[string]string{}
	b.eachSlot(func(s *slot) {
		name := b.finalName(s)
		if other, taken := owners[name]; taken && name != "" {
			b.problem(fmt.Sprintf("Service %q needs the container name %q, which is also that of service %q. Choose another container_name.", s.service, name, other))
		}
		owners[name] = s.service
		switch {
		case name == "":
		case s.makes() || s.current.Name != name:
			b.checkName(s.service, name)
		default:
			b.checkKeptName(s.service, name)
		}
	})
}

// checkName reports a name that a container outside the stack has, or is to have.
func (b *builder) checkName(service, name string) {
	needs := fmt.Sprintf("Service %q needs the container name %q%s, which ", service, name, b.onNode())
	reservations := func(reservation check.Reservation) bool {
		return slices.ContainsFunc(reservation.Names, func(c check.ReservedName) bool { return c.Name == name })
	}
	if id, exists := b.have.Names[name]; exists && !b.inStack(id) {
		h := b.have.Containers[id]
		switch fate := b.fateOf(h, reservations); {
		case h.Stack != "" && h.Stack == b.opts.Leaving:
		case h.Stack == "":
			b.problem(needs + fmt.Sprintf("a container of no stack has (%.12s). If it was made by hand in place of the service's, "+
				"remove it with docker rm -f %s; else rename it, or choose another container_name.", id, name))
		case fate == keeps:
			b.problem(needs + holderText(h) + " has already. " + b.wayOut(h, "Choose another container_name"))
		default:
			b.plan.Warnings = append(b.plan.Warnings, needs+holderText(h)+" has now, "+givenUp(fate, "while the name is taken"))
		}
		return
	}
	for _, other := range b.opts.Others {
		if other.Before && reservations(other) {
			b.problem(needs + fmt.Sprintf("a container of stack %q is to have, which is planned in the same run. Choose another container_name in one of the two stacks.", other.Stack))
			return
		}
	}
}

// checkKeptName is checkKeptPort for a container's name.
func (b *builder) checkKeptName(service, name string) {
	for _, other := range b.opts.Others {
		wants := slices.ContainsFunc(other.Names, func(c check.ReservedName) bool { return c.ComesUp && c.Name == name })
		if other.Before && wants && !b.opts.Applying {
			b.problem(fmt.Sprintf("Service %q keeps the container name %q%s, and a container of stack %q is to have it, which is planned in the same run. "+
				"Choose another container_name in one of the two stacks.", service, name, b.onNode(), other.Stack))
		}
	}
}

// eachOther visits the containers that the stack's other replicas have now.
func (b *builder) eachOther(s *slot, visit func(other *slot, c *observed.Container)) {
	b.eachSlot(func(other *slot) {
		if other == s {
			return
		}
		if other.current != nil {
			visit(other, other.current)
		}
		for i := range other.leftovers {
			visit(other, &other.leftovers[i])
		}
	})
}

// nameHolder is the container of another replica that has a name now, or nil.
func (b *builder) nameHolder(s *slot, name string) *observed.Container {
	var holder *observed.Container
	b.eachOther(s, func(_ *slot, c *observed.Container) {
		if c.Name == name {
			holder = c
		}
	})
	return holder
}

// stepAside renames a container, as Docker Compose does, to make room for the one
// that takes over its name. A prerequisite may be nil.
func (b *builder) stepAside(s *slot, c *observed.Container, after *Operation) *Operation {
	name := fmt.Sprintf("%.12s_%s", c.ID, cmp.Or(b.finalName(s), c.Name))
	if c.Name == name {
		return after
	}
	return b.add(Operation{ID: onExisting(RenameContainer, c), Kind: RenameContainer, Service: s.service, Number: s.number,
		Container: c.ID, Name: name, OldName: c.Name, Needs: []*Operation{after}})
}

// leftoversAside makes room when a leftover holds the name that is needed.
func (b *builder) leftoversAside(s *slot, final string) []*Operation {
	var ops []*Operation
	for i := range s.leftovers {
		if c := &s.leftovers[i]; c.Name == final {
			ops = append(ops, b.stepAside(s, c, b.stop(c)))
		}
	}
	return ops
}

// makeWay plans that another replica's container gives up the name that a slot's
// container is to have: one that stops does so when it has stopped, one that stays
// at once, and takes its own name after that. Nothing is removed before the name has
// its new holder, so that a failure can be undone.
func (b *builder) makeWay(s *slot, final string) []*Operation {
	var ops []*Operation
	b.eachOther(s, func(other *slot, c *observed.Container) {
		if c.Name != final {
			return
		}
		stays := c == other.current && !other.makes() && other.action != Remove
		var after *Operation
		if !stays {
			after = b.stop(c)
		}
		ops = append(ops, b.stepAside(other, c, after))
		s.handed = true
	})
	return ops
}

// orderNames has a container that steps aside take its own name after that, and lets
// nothing be removed before it has given its name away.
func (b *builder) orderNames() {
	removals := b.all(RemoveContainer)
	b.eachSlot(func(s *slot) {
		if s.current != nil {
			aside := b.onExisting(RenameContainer, s.current)
			if aside != nil && !s.makes() && s.renamed != nil {
				b.need(s.renamed, aside)
				s.renamed.OldName = aside.Name
			}
			b.needOnce(b.onExisting(RemoveContainer, s.current), aside)
		}
		for i := range s.leftovers {
			b.needOnce(b.onExisting(RemoveContainer, &s.leftovers[i]), b.onExisting(RenameContainer, &s.leftovers[i]))
		}
		if !s.handed || s.renamed == nil {
			return
		}
		for _, removal := range removals {
			b.needOnce(removal, s.renamed)
		}
	})
}

// taken says what another service takes over from a container, "container name
// \"x\"" or "address 10.0.0.5", and which service; both are empty if none does.
func (b *builder) taken(own *slot, c *observed.Container) (what, service string) {
	b.eachSlot(func(s *slot) {
		if s == own || what != "" {
			return
		}
		want := b.want.Services[s.service]
		if b.finalName(s) == c.Name {
			what, service = fmt.Sprintf("container name %q", c.Name), s.service
		} else if address := sharedAddress(&want, c); address != "" && s.action != Remove {
			what, service = "address "+address, s.service
		}
	})
	return what, service
}

// fixed is an address on a network that is asked for by its value.
type fixed struct{ network, text string }

// addressesOf are the fixed addresses that a service asks for.
func addressesOf(s *desired.Service) []fixed {
	var out []fixed
	for i := range s.Networks {
		for _, text := range fixedAddresses(&s.Networks[i]) {
			out = append(out, fixed{s.Networks[i].Network, plain(text)})
		}
	}
	return out
}

// addressFields are those of an attachment that are addresses.
var addressFields = []string{"ipv4_address", "ipv6_address", "link_local_ips", "mac_address"}

// sharedAddress is a fixed address that a service asks for and a container has;
// empty if there is none.
func sharedAddress(s *desired.Service, c *observed.Container) string {
	for _, want := range addressesOf(s) {
		if has(c, want) {
			return want.text
		}
	}
	return ""
}

// has reports whether a container has a fixed address.
func has(c *observed.Container, want fixed) bool {
	for _, field := range addressFields {
		for _, text := range strings.Split(c.Spec["networks."+want.network+"."+field], ", ") {
			if text != "" && plain(text) == want.text {
				return true
			}
		}
	}
	return false
}

// plain spells an address as all do.
func plain(text string) string {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Unmap().String()
	}
	return strings.ToLower(text)
}

// orderAddresses lets a container take an address when the one that has it has
// given it up: engines refuse an address that another container has, running or on
// its way.
func (b *builder) orderAddresses() {
	b.eachSlot(func(s *slot) {
		service := b.want.Services[s.service]
		for _, want := range addressesOf(&service) {
			takes := []*Operation{b.start(s), b.connection(s, want.network)}
			b.eachOther(s, func(other *slot, c *observed.Container) {
				if !has(c, want) {
					return
				}
				for _, take := range takes {
					b.needOnce(take, b.onExisting(StopContainer, c))
					b.needOnce(take, b.disconnection(other, want.network))
				}
			})
		}
	})
}

// needOnce adds a prerequisite unless one of the two waits for the other anyway.
func (b *builder) needOnce(op, need *Operation) {
	if op != nil && need != nil && !awaited(op)[need] && !awaited(need)[op] {
		b.need(op, need)
	}
}
