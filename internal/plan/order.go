package plan

import (
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// allSlots lists the replicas in a stable order.
func (b *builder) allSlots() []*slot {
	var all []*slot
	for _, name := range sortedKeys(b.slots) {
		all = append(all, b.slots[name]...)
	}
	return all
}

// orderStarts lets a container start when its dependencies have arrived and
// the host ports it wants are free.
func (b *builder) orderStarts() {
	for _, s := range b.allSlots() {
		if s.start == nil {
			continue
		}
		s.start.after(b.arrivals(s.want)...)
		for _, other := range b.allSlots() {
			for _, c := range other.leftovers {
				s.start.after(c.stop)
			}
			if other.current == nil || other == s {
				continue
			}
			if other.action == Remove || other.action == Recreate && sharePort(s.want, other.current.Container) {
				s.start.after(other.current.stop)
			}
		}
	}
}

// arrivals are the operations that wait for a service's dependencies, also for one that
// runs and is not yet healthy or has not ended yet.
func (b *builder) arrivals(s *desired.Service) []*Operation {
	var ops []*Operation
	for _, name := range sortedKeys(s.Dependencies) {
		dep := s.Dependencies[name]
		for _, other := range b.slots[name] {
			if other.action == Remove {
				continue
			}
			if other.arrival == nil && isUnderWay(other.current.Container, dep.Condition) {
				b.await(other)
			}
			ops = append(ops, other.arrival)
		}
	}
	return ops
}

// isUnderWay reports whether a container that stays has still to arrive.
func isUnderWay(c *observed.Container, goal desired.Condition) bool {
	if goal == desired.Completed {
		return c.Up()
	}
	return goal == desired.Healthy && c.State == observed.Starting
}

// orderStops stops nothing before every new container is created that can be created
// before it, so that a missing image or a refused setting causes no downtime. It stops
// dependents before what they depend on.
func (b *builder) orderStops() {
	before := b.creations()
	if len(b.networkRemovals) > 0 {
		before = b.all(PullImage, BuildImage, DeliverFiles) // creations wait for the network, which waits for the stops
	}
	for _, s := range b.allSlots() {
		if c := s.ending(); c != nil {
			c.stop.after(before...)
			if s.startFirst {
				c.stop.after(b.all(AwaitContainer)...)
			}
			c.stop.after(b.dependents(s.service)...)
		}
		// An interrupted change goes on: the new container has still to arrive.
		if s.want.UpdateOrder == desired.StartFirst && s.action == "" && s.current.Up() && s.startAction() == "" {
			for _, c := range s.leftovers {
				c.stop.after(s.arrival)
			}
		}
	}
	for _, name := range sortedKeys(b.networkRemovals) {
		for _, s := range b.allSlots() {
			b.takeAllOff(s, name)
		}
	}
}

// takeAllOff disconnects the containers of a replica that are removed from a network
// that is removed.
func (b *builder) takeAllOff(s *slot, name string) {
	going := s.leftovers
	if c := s.ending(); c != nil {
		going = append([]*existing{c}, going...)
	}
	for _, c := range going {
		if c.NetworkIDs[name] != "" {
			off := b.takeOff(c, name)
			b.networkRemovals[name].after(off)
			c.removal.after(off)
		}
	}
}

// fetchFirst lets no container stop or restart before every image is on the node: an
// image that cannot be pulled or built then interrupts no service. It adds no
// prerequisite that an operation waits for indirectly.
func (b *builder) fetchFirst() {
	fetches := b.all(PullImage, BuildImage)
	if len(fetches) == 0 {
		return
	}
	for _, op := range b.all(StopContainer, RestartContainer) {
		waits := awaited(op)
		for _, fetch := range fetches {
			if !waits[fetch] {
				op.after(fetch)
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

// ending is the container that stops for good in this plan, nil if none does.
func (s *slot) ending() *existing {
	if s.action == Recreate || s.action == Remove {
		return s.current
	}
	return nil
}

// creations create the containers that do not share another one's namespaces.
func (b *builder) creations() []*Operation {
	var ops []*Operation
	for _, s := range b.allSlots() {
		if s.creates() && len(parents(*s.want)) == 0 {
			ops = append(ops, s.creation)
		}
	}
	return ops
}

// dependents are the stops of containers whose service depends on the named one; one
// that is replaced start-first does not stop for that.
func (b *builder) dependents(name string) []*Operation {
	var ops []*Operation
	for _, s := range b.allSlots() {
		_, depends := s.want.Dependencies[name]
		if c := s.ending(); depends && c != nil && !s.startFirst {
			ops = append(ops, c.stop)
		}
	}
	return ops
}

// retireOld plans the removal of what was replaced or left over.
func (b *builder) retireOld() {
	for _, s := range b.allSlots() {
		if s.action == Recreate {
			b.retire(s.current)
		}
		for _, c := range s.leftovers {
			b.retire(c)
			b.removeAnonymous(ownVolumes(c, s.current), []*Operation{c.removal})
		}
		if s.action == Remove {
			b.removeAnonymous(s.current.Anonymous, []*Operation{s.current.removal})
		}
	}
}

// ownVolumes are the anonymous volumes of a container that the one that stays
// does not have too.
func ownVolumes(c, stays *existing) map[string]string {
	own := map[string]string{}
	for target, name := range c.Anonymous {
		if stays.Anonymous[target] != name {
			own[target] = name
		}
	}
	return own
}

// orderRemovals removes what was replaced, left over or not declared only when
// everything new has arrived, so that a failure can be undone. What is to be removed
// gives its name away before that.
func (b *builder) orderRemovals() {
	arrived := b.all(AwaitContainer)
	for _, op := range b.all(RemoveContainer) {
		op.after(arrived...)
	}
	for _, s := range b.allSlots() {
		if s.renamed == nil {
			continue
		}
		for _, c := range s.leftovers {
			c.removal.after(s.renamed)
		}
		if c := s.ending(); c != nil {
			c.removal.after(s.renamed)
		}
	}
}
