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

// finalName is the name of a replica's container after the plan is applied; empty for
// one that is removed.
func (b *builder) finalName(s *slot) string {
	if s.action == Remove {
		return ""
	}
	return desired.ContainerName(b.want.Name, s.want, s.number)
}

// checkNames reports the names that the stack's containers will not get: a name that
// two of them have, and one that a container outside the stack keeps.
func (b *builder) checkNames() {
	owners := map[string]string{}
	for _, s := range b.allSlots() {
		name := b.finalName(s)
		if other, taken := owners[name]; taken && name != "" {
			b.addProblem(fmt.Sprintf("Service %q needs the container name %q, which is also that of service %q. Choose another container_name.", s.service, name, other))
		}
		owners[name] = s.service
		switch {
		case name == "":
		case s.creates() || s.current.Name != name:
			b.checkName(s.service, name)
		default:
			b.checkKeptName(s.service, name)
		}
	}
}

// checkName reports a name that a container outside the stack has, or is to have.
func (b *builder) checkName(service, name string) {
	needs := fmt.Sprintf("Service %q needs the container name %q%s, which ", service, name, b.onNode())
	reservations := func(reservation check.Reservation) bool {
		return slices.ContainsFunc(reservation.Names, func(c check.ReservedName) bool { return c.Name == name })
	}
	if id, exists := b.have.Names[name]; exists && !b.inStack(id) {
		h := b.have.Containers[id]
		switch released := b.release(h, reservations); {
		case h.Stack != "" && h.Stack == b.opts.Leaving:
		case h.Stack == "":
			b.addProblem(needs + fmt.Sprintf("a container of no stack has (%.12s). If it was made by hand in place of the service's, "+
				"remove it with docker rm -f %s; else rename it, or choose another container_name.", id, name))
		case released == isKept:
			b.addProblem(needs + holderText(h) + " has already. " + b.remedy(h, "Choose another container_name"))
		default:
			b.Warnings = append(b.Warnings, needs+holderText(h)+" has now, "+releaseAdvice(released, "while the name is taken"))
		}
		return
	}
	for _, other := range b.opts.Others {
		if other.Before && reservations(other) {
			b.addProblem(needs + fmt.Sprintf("a container of stack %q is to have, which is planned in the same run. Choose another container_name in one of the two stacks.", other.Stack))
			return
		}
	}
}

// checkKeptName is checkKeptPort for a container's name.
func (b *builder) checkKeptName(service, name string) {
	for _, other := range b.opts.Others {
		wants := slices.ContainsFunc(other.Names, func(c check.ReservedName) bool { return c.Starts && c.Name == name })
		if other.Before && wants && !b.opts.Applying {
			b.addProblem(fmt.Sprintf("Service %q keeps the container name %q%s, and a container of stack %q is to have it, which is planned in the same run. "+
				"Choose another container_name in one of the two stacks.", service, name, b.onNode(), other.Stack))
		}
	}
}

// held is a container that a replica has now.
type held struct {
	*existing
	slot *slot
}

// others are the containers that the stack's other replicas have now.
func (b *builder) others(s *slot) []held {
	var out []held
	for _, other := range b.allSlots() {
		if other == s {
			continue
		}
		if other.current != nil {
			out = append(out, held{other.current, other})
		}
		for _, c := range other.leftovers {
			out = append(out, held{c, other})
		}
	}
	return out
}

// nameHolder is the container of another replica that has a name now, or nil.
func (b *builder) nameHolder(s *slot, name string) *existing {
	var holder *existing
	for _, c := range b.others(s) {
		if c.Name == name {
			holder = c.existing
		}
	}
	return holder
}

// stepAside renames a container, as Docker Compose does, to make room for the one
// that takes over its name. A prerequisite may be nil.
func (b *builder) stepAside(s *slot, c *existing, after *Operation) *Operation {
	name := fmt.Sprintf("%.12s_%s", c.ID, cmp.Or(b.finalName(s), c.Name))
	if c.Name == name {
		return after
	}
	op := c.operation(RenameContainer)
	op.Name, op.OldName, op.Needs = name, c.Name, []*Operation{after}
	return b.once(&c.aside, op)
}

// leftoversAside makes room when a leftover holds the name that is needed.
func (b *builder) leftoversAside(s *slot, final string) []*Operation {
	var ops []*Operation
	for _, c := range s.leftovers {
		if c.Name == final {
			ops = append(ops, b.stepAside(s, c, b.stop(c)))
		}
	}
	return ops
}

// freeName renames another replica's container that has the name which this replica's
// container is to have. A container that stops is renamed when it has stopped. One that
// stays is renamed at once, and gets its own name after that. Nothing is removed before
// the new container has the name, so that a failure can be rolled back.
func (b *builder) freeName(s *slot, final string) []*Operation {
	var ops []*Operation
	for _, c := range b.others(s) {
		if c.Name != final {
			continue
		}
		var after *Operation
		if stays := c.existing == c.slot.current && !c.slot.creates() && c.slot.action != Remove; !stays {
			after = b.stop(c.existing)
		}
		ops = append(ops, b.stepAside(c.slot, c.existing, after))
		s.handed = true
	}
	return ops
}

// orderNames gives a container that was renamed for another one its own name after
// that, and removes nothing before its name is free.
func (b *builder) orderNames() {
	removals := b.all(RemoveContainer)
	for _, s := range b.allSlots() {
		if s.current != nil {
			if aside := s.current.aside; aside != nil && !s.creates() && s.renamed != nil {
				s.renamed.after(aside)
				s.renamed.OldName = aside.Name
			}
			s.current.removal.afterOnce(s.current.aside)
		}
		for _, c := range s.leftovers {
			c.removal.afterOnce(c.aside)
		}
		if !s.handed || s.renamed == nil {
			continue
		}
		for _, removal := range removals {
			removal.afterOnce(s.renamed)
		}
	}
}

// takenOver returns what another service takes over from a container, "container name
// \"x\"" or "address 10.0.0.5", and which service; both are empty if none does.
func (b *builder) takenOver(own *slot, c *observed.Container) (what, service string) {
	for _, s := range b.allSlots() {
		switch address := sharedAddress(s.want, c); {
		case s == own:
		case b.finalName(s) == c.Name:
			return fmt.Sprintf("container name %q", c.Name), s.service
		case address != "" && s.action != Remove:
			return "address " + address, s.service
		}
	}
	return "", ""
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

// plain returns the canonical form of an address.
func plain(text string) string {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Unmap().String()
	}
	return strings.ToLower(text)
}

// orderAddresses starts or connects a container with an address after the one that has
// the address has stopped or is disconnected: engines refuse an address that another
// container has.
func (b *builder) orderAddresses() {
	for _, s := range b.allSlots() {
		for _, want := range addressesOf(s.want) {
			for _, c := range b.others(s) {
				if !has(c.Container, want) {
					continue
				}
				for _, take := range []*Operation{s.start, s.connections[want.network]} {
					take.afterOnce(c.stop)
					take.afterOnce(c.slot.disconnections[want.network])
				}
			}
		}
	}
}

// afterOnce adds a prerequisite unless one of the two waits for the other anyway.
func (op *Operation) afterOnce(need *Operation) {
	if op != nil && need != nil && !awaited(op)[need] && !awaited(need)[op] {
		op.after(need)
	}
}
