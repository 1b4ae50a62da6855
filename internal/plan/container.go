package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// containers plans what happens to each replica's container. New ones are made
// before old ones stop, old ones are kept, stopped, until every new one has
// arrived, and each starts when its dependencies have arrived.
func (b *builder) containers() {
	for _, name := range b.parentsFirst() { // a child's creation names its parent's start, which has to be planned by then
		for i := range b.slots[name] {
			b.slotOperations(&b.slots[name][i])
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

func createID(s *slot) string { return fmt.Sprintf("create container %s/%d", s.service, s.number) }

// startID names the operation by which a container is started, if one is planned.
func startID(s *slot) string {
	kind := StartContainer
	switch s.comesUp() {
	case Restart:
		kind = RestartContainer
	case Unpause:
		kind = UnpauseContainer
	default: // a new container, or one that was stopped
	}
	return fmt.Sprintf("%s %s/%d", kind, s.service, s.number)
}

func awaitID(s *slot) string { return fmt.Sprintf("await container %s/%d", s.service, s.number) }

func connectID(s *slot, network string) string {
	return fmt.Sprintf("%s %s/%d to %s", ConnectContainer, s.service, s.number, network)
}

func disconnectID(s *slot, network string) string {
	return fmt.Sprintf("%s %s/%d from %s", DisconnectContainer, s.service, s.number, network)
}

func onExisting(kind Kind, c *observed.Container) string {
	return fmt.Sprintf("%s %s (%.12s)", kind, c.Name, c.ID)
}

// What follows gives the operation of the plan, or nil if it has none.

func (b *builder) planned(kind Kind, name string) *Operation { return b.byID[opID(kind, name)] }

func (b *builder) onExisting(kind Kind, c *observed.Container) *Operation {
	return b.byID[onExisting(kind, c)]
}

func (b *builder) start(s *slot) *Operation { return b.byID[startID(s)] }

func (b *builder) creation(s *slot) *Operation { return b.byID[createID(s)] }

func (b *builder) arrival(s *slot) *Operation { return b.byID[awaitID(s)] }

func (b *builder) connection(s *slot, network string) *Operation {
	return b.byID[connectID(s, network)]
}

func (b *builder) disconnection(s *slot, network string) *Operation {
	return b.byID[disconnectID(s, network)]
}

func (b *builder) slotOperations(s *slot) {
	service := b.want.Services[s.service]
	switch s.action {
	case Create, Recreate:
		b.makeContainer(s, &service)
	case Remove:
		b.retire(s.current)
		return
	default:
		b.repairOperations(s, &service)
		if s.comesUp() == "" && len(s.leftovers) == 0 {
			return
		}
	}
	b.await(s, &service)
}

// repairOperations brings back a container that stays. What it lacks is there
// before it is started; one that is paused or restarts again and again is first
// brought into a state in which it can be changed.
func (b *builder) repairOperations(s *slot, service *desired.Service) {
	op := func(kind Kind, id string) Operation {
		return Operation{ID: id, Kind: kind, Service: s.service, Number: s.number, Container: s.current.ID}
	}
	var changes []*Operation
	b.rename(s, service)
	for _, r := range s.repairs {
		switch r.action {
		case TagImage:
			b.retag(service.Image.Reference)
		case Update:
			o := op(UpdateContainer, fmt.Sprintf("%s %s/%d", UpdateContainer, s.service, s.number))
			for _, d := range r.causes {
				o.Fields = append(o.Fields, d.Field)
			}
			changes = append(changes, b.add(o))
		case Connect:
			changes = append(changes, b.connect(s, service, r.causes)...)
		case Start:
			b.add(b.withHooks(s, service, op(StartContainer, startID(s))))
		case Restart:
			o := b.withHooks(s, service, op(RestartContainer, startID(s)))
			o.WasUp = s.current.Up()
			b.add(o)
		case Unpause:
			b.add(op(UnpauseContainer, startID(s)))
		default: // renamed already
		}
	}
	b.orderRepairs(s, service, changes)
}

// orderRepairs lets a container start when all that was to change has changed.
func (b *builder) orderRepairs(s *slot, service *desired.Service, changes []*Operation) {
	for _, ref := range service.OtherImages() {
		b.need(b.start(s), b.planned(PullImage, ref))
	}
	for _, a := range service.Networks {
		b.need(b.start(s), b.planned(CreateNetwork, a.Network))
	}
	if endsWithHooks(service) && s.comesUp() != "" {
		b.need(s.renamed, b.start(s)) // the name reports that the hooks have run
	} else {
		b.need(b.start(s), s.renamed)
	}
	for _, change := range changes {
		if s.current.State == observed.Paused || s.current.State == observed.Restarting {
			b.need(change, b.start(s))
		} else {
			b.need(b.start(s), change)
		}
	}
}

// connect plans the way back onto the networks that a container should be on,
// with its addresses and aliases, and off those that somebody put it on.
func (b *builder) connect(s *slot, service *desired.Service, causes []Difference) []*Operation {
	compare := b.compare(service)
	names := map[string]bool{}
	for _, d := range causes {
		names[compare.networkOf(d.Field, s.current)] = true
	}
	var ops []*Operation
	for _, name := range sortedKeys(names) {
		o := Operation{Service: s.service, Number: s.number, Container: s.current.ID, Network: name}
		if _, attached := s.current.NetworkIDs[name]; attached {
			o.ID, o.Kind = disconnectID(s, name), DisconnectContainer
			ops = append(ops, b.add(o))
		}
		if slices.ContainsFunc(service.Networks, func(a desired.Attachment) bool { return a.Network == name }) {
			o.ID, o.Kind = connectID(s, name), ConnectContainer
			o.Needs = []*Operation{b.disconnection(s, name), b.planned(CreateNetwork, name)}
			ops = append(ops, b.add(o))
		}
	}
	return ops
}

// await waits for the replica to arrive, unless it has already.
func (b *builder) await(s *slot, service *desired.Service) {
	o := Operation{ID: awaitID(s), Kind: AwaitContainer, Service: s.service, Number: s.number, Await: awaitOf(service, b.jobs()[s.service])}
	if s.current != nil && !s.makes() {
		o.Container = s.current.ID
	}
	o.Needs = []*Operation{b.start(s)}
	b.add(o)
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

// rename gives a container that stays its proper name back.
func (b *builder) rename(s *slot, service *desired.Service) {
	final := desired.ContainerName(b.want.Name, service, s.number)
	if s.current == nil || s.current.Name == final {
		return
	}
	s.renamed = b.add(Operation{ID: fmt.Sprintf("rename container %s/%d to %s", s.service, s.number, final), Kind: RenameContainer,
		Service: s.service, Number: s.number, Container: s.current.ID, Name: final, OldName: s.current.Name,
		Needs: slices.Concat(b.leftoversAside(s, final), b.makeWay(s, final))})
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

// ingredients are the operations that a container's creation waits for: image,
// networks, volumes, files, and the parents that it holds on to.
func (b *builder) ingredients(s *desired.Service) []*Operation {
	needs := []*Operation{b.planned(PullImage, s.Image.Reference), b.planned(BuildImage, s.Image.Reference), b.planned(RetagImage, s.Image.Reference)}
	for _, ref := range s.OtherImages() {
		needs = append(needs, b.planned(PullImage, ref), b.planned(BuildImage, ref))
	}
	for _, a := range s.Networks {
		needs = append(needs, b.planned(CreateNetwork, a.Network))
	}
	for _, m := range s.Mounts {
		needs = append(needs, b.planned(CreateVolume, m.Source))
	}
	for _, p := range b.plan.Placements[s.Name] {
		needs = append(needs, b.planned(DeliverFiles, p.Volume))
	}
	for _, parent := range parents(*s) {
		for i := range b.slots[parent] {
			if p := &b.slots[parent][i]; p.number == 1 {
				needs = append(needs, b.start(p), p.renamed) // it is found by its name
			}
		}
	}
	return needs
}

// existingParents are the IDs of the containers that a new one holds on to and
// that stay.
func (b *builder) existingParents(s *desired.Service) map[string]string {
	var out map[string]string
	for _, share := range s.Shares() {
		for i := range b.slots[share.Service] {
			p := &b.slots[share.Service][i]
			if p.number != 1 || p.makes() || p.current == nil {
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

// retire plans the stop and the removal of a container that goes.
func (b *builder) retire(c *observed.Container) {
	stop := b.stop(c)
	b.add(Operation{ID: onExisting(RemoveContainer, c), Kind: RemoveContainer, Service: c.Service, Number: c.Number, Container: c.ID, Needs: []*Operation{stop}})
}

func (b *builder) stop(c *observed.Container) *Operation {
	return b.add(Operation{ID: onExisting(StopContainer, c), Kind: StopContainer, Service: c.Service, Number: c.Number,
		Container: c.ID, WasUp: c.Up(), Hooks: b.hooksOfOld(c)})
}
