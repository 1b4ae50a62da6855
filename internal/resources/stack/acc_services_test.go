package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

func TestAccStack_DependsOn_StartsInOrderAndWaitsForEachCondition(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  migrate: {image: "homelab.test/app:1", command: [job, -sleep, 1s]}
  db:
    image: homelab.test/app:1
    command: [serve, -healthy-after, 1s]
    healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 50}
  api:
    image: homelab.test/app:1
    depends_on:
      migrate: {condition: service_completed_successfully}
      db: {condition: service_healthy}
  web: {image: "homelab.test/app:1", depends_on: [api]}
`)
	state := func(service, want string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New("services").AtMapKey(service).AtMapKey("state"), knownvalue.StringExact(want))
	}
	step := b.step(config, holds(func() error { return expectOrder(b.containers()) }))
	step.ConfigStateChecks = append(step.ConfigStateChecks,
		state("migrate", "completed"), state("db", "healthy"), state("api", "running"), state("web", "running"))
	b.test(step, unchanged(config))
}

// expectOrder checks the run times on the engine's own clock.
func expectOrder(containers map[string]container.InspectResponse) error {
	var failed error
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			failed = err
		}
		return parsed
	}
	api, web := at(containers["api/1"].State.StartedAt), at(containers["web/1"].State.StartedAt)
	completed := at(containers["migrate/1"].State.FinishedAt)
	var healthy time.Time
	for _, check := range containers["db/1"].State.Health.Log {
		if check.ExitCode == 0 {
			healthy = check.End
			break
		}
	}
	if api.Before(completed) || web.Before(api) || api.Sub(at(containers["db/1"].State.StartedAt)) < time.Second {
		return fmt.Errorf("migrate ended at %s, db was healthy at %s, api started at %s, web at %s", completed, healthy, api, web)
	}
	return failed
}

func TestAccStack_JobFails_DependentsDoNotStartUntilItIsMended(t *testing.T) {
	b := newBench(t)
	config := func(code string) string {
		return b.config(fmt.Sprintf(`
services:
  migrate: {image: "homelab.test/app:1", command: [job, -code, "%s", -log, "no such table"]}
  api: {image: "homelab.test/app:1", depends_on: {migrate: {condition: service_completed_successfully}}}
`, code))
	}
	failed := b.step(config("4"))
	failed.ExpectError = wordings(`Service "migrate" of stack`, `exited with code 4`, `no such table`)
	b.test(
		failed,
		after(func() {
			if started := b.container("api").State.StartedAt; !strings.HasPrefix(started, "0001-") {
				t.Errorf("api was started at %s, though the job it waits for failed", started)
			}
		}, b.step(config("0"), holds(func() error {
			if !b.container("api").State.Running {
				return fmt.Errorf("api does not run")
			}
			return nil
		}))),
	)
}

func TestAccStack_Scale_AddsAndRemovesTheHighestNumbers(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	scaled := func(replicas int) string {
		return b.config(fmt.Sprintf("services:\n  web: {image: \"homelab.test/app:1\", command: [sleep], scale: %d}\n", replicas))
	}
	look := holds(func() error { w.look(); return nil })
	b.test(
		b.step(scaled(3), look),
		expecting(b.step(scaled(1), w.onlyTouched("web/2", "web/3"), look),
			acctest.ExpectDifferences(address, "compose", "services.web.replicas: 3 -> 1")),
		expecting(b.step(scaled(2), w.onlyTouched("web/2"), look),
			acctest.ExpectDifferences(address, "compose", "services.web.replicas: 1 -> 2")),
		expecting(b.step(scaled(0), w.onlyTouched("web/1", "web/2"))),
		expecting(b.step(scaled(1))),
	)
}

func TestAccStack_Profiles_EnableAndRemoveServices(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	const compose = `
services:
  web: {image: "homelab.test/app:1", command: [sleep]}
  debug: {image: "homelab.test/app:1", command: [sleep], profiles: [debug]}
`
	look := holds(func() error { w.look(); return nil })
	b.test(
		b.step(b.config(compose), look, b.expectServices("web")),
		b.step(b.config(compose, `profiles = ["debug"]`), w.onlyTouched("debug/1"), look, b.expectServices("debug", "web")),
		expecting(b.step(b.config(compose), w.onlyTouched("debug/1"), b.expectServices("web")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
	)
}

// expectServices are the services that have containers.
func (b *bench) expectServices(want ...string) acctest.StateCheck {
	return holds(func() error {
		var got []string
		for key := range b.containers() {
			service, _, _ := strings.Cut(key, "/")
			got = append(got, service)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("there are containers of %v, want %v", got, want)
		}
		return nil
	})
}

func TestAccStack_ServiceNoLongerDeclared_IsRemovedAlone(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	const both = "services:\n  web: {image: \"homelab.test/app:1\", command: [sleep]}\n  old: {image: \"homelab.test/app:2\", command: [sleep]}\n"
	const one = "services:\n  web: {image: \"homelab.test/app:1\", command: [sleep]}\n"
	b.test(
		b.step(b.config(both), holds(func() error { w.look(); return nil })),
		expecting(b.step(b.config(one), w.onlyTouched("old/1"), b.expectServices("web")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
	)
}

func TestAccStack_ImageChanged_RecreatesOnlyThatService(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	tagged := func(tag string) string {
		return b.config(fmt.Sprintf("services:\n  web: {image: \"homelab.test/app:%s\"}\n  api: {image: \"homelab.test/app:1\"}\n", tag))
	}
	b.test(
		b.step(tagged("1"), holds(func() error { w.look(); return nil }), b.expectFile("web", "/version", "1\n")),
		expecting(b.step(tagged("2"), w.onlyTouched("web/1"), b.expectFile("web", "/version", "2\n")),
			plancheck.ExpectKnownValue(address, tfjsonpath.New("services").AtMapKey("web").AtMapKey("image"), knownvalue.StringExact("homelab.test/app:2"))),
	)
}

func TestAccStack_PublishedPortChangedHands_MovesWithoutAClash(t *testing.T) {
	b := newBench(t)
	ports := func(web, api int) string {
		return b.config(fmt.Sprintf("services:\n  web: {image: \"homelab.test/app:1\", ports: [\"127.0.0.1:%d:8080\"]}\n"+
			"  api: {image: \"homelab.test/app:1\", ports: [\"127.0.0.1:%d:8080\"]}\n", web, api))
	}
	b.test(b.step(ports(21001, 21002)), b.step(ports(21002, 21001)))
}
