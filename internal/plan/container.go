package plan

import (
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// containers plans what happens to each replica's container. New ones are made
// before old ones stop, old ones are kept, stopped, until every new one has
// arrived, and each starts when its dependencies have arrived.
func (b *builder) containers() {
	for _, name := range b.parentsFirst() { // a child's creation names its parent's start, which has to be planned by then
		for _, s := range b.slots[name] {
			b.slotOperations(s)
		}
	}
	b.retireOld()
	b.orderStarts()
	b.orderStops()
	b.orderRemovals()
	b.orderNames()
	b.orderAddresses()
	b.fetchFirst()
}

func (b *builder) slotOperations(s *slot) {
	switch s.action {
	case Create, Recreate:
		b.createContainer(s)
	case Remove:
		b.retire(s.current)
		return
	default:
		b.repairOperations(s)
		if s.startAction() == "" && len(s.leftovers) == 0 {
			return
		}
	}
	b.await(s)
}

// repairOperations repairs a container that stays. Its changes are made before it is
// started. One that is paused or restarts again and again is first resumed or
// restarted, so that it can be changed.
func (b *builder) repairOperations(s *slot) {
	var changes []*Operation
	b.rename(s)
	for _, r := range s.repairs {
		switch r.action {
		case TagImage:
			b.retag(s.want.Image.Reference)
		case Update:
			o := s.operation(UpdateContainer)
			for _, d := range r.causes {
				o.Fields = append(o.Fields, d.Field)
			}
			changes = append(changes, b.add(o))
		case Connect:
			changes = append(changes, b.connect(s, r.causes)...)
		case Start:
			s.start = b.add(b.withHooks(s, s.operation(StartContainer)))
		case Restart:
			o := b.withHooks(s, s.operation(RestartContainer))
			o.WasUp = s.current.Up()
			s.start = b.add(o)
		case Unpause:
			s.start = b.add(s.operation(UnpauseContainer))
		default: // renamed already
		}
	}
	b.orderRepairs(s, changes)
}

// orderRepairs lets a container start when all that was to change has changed.
func (b *builder) orderRepairs(s *slot, changes []*Operation) {
	for _, ref := range s.want.OtherImages() {
		s.start.after(b.pulls[ref])
	}
	for _, a := range s.want.Networks {
		s.start.after(b.networkCreations[a.Network])
	}
	if endsWithHooks(s.want) && s.startAction() != "" {
		s.renamed.after(s.start) // the name reports that the hooks have run
	} else {
		s.start.after(s.renamed)
	}
	for _, change := range changes {
		if s.current.State == observed.Paused || s.current.State == observed.Restarting {
			change.after(s.start)
		} else {
			s.start.after(change)
		}
	}
}

// connect attaches a container to the networks that it should be on, with its addresses
// and aliases, and disconnects it from those to which it was connected by hand.
func (b *builder) connect(s *slot, causes []Difference) []*Operation {
	compare := b.compare(s.want)
	names := map[string]bool{}
	for _, d := range causes {
		names[compare.networkOf(d.Field, s.current.Container)] = true
	}
	var ops []*Operation
	s.connections, s.disconnections = operations{}, operations{}
	op := func(kind Kind, way, name string) Operation {
		o := s.operation(kind)
		o.ID, o.Network = o.ID+way+name, name
		return o
	}
	for _, name := range sortedKeys(names) {
		if _, attached := s.current.NetworkIDs[name]; attached {
			s.disconnections[name] = b.add(op(DisconnectContainer, " from ", name))
			ops = append(ops, s.disconnections[name])
		}
		if slices.ContainsFunc(s.want.Networks, func(a desired.Attachment) bool { return a.Network == name }) {
			s.connections[name] = b.add(op(ConnectContainer, " to ", name))
			s.connections[name].after(s.disconnections[name], b.networkCreations[name])
			ops = append(ops, s.connections[name])
		}
	}
	return ops
}

// await waits for the replica to arrive, unless it has already.
func (b *builder) await(s *slot) {
	o := s.operation(AwaitContainer)
	o.Await, o.Needs = awaitOf(s.want, Jobs(b.want)[s.service]), []*Operation{s.start}
	s.arrival = b.add(o)
}

func awaitOf(s *desired.Service, awaited bool) Await {
	switch {
	case awaited:
		return AwaitCompleted
	case mayComplete(s, awaited):
		return AwaitRunningOrDone
	}
	return AwaitRunning
}

// inherited are the anonymous volumes that go over to a new container, as under
// Docker Compose: those that the service or its image still asks for.
func (b *builder) inherited(s *desired.Service, old *observed.Container) map[string]string {
	volumes := map[string]string{}
	for target, name := range old.Anonymous {
		if b.imageMounts(s, target, old) {
			volumes[target] = name
		}
	}
	for _, m := range s.Mounts {
		if name, ok := old.Anonymous[m.Target]; ok && m.Type == desired.MountVolume && m.Source == "" {
			volumes[m.Target] = name
		} else {
			delete(volumes, m.Target)
		}
	}
	for _, f := range s.Files {
		delete(volumes, f.Target)
	}
	return volumes
}

// imageMounts reports whether a service's image declares a volume. Of one that is
// still to be fetched, the previous image says it.
func (b *builder) imageMounts(s *desired.Service, target string, old *observed.Container) bool {
	key := "volumes." + target
	img, known := b.have.Images[s.Image.Reference]
	if !known || b.movedTags[s.Image.Reference] {
		return old.Defaults[key]
	}
	_, declared := img.Spec[key]
	return declared
}

func ptr[T any](v T) *T { return &v }

// rename restores the name of a container that stays.
func (b *builder) rename(s *slot) {
	final := b.finalName(s)
	if s.current.Name == final {
		return
	}
	op := s.renaming(final, b.leftoversAside(s, final), b.freeName(s, final))
	op.OldName = s.current.Name
	s.renamed = b.add(op)
}

// inStack reports whether a container belongs to the stack.
func (b *builder) inStack(id string) bool {
	for _, list := range b.have.Services {
		for i := range list {
			if list[i].ID == id {
				return true
			}
		}
	}
	return false
}

// prerequisites are the operations that a container's creation waits for: those of its
// image, networks, volumes, files and parents.
func (b *builder) prerequisites(s *desired.Service) []*Operation {
	needs := []*Operation{b.pulls[s.Image.Reference], b.builds[s.Image.Reference], b.tags[s.Image.Reference]}
	for _, ref := range s.OtherImages() {
		needs = append(needs, b.pulls[ref], b.builds[ref])
	}
	for _, a := range s.Networks {
		needs = append(needs, b.networkCreations[a.Network])
	}
	for _, m := range s.Mounts {
		needs = append(needs, b.volumeCreations[m.Source])
	}
	for _, p := range b.Placements[s.Name] {
		needs = append(needs, b.deliveries[p.Volume])
	}
	for _, parent := range parents(*s) {
		for _, p := range b.slots[parent] {
			if p.number == 1 {
				needs = append(needs, p.start, p.renamed) // it is found by its name
			}
		}
	}
	return needs
}

// existingParents are the IDs of the parents of a new container that stay.
func (b *builder) existingParents(s *desired.Service) map[string]string {
	var out map[string]string
	for _, share := range s.Shares() {
		for _, p := range b.slots[share.Service] {
			if p.number != 1 || p.creates() || p.current == nil {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			out[share.Service] = p.current.ID
		}
	}
	return out
}

// retire stops and removes a container.
func (b *builder) retire(c *existing) {
	op := c.operation(RemoveContainer)
	op.Needs = []*Operation{b.stop(c)}
	c.removal = b.add(op)
}

func (b *builder) stop(c *existing) *Operation {
	op := c.operation(StopContainer)
	op.WasUp, op.Hooks = c.Up(), b.hooksOfOld(c.Container)
	return b.once(&c.stop, op)
}
