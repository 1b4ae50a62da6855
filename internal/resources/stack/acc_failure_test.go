package stack_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/container"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// sick is a service that says on its log who it is, and whose health check
// fails. It takes the interval and the number of retries.
const sick = `
services:
  web:
    image: homelab.test/app:1
    command: [serve, -unhealthy, -log, "I am sick"]
    healthcheck: {test: [CMD, /app, health], interval: %s, retries: %d}
  other: {image: "homelab.test/app:1"}
`

// failing is a stack that cannot start and what the error says.
type failing struct {
	name, compose string
	arguments     []string
	says          []string
	states        map[string]string // afterwards, by service
}

var failings = []failing{
	{name: "unhealthy", compose: fmt.Sprintf(sick, "200ms", 2),
		says: []string{`Error: Unable to converge stack`, `Service "web" of stack`, `became unhealthy after`,
			`Last health checks of the failed container:`, `exit 1 unhealthy: -unhealthy was given`, `Last log lines:`, `I am sick`,
			`What was made so far stays, to be looked at: other, web did not run before and run now.`, `Fix the cause and apply again.`,
			`terraform untaint 'homelab_stack.NAME'`},
		states: map[string]string{"web": "unhealthy", "other": "running"}},
	{name: "not healthy in time", compose: fmt.Sprintf(sick, "300ms", 10000), arguments: []string{`timeouts = { create = "20s" }`},
		says: []string{`Service "web" of stack`, `did not become ready within 20s: its health check says "starting"`,
			`Last health checks of the failed container:`, `exit 1 unhealthy: -unhealthy was given`, `Last log lines:`, `I am sick`,
			`raise timeouts.create`},
		states: map[string]string{"web": "starting", "other": "running"}},
	{name: "exited", compose: `
services:
  web: {image: "homelab.test/app:1", command: [job, -code, "3", -log, "I give up"]}
  other: {image: "homelab.test/app:1"}
`,
		says:   []string{`Service "web" of stack`, `exited with code 3`, `Last log lines:`, `I give up`},
		states: map[string]string{"web": "exited", "other": "running"}},
}

func TestAccStack_CreateFails_ErrorShowsItsWordsAndStateWhatRuns(t *testing.T) {
	for _, f := range failings {
		t.Run(f.name, func(t *testing.T) {
			b := newBench(t)
			config := b.config(f.compose, f.arguments...)
			b.test(
				resource.TestStep{Config: config, ExpectError: wordings(f.says...)},
				resource.TestStep{Config: config, PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: resource.ConfigPlanChecks{
					PostApplyPreRefresh: []plancheck.PlanCheck{ended(func(services map[string]acctest.Service) error {
						return b.expectStates(services, f.states)
					})},
				}},
			)
		})
	}
}

// expectStates is what state says of services, and that it is so on the engine.
func (b *bench) expectStates(services map[string]acctest.Service, want map[string]string) error {
	for name, state := range want {
		s := services[name]
		c := b.container(name)
		image, err := b.engine.ImageInspect(b.Context(), s.Image)
		if err != nil {
			return fmt.Errorf("state says that %s runs %q: %w", name, s.Image, err)
		}
		now := c.State.Status
		if now == "running" && c.State.Health != nil {
			now = c.State.Health.Status
		}
		if s.State != state || s.State != now || s.Replicas != 1 || image.ID != c.Image {
			return fmt.Errorf("state says of %s %+v, the engine %s of %s, want %s", name, s, now, c.Image, state)
		}
	}
	return nil
}

func TestAccStack_UpdateFails_PreviousContainerRunsAgain(t *testing.T) {
	b := newBench(t)
	const healthy = `
services:
  web:
    image: homelab.test/app:1
    environment: {COLOR: red}
    command: [serve, -log, "I am well"]
    healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 3}
  other: {image: "homelab.test/app:1"}
`
	failing := b.config(fmt.Sprintf(sick, "200ms", 2), showAll)
	wanted := []string{"compose",
		`services.web.spec.command: "[\"serve\",\"-log\",\"I am well\"]" -> "[\"serve\",\"-unhealthy\",\"-log\",\"I am sick\"]"`,
		`services.web.spec.environment.COLOR: "red" -> (absent)`, `services.web.spec.healthcheck.retries: "3" -> "2"`}
	var before map[string]string
	restored := ended(func(services map[string]acctest.Service) error {
		if err := b.sameContainer(before, "web/1"); err != nil {
			return err
		}
		if err := expectContinuity(before, b.lives(), "web/1"); err != nil {
			return err
		}
		return b.expectStates(services, map[string]string{"web": "healthy", "other": "running"})
	})
	again := planOnly(failing, restored, acctest.ExpectDifferences(address, wanted...))
	b.test(
		b.step(b.config(healthy, showAll), holds(func() error { before = b.lives(); return nil })),
		resource.TestStep{Config: failing, ExpectError: wordings(`Service "web" of stack`, `became unhealthy after`,
			`exit 1 unhealthy: -unhealthy was given`, `I am sick`,
			`The change was rolled back: the previous container of web (image homelab.test/app:1) runs again and is healthy; 1 other service was not touched.`)},
		again,
		unchanged(b.config(healthy, showAll)),
	)
}

// The program in the container is replaced by something that is none: its health
// check fails, and it cannot start again.
func TestAccStack_RestartFails_ErrorSaysThatTheServiceIsDown(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  web:
    image: homelab.test/app:1
    healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 1}
    stop_grace_period: 1s
  other: {image: "homelab.test/app:1", command: [sleep]}
`)
	ruin := func() {
		var content bytes.Buffer
		w := tar.NewWriter(&content)
		b.must(w.WriteHeader(&tar.Header{Name: "app", Typeflag: tar.TypeReg, Mode: 0o644}))
		b.must(w.Close())
		b.must(b.engine.CopyToContainer(b.Context(), b.container("web").ID, "/", &content, container.CopyToContainerOptions{}))
		b.eventually("an unhealthy service", func() bool { return b.container("web").State.Health.Status == container.Unhealthy })
	}
	b.test(
		b.step(config),
		resource.TestStep{Config: config, PreConfig: ruin, ExpectError: wordings(`Service "web" of stack`, `Rolling the change back failed in part`,
			`On the node now: web ran before and does not run now`, `1 other service was not touched`)},
		planOnly(config, ended(func(services map[string]acctest.Service) error {
			if b.container("web").State.Running || services["web"].State == "running" {
				return fmt.Errorf("web is %s in state, and runs on the engine: %t", services["web"].State, b.container("web").State.Running)
			}
			return nil
		})),
	)
}

func TestAccStack_UpdateFailsWithoutRollback_LeavesTheNewContainer(t *testing.T) {
	b := newBench(t)
	const sleeping = "services:\n  web: {image: \"homelab.test/app:1\", command: [sleep]}\n"
	const broken = "services:\n  web: {image: \"homelab.test/app:1\", command: [job, -code, \"3\", -log, \"I give up\"]}\n"
	b.test(
		b.step(b.config(sleeping, "rollback = false")),
		resource.TestStep{Config: b.config(broken, "rollback = false"),
			ExpectError: wordings(`exited with code 3`, `I give up`, `What was made so far stays, to be looked at: web ran before and does not run now (it exited with code 3).`)},
		b.step(b.config(sleeping, "rollback = false"), holds(func() error {
			if got := b.containers(); len(got) != 1 || !got["web/1"].State.Running {
				return fmt.Errorf("after the repair there is %v", b.lives())
			}
			return nil
		})),
	)
}

func TestAccStack_OneOfTwoChangesFails_BothAreUndone(t *testing.T) {
	b := newBench(t)
	pair := func(color, command string) string {
		return b.config(fmt.Sprintf(`
services:
  db: {image: "homelab.test/app:1", command: [sleep], environment: {COLOR: %s}}
  web: {image: "homelab.test/app:1", command: %s, depends_on: [db]}
  other: {image: "homelab.test/app:1", command: [sleep]}
`, color, command), showAll)
	}
	var before map[string]string
	undone := ended(func(services map[string]acctest.Service) error {
		for _, key := range []string{"db/1", "web/1"} {
			if err := b.sameContainer(before, key); err != nil {
				return err
			}
		}
		if err := expectContinuity(before, b.lives(), "db/1", "web/1"); err != nil {
			return err
		}
		if got := services["db"].Spec["environment.COLOR"]; got != "red" {
			return fmt.Errorf("state says that db is %s", got)
		}
		return b.expectStates(services, map[string]string{"db": "running", "web": "running", "other": "running"})
	})
	failing := pair("blue", "[job, -code, '5']")
	b.test(
		b.step(pair("red", "[sleep]"), holds(func() error { before = b.lives(); return nil })),
		resource.TestStep{Config: failing, ExpectError: wordings(`Service "web" of stack`, `exited with code 5`,
			`The change was rolled back: the previous containers of db, web run again; 1 other service was not touched.`)},
		planOnly(failing, undone),
		unchanged(pair("red", "[sleep]")),
	)
}

func TestAccStack_AddedServiceFails_IsTakenAwayAgain(t *testing.T) {
	b := newBench(t)
	const alone = "services:\n  web: {image: \"homelab.test/app:1\", command: [sleep]}\n"
	const added = alone + "  new: {image: \"homelab.test/app:1\", command: [job, -code, \"5\"], networks: [extra]}\nnetworks: {extra: {}}\n"
	var before map[string]string
	b.test(
		b.step(b.config(alone), holds(func() error { before = b.lives(); return nil })),
		resource.TestStep{Config: b.config(added), ExpectError: wordings(`Service "new" of stack`, `exited with code 5`,
			`The change was rolled back: nothing that ran before was touched.`)},
		planOnly(b.config(added), acctest.PlanCheck(func(*tfjson.Plan) error { return expectContinuity(before, b.lives()) })),
		unchanged(b.config(alone)),
	)
}
