package plan

import (
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// eachSlot visits the replicas in a stable order.
func (b *builder) eachSlot(visit func(*slot)) {
	for _, name := range sortedKeys(b.slots) {
		for i := range b.slots[name] {
			visit(&b.slots[name][i])
		}
	}
}

// orderStarts lets a container start when its dependencies have arrived and
// the host ports it wants are free.
func (b *builder) orderStarts() {
	b.eachSlot(func(s *slot) {
		if b.start(s) == nil {
			return
		}
		service := b.want.Services[s.service]
		b.need(b.start(s), b.arrivals(&service)...)
		b.eachSlot(func(other *slot) {
			for i := range other.leftovers {
				b.need(b.start(s), b.onExisting(StopContainer, &other.leftovers[i]))
			}
			if other.current == nil || other == s {
				return
			}
			if other.action == Remove || other.action == Recreate && sharePort(&service, other.current) {
				b.need(b.start(s), b.onExisting(StopContainer, other.current))
			}
		})
	})
}

// arrivals are the waits for a service's dependencies; one that runs but is
// not yet healthy, or has not ended yet, is waited for too.
func (b *builder) arrivals(s *desired.Service) []*Operation {
	var ops []*Operation
	for _, name := range sortedKeys(s.Dependencies) {
		dep := s.Dependencies[name]
		for i := range b.slots[name] {
			other := &b.slots[name][i]
			if other.action == Remove {
				continue
			}
			if b.arrival(other) == nil && isUnderWay(other.current, dep.Condition) {
				b.await(other, ptr(b.want.Services[name]))
			}
			ops = append(ops, b.arrival(other))
		}
	}
	return ops
}

// isUnderWay reports whether a container that stays has still to arrive.
func isUnderWay(c *observed.Container, goal desired.Condition) bool {
	switch {
	case c == nil:
		return false
	case goal == desired.Completed:
		return c.Up()
	}
	return goal == desired.Healthy && c.State == observed.Starting
}

// orderStops stops nothing before every new container that can be made without
// it exists, so that a missing image or a refused setting costs no downtime;
// and stops dependents before what they depend on.
func (b *builder) orderStops() {
	before := b.creations()
	if len(b.replacedNetworks) > 0 {
		before = b.all(PullImage, BuildImage, DeliverFiles) // creations wait for the network, which waits for the stops
	}
	b.eachSlot(func(s *slot) {
		for _, c := range append([]observed.Container{}, ending(s)...) {
			stop := b.onExisting(StopContainer, &c)
			b.need(stop, before...)
			if s.startFirst {
				b.need(stop, b.all(AwaitContainer)...)
			}
			for _, dependent := range b.dependents(s.service) {
				b.need(stop, dependent)
			}
		}
	})
	b.eachSlot(func(s *slot) { // an interrupted change goes on: the new one has still to arrive
		if b.want.Services[s.service].UpdateOrder == desired.StartFirst && s.action == "" && s.current.Up() && s.comesUp() == "" {
			for i := range s.leftovers {
				b.need(b.onExisting(StopContainer, &s.leftovers[i]), b.arrival(s))
			}
		}
	})
	for _, name := range sortedKeys(b.replacedNetworks) {
		b.eachSlot(func(s *slot) {
			for _, c := range append(ending(s), s.leftovers...) {
				if c.NetworkIDs[name] != "" {
					off := b.takeOff(&c, name)
					b.need(b.planned(RemoveNetwork, name), off)
					b.need(b.onExisting(RemoveContainer, &c), off)
				}
			}
		})
	}
}

// fetchFirst lets no container stop or restart before every image is there: one
// that cannot be had then costs nobody anything. What an operation waits for anyway
// is not written down again.
func (b *builder) fetchFirst() {
	fetches := b.all(PullImage, BuildImage)
	if len(fetches) == 0 {
		return
	}
	for _, id := range b.all(StopContainer, RestartContainer) {
		waits := awaited(id)
		for _, fetch := range fetches {
			if !waits[fetch] {
				b.need(id, fetch)
			}
		}
	}
}

// awaited are all operations that one waits for, directly or not.
func awaited(op *Operation) map[*Operation]bool {
	all := map[*Operation]bool{}
	var visit func(*Operation)
	visit = func(op *Operation) {
		for _, need := range op.Needs {
			if !all[need] {
				all[need] = true
				visit(need)
			}
		}
	}
	visit(op)
	return all
}

// ending are the containers that stop for good in this plan.
func ending(s *slot) []observed.Container {
	if s.current != nil && (s.action == Recreate || s.action == Remove) {
		return []observed.Container{*s.current}
	}
	return nil
}

// creations are the new containers that share nobody's namespaces.
func (b *builder) creations() []*Operation {
	var ops []*Operation
	b.eachSlot(func(s *slot) {
		if s.makes() && len(parents(b.want.Services[s.service])) == 0 {
			ops = append(ops, b.creation(s))
		}
	})
	return ops
}

// dependents are the stops of containers whose service depends on the named one;
// one that is to go on serving does not stop for that.
func (b *builder) dependents(name string) []*Operation {
	var ops []*Operation
	b.eachSlot(func(s *slot) {
		if _, depends := b.want.Services[s.service].Dependencies[name]; !depends {
			return
		}
		for _, c := range ending(s) {
			if s.startFirst {
				break
			}
			ops = append(ops, b.onExisting(StopContainer, &c))
		}
	})
	return ops
}

// retireOld plans the removal of what was replaced or left over.
func (b *builder) retireOld() {
	b.eachSlot(func(s *slot) {
		if s.action == Recreate && s.current != nil {
			b.retire(s.current)
		}
		for i := range s.leftovers {
			b.retire(&s.leftovers[i])
			b.removeAnonymous(ownVolumes(&s.leftovers[i], s.current), []*Operation{b.onExisting(RemoveContainer, &s.leftovers[i])})
		}
		if s.action == Remove {
			b.removeAnonymous(s.current.Anonymous, []*Operation{b.onExisting(RemoveContainer, s.current)})
		}
	})
}

// ownVolumes are the anonymous volumes of a container that the one that stays
// does not have too.
func ownVolumes(c, stays *observed.Container) map[string]string {
	own := map[string]string{}
	for target, name := range c.Anonymous {
		if stays == nil || stays.Anonymous[target] != name {
			own[target] = name
		}
	}
	return own
}

// orderRemovals removes what was replaced, left over or not declared only when
// everything new has arrived, so that a failure can be undone.
func (b *builder) orderRemovals() {
	arrived := b.all(AwaitContainer)
	for _, id := range b.all(RemoveContainer) {
		b.need(id, arrived...)
	}
	b.eachSlot(func(s *slot) {
		if s.renamed == nil {
			return
		}
		going := s.leftovers
		if s.makes() && s.current != nil {
			going = append(slices.Clone(going), *s.current)
		}
		for i := range going { // what is there to remove still gives its name away
			b.need(b.onExisting(RemoveContainer, &going[i]), s.renamed)
		}
	})
}
