package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// slot is the decision about one replica of a service.
type slot struct {
	service string
	number  int
	// want is the service as it is declared; empty for one that is not.
	want *desired.Service
	// action is empty when the container stays, except for its repairs.
	action Action
	causes []Difference
	// repairs are the actions for a container that stays.
	repairs []repair
	// inherited reports that every cause lies outside the container.
	inherited bool
	// current is the replica's container; nil when missing.
	current *existing
	// leftovers are further containers that have the labels of the same replica.
	leftovers []*existing
	// startFirst reports that the old container stops only after the new one has
	// arrived.
	startFirst bool
	// What is planned for the container that the replica will have; nil is not part of
	// the plan. start may be a restart or a resume, and renamed gives the container its
	// name.
	creation, start, arrival, renamed *Operation
	// connections and disconnections are those of a container that stays, by network.
	connections, disconnections operations
	// handed reports that another container of the stack has had the name.
	handed bool
	// secretVersion is what a new container is labelled with.
	secretVersion int
}

// existing is a container that the node has, with the operations that stop, rename and
// remove it. aside is the renaming that frees its name.
type existing struct {
	*observed.Container
	stop, aside, removal *Operation
}

// operation is one for the container that the replica will have. One that is created has
// no ID yet.
func (s *slot) operation(kind Kind) Operation {
	op := Operation{ID: fmt.Sprintf("%s %s/%d", kind, s.service, s.number), Kind: kind, Service: s.service, Number: s.number}
	if !s.creates() {
		op.Container = s.current.ID
	}
	return op
}

// operation is one for the container as it is.
func (c *existing) operation(kind Kind) Operation {
	return Operation{ID: fmt.Sprintf("%s %s (%.12s)", kind, c.Name, c.ID), Kind: kind, Service: c.Service, Number: c.Number, Container: c.ID}
}

func (s *slot) subject() string { return fmt.Sprintf("service %s/%d", s.service, s.number) }

// creates reports whether a container is created for the replica.
func (s *slot) creates() bool { return s.action == Create || s.action == Recreate }

// createsAny reports whether a container of a service is created.
func (b *builder) createsAny(service string) bool {
	return slices.ContainsFunc(b.slots[service], (*slot).creates)
}

// decideServices decides about every replica, in an order in which a parent
// whose namespaces are shared comes before its children.
func (b *builder) decideServices() {
	for again := true; again; again = b.moveTags() { // a fetched image concerns all who use it
		for _, name := range b.inOrder() {
			service := b.want.Services[name]
			b.slots[name] = b.decide(&service)
		}
	}
	for _, name := range sortedKeys(b.have.Services) {
		service, wanted := b.want.Services[name]
		for i := range b.have.Services[name] {
			c := b.have.Services[name][i]
			if !wanted || c.Number > service.Replicas {
				b.slots[name] = append(b.slots[name], &slot{service: name, number: c.Number, want: &service, action: Remove, current: &existing{Container: &c},
					causes: []Difference{{Field: "replicas", Old: "exists", New: "not declared"}}})
			}
		}
	}
	for _, s := range b.allSlots() {
		b.reportSlot(s)
	}
}

func (b *builder) reportSlot(s *slot) {
	if s.action != "" {
		b.addChange(Change{Subject: s.subject(), Service: s.service, Number: s.number, Action: s.action, Causes: s.causes, Inherited: s.inherited})
	}
	for _, r := range s.repairs {
		b.addChange(Change{Subject: s.subject(), Service: s.service, Number: s.number, Action: r.action, Causes: r.causes, Inherited: r.inherited})
		one := Restarted{Service: s.service, State: string(s.current.State)}
		if r.action == Restart && r.causes[0].Field == "state" && !slices.Contains(b.Restarts, one) {
			b.Restarts = append(b.Restarts, one)
		}
	}
	if len(s.leftovers) > 0 {
		b.addChange(Change{Subject: s.subject(), Service: s.service, Number: s.number, Action: CleanUp,
			Causes: []Difference{{Field: "replicas", Old: fmt.Sprintf("%d containers", 1+len(s.leftovers)), New: "1 container"}}})
	}
}

// inOrder lists the services so that each comes after those it depends on.
func (b *builder) inOrder() []string {
	var order []string
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if _, ok := b.want.Services[name]; !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, dep := range sortedKeys(b.want.Services[name].Dependencies) {
			visit(dep)
		}
		for _, parent := range parents(b.want.Services[name]) {
			visit(parent)
		}
		order = append(order, name)
	}
	for _, name := range sortedKeys(b.want.Services) {
		visit(name)
	}
	return order
}

// parentsFirst lists all services that have slots, those that are removed last.
func (b *builder) parentsFirst() []string {
	names := b.inOrder()
	for _, name := range sortedKeys(b.slots) {
		if _, wanted := b.want.Services[name]; !wanted {
			names = append(names, name)
		}
	}
	return names
}

// parents are the services whose containers a service's containers share namespaces or
// volumes of: they have to be recreated together.
func parents(s desired.Service) []string {
	var out []string
	for _, share := range s.Shares() {
		out = append(out, share.Service)
	}
	return out
}

func (b *builder) decide(s *desired.Service) []*slot {
	compare := b.compare(s)
	byNumber := map[int][]observed.Container{}
	for _, c := range b.have.Services[s.Name] {
		byNumber[c.Number] = append(byNumber[c.Number], c)
	}
	building := compare.needsBuild(b.have.Services[s.Name])
	var slots []*slot
	for number := 1; number <= s.Replicas; number++ {
		one := &slot{service: s.Name, number: number, want: s, secretVersion: 1}
		b.decideSlot(one, compare, byNumber[number], building)
		slots = append(slots, one)
		b.SecretVersions[s.Name] = max(b.SecretVersions[s.Name], one.secretVersion)
	}
	return slots
}

// decideSlot chooses among the containers that have the labels of the replica and
// says what has to happen to it.
func (b *builder) decideSlot(one *slot, compare *comparison, candidates []observed.Container, building bool) {
	if len(candidates) == 0 {
		one.action, one.causes = Create, []Difference{{Field: "state", Old: string(observed.Missing), New: "present"}}
		return
	}
	chosen, causes := choose(compare, candidates)
	one.current = &existing{Container: &candidates[chosen]}
	for i := range candidates {
		if i != chosen {
			one.leftovers = append(one.leftovers, &existing{Container: &candidates[i]})
		}
	}
	one.secretVersion = SecretVersion(one.current.Container)
	if compare.secretsDiffer(one.current.Container) {
		one.secretVersion++
	}
	here, rest := b.inPlace(compare, one.current.Container, causes)
	if gone := one.current.State; gone == observed.Dead || gone == observed.Removing {
		rest = append(rest, Difference{Field: "state", Old: string(gone), New: goal(compare.service, one.current.Container, Jobs(b.want)[compare.service.Name])})
	}
	own := slices.ContainsFunc(append(causes, rest...), func(d Difference) bool { return d.Field != configuration })
	rest = append(rest, b.inheritedCauses(compare.service, one.current.Container, building, len(rest))...)
	if len(rest) > 0 {
		one.action, one.inherited = Recreate, !own
		one.causes = append(here.causes(), rest...)
		return
	}
	one.repairs = b.repairs(compare, one, here)
}

// choose prefers a container that already is what is wanted.
func choose(compare *comparison, candidates []observed.Container) (int, []Difference) {
	best, bestCauses := 0, compare.differences(&candidates[0])
	for i := 1; i < len(candidates) && len(bestCauses) > 0; i++ {
		if causes := compare.differences(&candidates[i]); len(causes) == 0 {
			best, bestCauses = i, causes
		}
	}
	return best, bestCauses
}
