package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// createContainer plans a new container beside the old one. The old one is stopped and
// renamed when the new one is created, or, with start-first, when all new ones have
// arrived. A container whose hooks have still to run, or whose name is not free yet,
// takes its name after it started.
func (b *builder) createContainer(s *slot) {
	final := b.finalName(s)
	create := s.operation(CreateContainer)
	create.Name, create.SecretVersion = final, s.secretVersion
	create.Needs, create.Parents = b.prerequisites(s.want), b.existingParents(s.want)
	start := b.withHooks(s, s.operation(StartContainer))
	holder := b.nameHolder(s, final)
	if s.current == nil && holder == nil && !endsWithHooks(s.want) {
		s.creation = b.add(create)
		start.Needs = append(start.Needs, s.creation)
		s.start = b.add(start)
		return
	}
	create.Name = b.temporaryName(final, cmp.Or(s.current, holder))
	if s.current != nil {
		create.Replaces, create.Inherit = s.current.ID, b.inherited(s.want, s.current.Container)
	}
	s.creation = b.add(create)
	aside := []*Operation{s.creation}
	start.Needs = append(start.Needs, s.creation)
	if s.current != nil {
		aside = append(aside, b.stepAside(s, s.current, b.stop(s.current)))
	}
	taken := b.add(s.renaming(final, aside, b.leftoversAside(s, final), b.freeName(s, final)))
	switch {
	case s.startFirst:
		s.renamed = taken
	case endsWithHooks(s.want):
		s.renamed, start.Needs = taken, aside
	default:
		start.Needs = []*Operation{taken}
	}
	s.start = b.add(start)
	s.renamed.after(s.start)
}

// renaming is the operation that gives a replica's container its name.
func (s *slot) renaming(final string, needs ...[]*Operation) Operation {
	op := s.operation(RenameContainer)
	op.ID, op.Name, op.Needs = op.ID+" to "+final, final, slices.Concat(needs...)
	return op
}

// beforeTakeover is part of the name of a container that has still to take over.
const beforeTakeover = "_after_"

// temporaryName is what a new container is called until it takes over from an
// old one, or until its hooks have run: a name that an interrupted change did
// not use up.
func (b *builder) temporaryName(final string, old *existing) string {
	after := "hooks"
	if old != nil {
		after = old.ID[:12]
	}
	name := final + beforeTakeover + after
	for try := 2; b.have.Names[name] != ""; try++ {
		name = fmt.Sprintf("%s%s%s_%d", final, beforeTakeover, after, try)
	}
	return name
}

// chooseOrder decides which replacements start the new container first.
func (b *builder) chooseOrder() {
	for _, name := range sortedKeys(b.want.Services) {
		service := b.want.Services[name]
		if service.UpdateOrder != desired.StartFirst {
			continue
		}
		why, slots := "", b.slots[name]
		for _, s := range slots {
			if s.action != Recreate || !s.current.Up() {
				continue // there is nothing to go on serving
			}
			s.startFirst = true
			if why = b.onlyOne(s); why != "" {
				break
			}
		}
		if why != "" {
			for _, s := range slots {
				s.startFirst = false
			}
			b.Warnings = append(b.Warnings, fmt.Sprintf("Service %q is replaced stop-first, though its update order is start-first: %s.", name, why))
		}
	}
}

// onlyOne says why two containers of a service cannot run beside each other;
// empty means that they can.
func (b *builder) onlyOne(own *slot) string {
	s, old := own.want, own.current.Container
	if ports := publishedBy(old); len(ports) > 0 {
		return fmt.Sprintf("only one container can publish port %s of the node", ports[0])
	}
	if s.Host.NetworkMode == "host" || old.Spec["network_mode"] == "host" {
		return "it uses the node's own network"
	}
	if list := parents(*s); len(list) > 0 {
		return fmt.Sprintf("it holds on to a container of service %q", list[0])
	}
	for _, name := range sortedKeys(b.want.Services) {
		if slices.Contains(parents(b.want.Services[name]), s.Name) {
			return fmt.Sprintf("service %q holds on to its container", name)
		}
	}
	for _, a := range s.Networks {
		if fixed := fixedAddresses(&a); len(fixed) > 0 {
			return "only one container can have the address " + fixed[0]
		}
	}
	for _, name := range sortedKeys(old.NetworkIDs) {
		if b.networkRemovals[name] != nil {
			return fmt.Sprintf("network %q is replaced", name)
		}
	}
	if what, by := b.takenOver(own, old); what != "" {
		return fmt.Sprintf("service %q takes its %s", by, what)
	}
	return ""
}

// fixedAddresses are those that an attachment asks for by their value.
func fixedAddresses(a *desired.Attachment) []string {
	all := []string{a.Settings.MacAddress}
	if ipam := a.Settings.IPAMConfig; ipam != nil {
		all = slices.Concat([]string{ipam.IPv4Address, ipam.IPv6Address}, ipam.LinkLocalIPs, all)
	}
	return slices.DeleteFunc(all, func(address string) bool { return address == "" })
}
