package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// StackInput is all that a decision about a stack depends on.
type StackInput struct {
	Want *desired.Stack
	Have *observed.Stack
	// Last is the record of when the stack was last applied.
	Last  Record
	World World
	// Adopt allows a stack of which homelab made nothing, as after an import.
	Adopt bool
	// Leaving names a stack that is destroyed before this one is applied; it may be
	// this one, of which the run makes another.
	Leaving string
	// Digests are the image digests that were planned, by service: what a tag meant
	// then, whatever it means by now. nil has them looked up.
	Digests map[string]string
}

// StackDecision is what is done about a stack, and what applying it leads to.
type StackDecision struct {
	*Plan
	// Needs is what has to be asked before the decision is final.
	Needs Needs
	// Want is the stack as it is applied: with the digests that its tags mean, as the
	// node's engine can have it.
	Want *desired.Stack
	// After is the stack as it will be shown.
	After View
	// Changed names the services of which something differs, and Following those that
	// are only recreated or restarted because something else is. All others stay as
	// they are.
	Changed, Following map[string]bool
	// Resumes reports that a failed create left something on the node. This one continues
	// with it if the destroy before it leaves it.
	Resumes bool
	// Overcommitted warns that the node's memory is less than what is reserved; empty
	// for no such warning.
	Overcommitted string
	// Takes is what the stack takes of the node, Networks what its networks do, those
	// that leave among them.
	Takes    check.Reservation
	Networks []check.Network
	// Rotated is the decision if the secrets whose values are not known yet differ from
	// the node's; all other fields take them to be the same. It is nil when all are known.
	Rotated *StackDecision
}

// DecideStack decides what is done about a stack. It is pure.
func DecideStack(in StackInput) StackDecision {
	want, told, needs := in.withDigests()
	have, resumes, there := in.vacated()
	want, tooNew := forEngine(want, have.APIVersion)
	options := in.options(resumes)
	want = KeepNodePaths(want, have, options)
	p := Build(want, have, options)
	out := outcome(want, have, p)
	out.Needs, out.Resumes = needs, resumes
	own := stackNetworks(want, have)
	out.Takes, out.Networks = takenBy(want, p), own
	more, warnings := out.checks(in, have)
	p.Problems = slices.Concat(in.owned(), p.Problems, unbuildable(want, have, p), more)
	p.Warnings = slices.Concat(told, there, tooNew, p.Warnings, warnings)
	if undecided := len(want.Undecided()) > 0 || UsesUndecided(want, options.Secrets); undecided && !in.World.Applying {
		options.Rotated = true
		q := Build(want, have, options)
		q.Problems = append(q.Problems, unbuildable(want, have, q)...)
		rotated := outcome(want, have, q)
		out.Rotated = &rotated
	}
	return out
}

// DestroyStack decides what destroying a stack removes. It is pure.
func DestroyStack(have *observed.Stack, last Record, removeVolumes bool) *Plan {
	return Destroy(have, Options{RemoveVolumes: removeVolumes, Declared: last.declared()})
}

func (in StackInput) options(resumes bool) Options {
	return Options{
		AppliedFields: in.Last.AppliedFields, Accepted: in.Last.Accepted, NodePaths: in.Last.NodePaths,
		Adopt: in.Adopt, Create: in.creates(), Failed: resumes, Leaving: in.Leaving,
		Node: in.World.Node, Secrets: in.World.Secrets, Others: in.World.Stacks, Applying: in.World.Applying,
	}
}

// creates reports whether nothing is in a state: what is remembered of a stack was
// applied, and what is adopted is in state.
func (in StackInput) creates() bool { return in.Last.Creates(in.Adopt) }

// owned reports that another resource of the run has the stack for itself, or networks
// and volumes of it.
func (in StackInput) owned() []check.Problem {
	things, by := ThingsOf(in.Want), StackOwner(in.Want.Name)
	if same := in.World.owned("name", by, things[0]); len(same) > 0 {
		return same
	}
	return in.World.owned("compose", by, things[1:]...)
}

// ThingsOf are what a stack has of a node for itself: the stack, its networks and its
// volumes.
func ThingsOf(want *desired.Stack) []Thing {
	things := []Thing{{ThingStack, want.Name}}
	for _, key := range sortedKeys(want.Networks) {
		if n := want.Networks[key]; !n.External {
			things = append(things, Thing{ThingNetwork, n.Name})
		}
	}
	for _, key := range sortedKeys(want.Volumes) {
		if v := want.Volumes[key]; !v.External {
			things = append(things, Thing{ThingVolume, v.Name})
		}
	}
	return things
}

// vacated is a stack as a create will find it. A stack of homelab's that is on the node
// and not in this resource's state is planned as if it were gone, with a warning: the
// run may destroy it first. What a failed or interrupted create left stays, and the
// next create continues with it.
func (in StackInput) vacated() (have *observed.Stack, resumes bool, warnings []string) {
	switch {
	case !in.creates() || !in.Have.Exists():
		return in.Have, false, nil
	case in.Leaving == in.Want.Name:
		return in.Have.Gone(), false, nil
	case in.World.CreateFailed:
		unfinished := *in.Have
		unfinished.Unfinished = true // by the time of the create the node says so
		return &unfinished, true, nil
	case in.World.Applying || in.Have.Unfinished || !in.Have.Owned:
		return in.Have, false, nil
	}
	text := in.World.isThere(fmt.Sprintf("Stack %q is on the node already, with %s", in.Want.Name, whatIsThere(in.Have)), StackOwner(in.Want.Name), in.Want.Name)
	return in.Have.Gone(), false, []string{text}
}

// withDigests gives the services that follow digests those that their tags mean now.
// A registry that could not be asked leaves the node's digest in place, with a warning.
func (in StackInput) withDigests() (want *desired.Stack, warnings []string, needs Needs) {
	if in.Digests != nil {
		return pinned(in.Want, registryDigests(in.Digests, in.Have)), nil, Needs{}
	}
	digests, problems := map[string]string{}, map[string]bool{}
	for _, name := range sortedKeys(in.Want.Services) {
		s := in.Want.Services[name]
		ref := s.Image.Reference
		if !s.FollowsDigest() {
			continue
		}
		said, known := in.Last.Followed[ref]
		if !known {
			said, known = in.World.Lookups[ref]
		}
		if !known {
			needs.Lookups = append(needs.Lookups, ref)
		}
		if digests[name] = said.Digest; said.Problem != "" {
			problems[fmt.Sprintf("The digest of image %s could not be looked up, so the one on the node stays: %s.", ref, said.Problem)] = true
		}
	}
	return pinned(in.Want, digests), sortedKeys(problems), needs
}

// pinned returns the stack with the given image digests, by service, for the services
// that are to follow digests.
func pinned(want *desired.Stack, digests map[string]string) *desired.Stack {
	out := *want
	out.Services = maps.Clone(want.Services)
	for name := range out.Services {
		if s := out.Services[name]; s.FollowsDigest() {
			s.Image.Digest = digests[name]
			out.Services[name] = s
		}
	}
	return &out
}

// registryDigests returns the planned digests that come from registries: for an image
// that no registry has, a plan shows its ID.
func registryDigests(planned map[string]string, have *observed.Stack) map[string]string {
	out := map[string]string{}
	for name, digest := range planned {
		if img, isID := have.Images[digest]; !isID || img.Has(digest) {
			out[name] = digest
		}
	}
	return out
}

// unbuildable reports which builds of a plan the engine does not support, by its API
// version.
func unbuildable(want *desired.Stack, have *observed.Stack, p *Plan) []check.Problem {
	var problems []check.Problem
	for _, op := range p.Operations {
		if op.Kind != BuildImage {
			continue
		}
		if keys := want.Services[op.Service].Image.Build.Lacking(have.APIVersion); len(keys) > 0 {
			problems = append(problems, check.Problem{Attribute: "compose", Detail: fmt.Sprintf(
				"Service %q: the BuildKit of this node's engine (API %s) does not know %s: that needs Docker Engine 23.0 or newer. "+
					"Upgrade the engine on that node, or build the image elsewhere, push it, and use its name as image.",
				op.Service, have.APIVersion, strings.Join(keys, ", "))})
		}
	}
	return problems
}

// takenBy is what a stack takes of its node, with what is started of it.
func takenBy(want *desired.Stack, p *Plan) check.Reservation {
	reservation := check.ReservationOf(want)
	for i := range reservation.Ports {
		reservation.Ports[i].Starts = p.Starts[reservation.Ports[i].Service]
	}
	for i := range reservation.Names {
		reservation.Names[i].Starts = p.Starts[reservation.Names[i].Service]
	}
	return reservation
}

// outcome says what a plan leads to.
func outcome(want *desired.Stack, have *observed.Stack, p *Plan) StackDecision {
	out := StackDecision{Plan: p, Want: want, After: planned(want, have, p), Changed: map[string]bool{}, Following: map[string]bool{}}
	for _, c := range p.Changes {
		if c.Service != "" {
			out.Following[c.Service] = c.Inherited && !out.Changed[c.Service]
			out.Changed[c.Service] = out.Changed[c.Service] || !c.Inherited
		}
	}
	return out
}
