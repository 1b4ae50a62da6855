package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// The engine makes what it is asked for and its answer never arrives, as with a
// connection that is cut. Nothing of it is left, and the next apply succeeds.
func TestAccStack_AnswerToACreateIsLost_IsUndoneAndTheNextApplySucceeds(t *testing.T) {
	const alone = "services:\n  a: {image: \"homelab.test/app:1\", command: [sleep], networks: [back]}\nnetworks: {back: {}}\n"
	const added = `
services:
  a: {image: "homelab.test/app:1", command: [sleep], networks: [back]}
  x: {image: "homelab.test/app:1", command: [sleep], networks: [front], configs: [{source: settings, target: /settings}]}
networks: {back: {}, front: {}}
configs: {settings: {content: "some"}}
`
	for name, point := range map[string]acctest.Point{
		"container":         unanswered("POST", containerCreate, 1),
		"network":           unanswered("POST", networkCreate, 1),
		"scratch container": unanswered("POST", scratchCreate, 1),
		"volume of files":   unanswered("POST", volumeCreate, 1),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			first := b.config(alone)
			second := b.config(added)
			cut := &bench{T: b.T, name: b.name, engine: b.engine}
			gate := acctest.Hold(t, b.host, point)
			cut.host = gate.Host
			var before string
			b.test(
				b.step(first, holds(func() error { before = b.condition(); return nil })),
				resource.TestStep{Config: cut.config(added), PreConfig: func() { go func() { <-gate.Reached; gate.Open() }() },
					ExpectError: wordings(`The change was rolled back: nothing that ran before was touched.`)},
				after(func() {
					if now := b.condition(); now != before {
						t.Errorf("before:\n%s\nafter:\n%s", before, now)
					}
				}, b.step(second)),
			)
		})
	}
}

// Ctrl-C while the engine stops two containers, which take their time: it goes on with
// that, and what the error says of them is so when the apply has ended.
func TestAccStack_InterruptedWhileContainersStop_TheyRunAgain(t *testing.T) {
	c := acctest.NewCLI(t)
	t.Parallel()
	name, engine := acctest.Name(t), labtest.Engine(t)
	sweepStack(t, engine, name)
	configure := func(revision int) {
		service := fmt.Sprintf("{image = \"homelab.test/app:1\", command = [\"sleep\", \"-ignore-term\"], environment = {REVISION = \"%d\"}, stop_grace_period = \"4s\"}", revision)
		c.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(
			"resource \"homelab_stack\" \"this\" {\n  name = %q\n  compose = jsonencode({services = {web = %s, worker = %s}})\n}\n", name, service, service))
	}
	configure(1)
	c.Apply(t)
	before, err := acctest.LookAt(t.Context(), engine, name)
	if err != nil {
		t.Fatal(err)
	}
	killed, lost := engine.Events(t.Context(), events.ListOptions{Filters: filters.NewArgs(filters.Arg("event", "kill"), filters.Arg("label", "io.homelab.stack="+name))})
	configure(2)
	apply := c.Start(t, "apply", "-no-color", "-auto-approve")
	for range 2 {
		select {
		case <-killed:
		case err := <-lost:
			t.Fatal(err)
		case <-apply.Done():
			t.Fatalf("the apply ended before it was interrupted: %+v", apply.Wait(t))
		}
	}
	apply.Interrupt()
	r := apply.Wait(t)
	after, err := acctest.LookAt(t.Context(), engine, name)
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != 1 || !strings.Contains(r.Stderr, "Error: Interrupted") || strings.Contains(r.Stderr, "http://") ||
		!strings.Contains(r.Stderr, "the previous containers of web, worker run again") {
		t.Errorf("the apply ended with code %d:\n%s", r.Code, r.Stderr)
	}
	if err := before.Check(after, r.Stderr); err != nil {
		t.Errorf("%v:\n%s", err, r.Stderr)
	}
	configure(1)
	c.RequireEmptyPlan(t)
}
