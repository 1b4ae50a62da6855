package plan

import (
	"slices"
	"sort"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Build plans the way from what exists to what is desired.
func Build(want *desired.Stack, have *observed.Stack, opts Options) *Plan {
	b := &builder{
		want: want, have: have, opts: opts, Plan: &Plan{Rollback: true, Warnings: slices.Clone(want.Warnings), SecretVersions: map[string]int{}, Starts: map[string]bool{}},
		pulls: operations{}, builds: operations{}, tags: operations{}, networkCreations: operations{}, networkRemovals: operations{},
		volumeCreations: operations{}, deliveries: operations{}, volumeRemovals: operations{},
		movedTags: map[string]bool{}, slots: map[string][]*slot{}, lostTags: map[string]string{},
	}
	if b.refuseForeign() {
		return b.Plan
	}
	b.Placements = b.place()
	b.networks()
	b.volumes()
	b.findLostTags()
	b.decideServices()
	b.checkNames()
	b.checkEndpoints()
	b.checkPorts()
	b.checkNodePaths()
	b.checkVersion()
	if len(b.Problems) > 0 {
		return b.Plan
	}
	b.chooseOrder()
	b.removeScratch()
	b.images()
	b.files()
	b.containers()
	b.cleanUpNetworks()
	b.cleanUpFiles()
	b.warnOfReuse()
	b.warnOfGuests()
	b.finish()
	return b.Plan
}

// builder gathers a plan.
type builder struct {
	*Plan

	want *desired.Stack
	have *observed.Stack
	opts Options
	// What is planned for images, by reference, for networks, and for volumes, by the
	// engine's names. Operations of a container are in its slot.
	pulls, builds, tags, networkCreations, volumeCreations, deliveries, volumeRemovals operations
	// networkRemovals are planned before the containers: those of the networks whose
	// containers have to be recreated.
	networkRemovals operations
	// movedTags are the image references that the plan pulls or builds.
	movedTags map[string]bool
	// lostTags are the IDs of images by the reference that was removed by hand.
	lostTags map[string]string
	// slots are the decisions, by service.
	slots map[string][]*slot
}

func (b *builder) addProblem(detail string) {
	b.Problems = append(b.Problems, check.Problem{Attribute: "compose", Detail: detail})
}

// addMissing notes something that has to exist when the plan is carried out: another
// resource may create it until then. network is its name if it is a network.
func (b *builder) addMissing(detail, network string) {
	b.MayClear = true
	b.Missing = append(b.Missing, check.Problem{Attribute: "compose", Detail: detail, Network: network})
}

func (p *Plan) addChange(c Change) { p.Changes = append(p.Changes, c) }

// operations are those of one kind, by the name of what they act on.
type operations map[string]*Operation

// add appends an operation to the plan.
func (p *Plan) add(op Operation) *Operation {
	if op.ID == "" {
		op.ID = opID(op.Kind, op.Name)
	}
	needs := op.Needs
	op.Needs = nil
	op.after(needs...)
	p.Operations = append(p.Operations, &op)
	return &op
}

// once adds an operation to a place, if there is none yet; the one that is there
// gets the prerequisites of both.
func (p *Plan) once(place **Operation, op Operation) *Operation {
	if *place == nil {
		*place = p.add(op)
	} else {
		(*place).after(op.Needs...)
	}
	return *place
}

// onceFor adds the operation for a named thing, if there is none yet.
func (p *Plan) onceFor(all operations, op Operation) *Operation {
	place := all[op.Name]
	all[op.Name] = p.once(&place, op)
	return place
}

// after adds prerequisites to an operation. Nil is one that is not part of the plan.
func (op *Operation) after(needs ...*Operation) {
	if op == nil {
		return
	}
	for _, n := range needs {
		if n != nil && n != op {
			op.Needs = append(op.Needs, n)
		}
	}
}

func opID(kind Kind, name string) string { return string(kind) + " " + name }

// finish sorts each operation's prerequisites.
func (p *Plan) finish() {
	for _, op := range p.Operations {
		slices.SortFunc(op.Needs, func(x, y *Operation) int { return strings.Compare(x.ID, y.ID) })
		op.Needs = slices.Compact(op.Needs)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
