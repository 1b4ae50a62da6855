package simulated_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest/simulated"
)

const (
	// roundTrip is how long each answer of an engine takes.
	roundTrip = 20 * time.Millisecond
	// mostMemory is what the provider may hold, whatever the size of the fleet.
	mostMemory = 500 * megabyte
	// unevenness is how far two measurements of the same may be apart.
	unevenness = 1.25
	// parallelism is Terraform's while the fleet is made; plans have its default.
	parallelism = "-parallelism=64"
)

// size is how large a fleet is, and how long its nodes are waited for.
type size struct {
	nodes, stacks, containers int // the last is of each stack
	timeout                   time.Duration
}

// asked is the size that the environment asks for, as in HOMELAB_FLEET=100,1000,10;
// otherwise one that is made quickly.
func asked(t *testing.T) (s size, large bool) {
	t.Helper()
	text, large := os.LookupEnv("HOMELAB_FLEET")
	if !large || text == "" {
		return size{nodes: 3, stacks: 12, containers: 3, timeout: 10 * time.Second}, false
	}
	s.timeout = 15 * time.Second
	if _, err := fmt.Sscanf(text, "%d,%d,%d", &s.nodes, &s.stacks, &s.containers); err != nil {
		t.Fatalf("HOMELAB_FLEET=%s is not nodes,stacks,containers: %v", text, err)
	}
	return s, true
}

// homelab is a fleet of simulated engines with Terraform in front of it.
type homelab struct {
	*acctest.CLI
	t       *testing.T
	size    size
	engines []*simulated.Engine
	hosts   []string
}

func newHomelab(t *testing.T, s size) *homelab {
	h := &homelab{CLI: acctest.NewCLI(t), t: t, size: s}
	for i := range s.nodes {
		engine := simulated.New(nodeName(i), roundTrip)
		h.engines, h.hosts = append(h.engines, engine), append(h.hosts, acctest.Serve(t, engine))
		t.Cleanup(engine.SwitchOn) // before the server waits for its requests
	}
	return h
}

func nodeName(i int) string { return fmt.Sprintf("n%03d", i) }

// configure writes a configuration of so many stacks, dealt out to the nodes: each
// node has a file with a resource block, as in a homelab. All in one would measure
// Terraform, which evaluates for_each for each instance, and reads a whole file again
// for each error that it shows of it.
func (h *homelab) configure(stacks int, whenOffline string) {
	var b strings.Builder
	fmt.Fprintf(&b, "provider \"homelab\" {\n  when_offline = %q\n  connect_timeout = %q\n  nodes = {\n", whenOffline, h.size.timeout)
	for i, host := range h.hosts {
		fmt.Fprintf(&b, "    %s = { host = %q }\n", nodeName(i), host)
	}
	b.WriteString("  }\n}\n")
	h.Write(h.t, "main.tf", b.String())
	for i := range min(stacks, h.size.nodes) {
		h.Write(h.t, nodeName(i)+".tf", fmt.Sprintf("resource \"homelab_stack\" %[1]q {\n"+
			"  for_each = toset([for i in range(%[2]d, %[3]d, %[4]d) : format(\"s%%04d\", i)])\n"+
			"  node = %[1]q\n  name = each.key\n  compose = <<-EOT\n%[5]s  EOT\n}\n", nodeName(i), i, stacks, h.size.nodes, h.document()))
	}
}

// document is each stack's, in Terraform's words.
func (h *homelab) document() string {
	var b strings.Builder
	b.WriteString("    services:\n")
	for i := range h.size.containers {
		fmt.Fprintf(&b, "      c%d:\n        image: homelab.test/app:%d\n        restart: unless-stopped\n        networks: [front]\n        volumes: [data:/data]\n"+
			"        environment: {TZ: Europe/Madrid, PUID: \"1000\", PGID: \"1000\", NAME: \"${each.key}\"}\n"+
			"        labels: {traefik.enable: \"true\", room: attic}\n        mem_limit: 256m\n", i, i%4)
	}
	b.WriteString("    networks: {front: {}}\n    volumes: {data: {}}\n")
	return b.String()
}

// outcome is what a plan cost.
type outcome struct {
	acctest.Result
	cost
	took time.Duration
}

func (h *homelab) plan(code int) outcome {
	h.t.Helper()
	h.take()
	start := time.Now()
	p := h.Start(h.t, "plan", "-no-color", "-detailed-exitcode")
	c := watch(p)
	o := outcome{p.Wait(h.t), c, time.Since(start)}
	if o.Code != code {
		h.t.Fatalf("the plan ended with code %d, not %d:\n%s%s", o.Code, code, o.Stdout, o.Stderr)
	}
	if c.memory > mostMemory {
		h.t.Errorf("the provider held %s", inMegabytes(c.memory))
	}
	return o
}

// take returns the calls to each engine since the last time.
func (h *homelab) take() []map[string]int {
	var calls []map[string]int
	for _, e := range h.engines {
		calls = append(calls, e.Take())
	}
	return calls
}

// requireFewCalls checks that a plan without a change asked each node for a ping,
// its three lists and each of its containers, and for nothing else. Those that
// are off were tried once.
func (h *homelab) requireFewCalls(off int) {
	h.t.Helper()
	for i, calls := range h.take() {
		want := map[string]int{"GET /_ping": 1, "GET /containers/json": 1, "GET /networks": 1, "GET /volumes": 1,
			"GET /containers/{id}/json": h.engines[i].Containers()}
		if h.engines[i].Containers() == 0 {
			want = map[string]int{} // nobody asks for it
		}
		if i < off {
			want = map[string]int{"while off": 1}
		}
		if fmt.Sprint(calls) != fmt.Sprint(want) {
			h.t.Errorf("%s was asked %v, not %v", nodeName(i), calls, want)
		}
	}
}

// The bar of a fleet's size: each node costs a plan the same calls whatever the
// number of its stacks, and those that are away cost it their timeout once.
func TestAccFleet_Plan_AsksEachNodeOnceForAll(t *testing.T) {
	s, large := asked(t)
	h := newHomelab(t, s)
	var perStack []float64
	var last outcome
	for i, stacks := range []int{s.stacks / 4, s.stacks / 2, 3 * s.stacks / 4, s.stacks} {
		h.configure(stacks, "fail")
		start := time.Now()
		h.Must(t, []string{"apply", "-no-color", "-auto-approve", parallelism})
		made := time.Since(start)
		if i == 2 {
			continue // made in two steps
		}
		last = h.plan(0)
		h.requireFewCalls(0)
		perStack = append(perStack, last.took.Seconds()/float64(stacks))
		t.Logf("%d nodes, %d stacks, %d containers: made in %s, planned in %s; Terraform computed %s, the provider %s and held %s",
			s.nodes, stacks, stacks*s.containers, made.Round(time.Second), last.took.Round(10*time.Millisecond), last.terraform, last.provider, inMegabytes(last.memory))
	}
	if large && perStack[2] > unevenness*perStack[0] {
		t.Errorf("a stack takes %.1f ms of a plan with all of them, and %.1f ms with a quarter", 1000*perStack[2], 1000*perStack[0])
	}
	h.away(last.took, large)
}

// away plans with a tenth of the nodes off, with both answers to that.
func (h *homelab) away(without time.Duration, large bool) {
	t := h.t
	off := max(1, h.size.nodes/10)
	for _, e := range h.engines[:off] {
		e.SwitchOff()
	}
	h.configure(h.size.stacks, "keep")
	kept := h.plan(0)
	h.requireFewCalls(off)
	for i := range off {
		if want := fmt.Sprintf("Node %q is offline: its last known state is kept", nodeName(i)); !strings.Contains(kept.Stdout, want) {
			t.Errorf("the plan does not say: %s\n%s", want, kept.Stdout)
		}
	}
	h.configure(h.size.stacks, "fail")
	failed := h.plan(1)
	h.requireFewCalls(off)
	for i := range off {
		if want := fmt.Sprintf("Node %q (unix://", nodeName(i)); !strings.Contains(failed.Stderr, want) {
			t.Errorf("the plan does not say: %s\n%s", want, failed.Stderr)
		}
	}
	t.Logf("%d nodes off, connect_timeout %s: planned in %s with keep, failed in %s", off, h.size.timeout,
		kept.took.Round(10*time.Millisecond), failed.took.Round(10*time.Millisecond))
	for _, e := range h.engines {
		e.SwitchOn()
	}
	without = max(without, h.plan(0).took)
	h.requireFewCalls(0)
	if limit := without + time.Duration(off)*h.size.timeout; large && max(kept.took, failed.took) > limit {
		t.Errorf("that is more than the %s that connecting and the plan without them may take", limit)
	}
}
