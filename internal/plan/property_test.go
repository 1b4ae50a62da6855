package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// propertyCases is how many random stacks are tried; the seed of each is in
// its name, and HOMELAB_SEED shifts them all to try others.
const propertyCases = 300

func TestBuild_RandomStacks_HoldsItsPromises(t *testing.T) {
	shift := uint64(0)
	if text := os.Getenv("HOMELAB_SEED"); text != "" {
		var err error
		if shift, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for i := range uint64(propertyCases) {
		seed := shift + i
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			(&trial{T: t, r: rand.New(rand.NewPCG(seed, 1))}).run()
		})
	}
}

// trial is one random case.
type trial struct {
	*testing.T
	r *rand.Rand
}

func (t *trial) run() {
	before := randomGenome(t.r)
	e := newEngine()
	e.oldAPI = chance(t.r, 30)
	for _, ref := range []string{"alpine:1", "alpine:2", "nginx:1"} {
		e.registry[ref] = image(ref, 1)
	}
	t.converge(e, before.stack(e.registry), nil, "created")

	after := before.mutate(t.r)
	known := knownOf(before.stack(e.registry))
	drifted := chance(t.r, 50)
	old := before.stack(e.registry)
	if drifted {
		drift(t.r, e)
	}
	want := after.stack(e.registry)
	start := e.clone()
	p := t.build(e, want, known)
	if again := t.build(e, want, known); p.String() != again.String() {
		t.Fatalf("two plans of the same differ:\n%s\n---\n%s", p, again)
	}
	if !drifted {
		t.untouched(p, old, want)
	}
	t.converge(e, want, known, "changed")
	for range 3 {
		t.interrupt(start.clone(), e.fingerprint(), want, known, p)
	}
	t.destroy(e, want)
}

func knownOf(w *desired.Stack) map[string][]string {
	known := map[string][]string{}
	for name, s := range w.Services {
		known[name] = s.Spec(nil).Keys()
	}
	return known
}

// build plans, and checks what holds for every plan by itself.
func (t *trial) build(e *engine, want *desired.Stack, known map[string][]string) *plan.Plan {
	t.Helper()
	p := plan.Build(want, e.observe(stackName), plan.Options{AppliedFields: known})
	if len(p.Problems) > 0 {
		t.Fatalf("refused: %v", p.Problems)
	}
	if p.Empty() != (len(p.Changes) == 0) {
		t.Fatalf("changes and operations do not agree:\n%s", p)
	}
	t.order(p)
	fetchesFirst(t.T, p)
	return p
}

// order returns a random order of the operations that the prerequisites allow.
func (t *trial) order(p *plan.Plan) []*plan.Operation {
	t.Helper()
	checkEdges(t.T, p)
	known := map[string]bool{}
	for _, op := range p.Operations {
		if known[op.ID] {
			t.Fatalf("operation %q is planned twice:\n%s", op.ID, p)
		}
		known[op.ID] = true
	}
	var order []*plan.Operation
	done := map[*plan.Operation]bool{}
	for len(order) < len(p.Operations) {
		var ready []*plan.Operation
		for _, op := range p.Operations {
			if done[op] || slices.ContainsFunc(op.Needs, func(need *plan.Operation) bool { return !done[need] }) {
				continue
			}
			ready = append(ready, op)
		}
		if len(ready) == 0 {
			t.Fatalf("the operations wait for each other, or for one that is not planned:\n%s", p)
		}
		next := pick(t.r, ready...)
		done[next] = true
		order = append(order, next)
	}
	return order
}

// carryOut executes a plan in a random order, the first n operations of it and
// half of the one after them.
func (t *trial) carryOut(e *engine, want *desired.Stack, p *plan.Plan, n int) {
	t.Helper()
	x := &execution{engine: e, want: want, plan: p, created: map[string]string{}}
	var done []string
	for i, op := range t.order(p) {
		if i > n {
			break
		}
		if i == n && op.Kind != plan.DeliverFiles && op.Kind != plan.CreateContainer {
			break
		}
		if err := x.do(op, i == n); err != nil {
			t.Fatalf("%s: %v\nafter:\n  %s\nplan:\n%s", op.ID, err, strings.Join(done, "\n  "), p)
		}
		done = append(done, op.ID)
		t.serving(e, want, p, op)
	}
}

// serving checks that a container which is replaced start-first leaves no gap: by
// the time it stops, another one of the same replica is up and has arrived, or has
// done its work.
func (t *trial) serving(e *engine, want *desired.Stack, p *plan.Plan, op *plan.Operation) {
	t.Helper()
	if op.Kind != plan.StopContainer || !op.WasUp || !startsFirst(p, op) {
		return
	}
	for _, b := range e.containers {
		arrived := b.Up() && b.State != observed.Starting || plan.Jobs(want)[op.Service] && b.State == observed.Exited && b.ExitCode == 0
		if b.Service == op.Service && b.Number == op.Number && b.ID != op.Container && arrived {
			return
		}
	}
	t.Fatalf("%s leaves nothing that serves:\n%s", op.ID, p)
}

// startsFirst reports whether a stop is planned to wait for its successor.
func startsFirst(p *plan.Plan, op *plan.Operation) bool {
	return needs(op, fmt.Sprintf("await container %s/%d", op.Service, op.Number))
}

// converge plans and executes, after which nothing is left to do.
func (t *trial) converge(e *engine, want *desired.Stack, known map[string][]string, word string) {
	t.Helper()
	p := t.build(e, want, known)
	t.carryOut(e, want, p, len(p.Operations))
	e.settle(want)
	if rest := t.build(e, want, known); !rest.Empty() {
		t.Fatalf("%s, and yet there is something to do:\n%s\nafter:\n%s", word, rest, p)
	}
}

// interrupt ends an execution anywhere, once or twice, and converges then.
func (t *trial) interrupt(e *engine, goal string, want *desired.Stack, known map[string][]string, first *plan.Plan) {
	t.Helper()
	history := "first:\n" + first.String()
	p := first
	for range pick(t.r, 1, 1, 2) {
		if len(p.Operations) == 0 {
			break
		}
		n := t.r.IntN(len(p.Operations))
		history += fmt.Sprintf("interrupted after %d\n", n)
		t.carryOut(e, want, p, n)
		if chance(t.r, 50) {
			e.settle(want)
		}
		p = t.build(e, want, known)
		history += "then:\n" + p.String()
	}
	t.carryOut(e, want, p, len(p.Operations))
	e.settle(want)
	if rest := t.build(e, want, known); !rest.Empty() {
		t.Fatalf("there is something left to do:\n%s\n%s", rest, history)
	}
	if got := e.fingerprint(); got != goal {
		t.Fatalf("interrupted, it leads to\n%s\nwithout, to\n%s\n%s", got, goal, history)
	}
}

// untouched checks that what is equal on both sides is left alone.
func (t *trial) untouched(p *plan.Plan, old, want *desired.Stack) {
	t.Helper()
	for name, s := range want.Services {
		before, existed := old.Services[name]
		if !existed || !reflect.DeepEqual(before, s) || t.concerned(&s, old, want) {
			continue
		}
		for _, op := range p.Operations {
			if op.Service == name && op.Kind != plan.AwaitContainer {
				t.Fatalf("%s did not change, and yet: %s\n%s", name, op.ID, p)
			}
		}
	}
}

// concerned reports whether a service's surroundings changed.
func (t *trial) concerned(s *desired.Service, old, want *desired.Stack) bool {
	for name := range s.Dependencies {
		dep := want.Services[name]
		if !reflect.DeepEqual(old.Services[name], dep) || t.concerned(&dep, old, want) {
			return true
		}
	}
	for _, a := range s.Networks {
		for key, n := range want.Networks {
			if n.Name == a.Network && !reflect.DeepEqual(old.Networks[key], n) {
				return true
			}
		}
	}
	return !reflect.DeepEqual(plan.Jobs(old)[s.Name], plan.Jobs(want)[s.Name])
}

func (t *trial) destroy(e *engine, want *desired.Stack) {
	t.Helper()
	have := e.observe(stackName)
	p := plan.Destroy(have, plan.Options{RemoveVolumes: true, Declared: slices.Collect(maps.Keys(have.Volumes))})
	t.carryOut(e, want, p, len(p.Operations))
	if len(e.containers)+len(e.networks)+len(e.volumes) > 0 {
		t.Fatalf("destroyed, and yet there is\n%s", e.fingerprint())
	}
}
