package property

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

const (
	pairsVariable, seedVariable = "PAIRS", "SEED"
	defaultPairs                = 200
	// defaultSeed makes a check of a change the same for everyone; "make property"
	// takes another seed each time.
	defaultSeed = 1
	// workers is how many projects change at the same time.
	workers = 4
	// patience bounds the wait for what changes by itself: a job's end.
	patience = time.Minute
	node     = "n"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestAccProperty_AThenB_IsB applies chains of random projects and compares each
// with the same project applied alone, on another engine. PAIRS says how many,
// and SEED repeats a run.
func TestAccProperty_AThenB_IsB(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	pairs, seed := number(t, pairsVariable, defaultPairs), number(t, seedVariable, defaultSeed)
	t.Logf("%s=%d %s=%d", pairsVariable, pairs, seedVariable, seed)
	l := labtest.New(t, lab.Options{Nodes: 2})
	prepare(t, l, generator{rand.New(rand.NewPCG(seed, workers)), workers})
	var done atomic.Int64
	t.Run("chains", func(t *testing.T) {
		for w := range workers {
			t.Run(strconv.Itoa(w), func(t *testing.T) {
				t.Parallel()
				c := newChain(t, l, generator{rand.New(rand.NewPCG(seed, uint64(w))), w})
				for range (int(pairs) + workers - 1) / workers {
					c.step()
					done.Add(1)
				}
			})
		}
	})
	t.Logf("%d pairs held", done.Load())
}

// prepare has both nodes import the empty image, which they do once.
func prepare(t *testing.T, l *lab.Lab, g generator) {
	t.Helper()
	c := &chain{T: t, generator: g, name: acctest.Name(t), chained: newSide(t, l.Nodes[0].Host), lone: newSide(t, l.Nodes[1].Host)}
	p := g.finish(project{Services: map[string]service{"job": {"image": images.AppV1, "command": []string{"job"}, "configs": []string{"conf"}}}, Values: map[string]string{}})
	for _, on := range []side{c.chained, c.lone} {
		_, _, err := on.stacks().Apply(t.Context(), node, c.load(p), core.Record{}, core.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.state(on).remove(t.Context(), on.engine); err != nil {
			t.Fatal(err)
		}
	}
}

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// chain is one project that changes again and again on one node, and each time
// is made anew on another.
type chain struct {
	*testing.T
	generator
	name          string
	chained, lone side
	current       project
	memory        core.Record
	applied       bool
	log           []string // what happened, for a failure's report
}

// side is a node, as the core and as the test reach it.
type side struct {
	engine   *client.Client
	recorder *acctest.Recorder
	fleet    *fleet.Fleet
}

// Engine makes a side the core's nodes.
func (s side) Engine(ctx context.Context, name string) (core.Engine, error) {
	n, err := s.fleet.Node(ctx, name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (s side) stacks() core.Stacks { return core.New(s, registry.New()).Stacks() }

func newSide(t *testing.T, host string) side {
	t.Helper()
	recorder := acctest.Record(t, host)
	f, err := fleet.New(map[string]fleet.NodeConfig{node: {Host: recorder.Host}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return side{labtest.Client(t, host), recorder, f}
}

func newChain(t *testing.T, l *lab.Lab, g generator) *chain {
	t.Helper()
	c := &chain{T: t, generator: g, name: fmt.Sprintf("%sprop%d", acctest.Prefix, g.worker),
		chained: newSide(t, l.Nodes[0].Host), lone: newSide(t, l.Nodes[1].Host)}
	c.current = c.project()
	c.apply(c.chained, c.load(c.current), c.current, &c.memory)
	c.applied = true
	return c
}

// load reads a project as the provider does.
func (c *chain) load(p project) *desired.Stack {
	c.Helper()
	want, err := compose.Load(c.Context(), compose.Input{Name: c.name, Compose: p.text(), Secrets: p.Values})
	if err != nil {
		c.report("loading a project: %v", err)
	}
	return &want
}

// step changes the project, and at times the node by hand before that.
func (c *chain) step() {
	c.Helper()
	c.log = []string{"A:\n" + c.current.text()}
	if c.chance(35) {
		c.drift()
	}
	b := c.next(c.current)
	c.log = append(c.log, "B:\n"+b.text())
	want := c.load(b)
	c.apply(c.chained, want, b, &c.memory)
	c.current = b
	c.alone(want, b)
}

// apply previews, applies what was previewed, and holds the requests against the
// plan. A second preview has to be empty.
func (c *chain) apply(on side, want *desired.Stack, p project, memory *core.Record) {
	c.Helper()
	adopt := c.applied && on == c.chained
	preview, err := on.stacks().Preview(c.Context(), node, want, *memory, core.PreviewOptions{Adopt: adopt})
	if err != nil || len(preview.Problems) > 0 {
		c.report("preview: %v %v", err, preview.Problems)
	}
	planned, before := c.plan(on, want, *memory, adopt)
	agreed := []string{}
	for _, change := range preview.Changes {
		agreed = append(agreed, change.Identity())
	}
	on.recorder.Take()
	created := !adopt && memory.AppliedFields == nil
	_, after, err := on.stacks().Apply(c.Context(), node, want, *memory, core.ApplyOptions{Adopt: adopt, Rollback: true, Planned: agreed})
	wrote := sent(on.recorder.Take(), before)
	c.log = append(c.log, "plan:\n"+planned.String())
	if err != nil {
		c.report("apply: %v", err)
	}
	*memory = after
	api, err := on.fleet.Node(c.Context(), node)
	if err != nil {
		c.report("node: %v", err)
	}
	agreedWrites := named(planned, want, api.ClientVersion())
	if created { // which is noted on the node while it is made
		agreedWrites = append(agreedWrites, "POST /volumes/create", "DELETE /volumes/"+desired.Note{Kind: desired.NoteStack, Name: want.Name}.Volume())
		slices.Sort(agreedWrites)
	}
	if differs := difference(normal(agreedWrites), normal(wrote)); differs != "" {
		c.report("the requests are not the plan's:\n%s", differs)
	}
	again, err := on.stacks().Preview(c.Context(), node, want, *memory, core.PreviewOptions{Adopt: true})
	if err != nil || !again.Empty() {
		c.report("a second plan is not empty: %v %v", again.Changes, err)
	}
}

// normal hides which network a container is connected to while it is made.
func normal(lines []string) []string {
	var out []string
	for _, line := range lines {
		if strings.HasPrefix(line, "POST /networks/") && strings.HasSuffix(line, "/connect") {
			line = "POST /networks/*/connect"
		}
		out = append(out, line)
	}
	return out
}

// plan makes the plan that applying will make, and lists the containers that
// are there before.
func (c *chain) plan(on side, want *desired.Stack, memory core.Record, adopt bool) (*plan.Plan, []string) {
	c.Helper()
	engine, err := on.Engine(c.Context(), node)
	if err != nil {
		c.report("node: %v", err)
	}
	read, err := observed.ReadNode(c.Context(), engine)
	if err != nil {
		c.report("read: %v", err)
	}
	refs := []string{}
	for _, s := range want.Services {
		refs = append(refs, s.Image.Reference)
	}
	have, err := read.Stack(c.Context(), want.Name, refs, memory.Seen)
	if err != nil {
		c.report("read: %v", err)
	}
	var ids []string
	for _, id := range have.Names {
		ids = append(ids, id)
	}
	ids = append(ids, have.Scratch...)
	return plan.Build(want, have, plan.Options{AppliedFields: memory.AppliedFields, Accepted: memory.Accepted, Adopt: adopt}), ids
}

// alone applies a project to a node that has nothing of it, compares both nodes,
// and clears the second one.
func (c *chain) alone(want *desired.Stack, p project) {
	c.Helper()
	var memory core.Record
	c.apply(c.lone, want, p, &memory)
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	for tick := time.Tick(50 * time.Millisecond); ; {
		a, b := c.state(c.chained), c.state(c.lone)
		if a.state() == b.state() {
			break
		}
		select {
		case <-tick:
		case <-ctx.Done():
			c.report("A then B is not B alone:\n%s", diff(a.state(), b.state()))
		}
	}
	if err := c.state(c.lone).remove(c.Context(), c.lone.engine); err != nil {
		c.report("clear: %v", err)
	}
}

func (c *chain) state(on side) things {
	c.Helper()
	all, err := find(c.Context(), on.engine, c.name)
	if err != nil {
		c.report("look: %v", err)
	}
	return all
}

// report ends the test with all that is needed to see it again.
func (c *chain) report(format string, args ...any) {
	c.Helper()
	c.Fatalf("%s\n\n%s", fmt.Sprintf(format, args...), strings.Join(c.log, "\n"))
}

// diff lists the lines that only one side has.
func diff(a, b string) string {
	var out strings.Builder
	only := func(mark, from, other string) {
		lines := map[string]int{}
		for line := range strings.SplitSeq(other, "\n") {
			lines[line]++
		}
		for line := range strings.SplitSeq(from, "\n") {
			if lines[line]--; lines[line] < 0 {
				fmt.Fprintf(&out, "%s %s\n", mark, line)
			}
		}
	}
	only("A→B  ", a, b)
	only("alone", b, a)
	return out.String()
}
