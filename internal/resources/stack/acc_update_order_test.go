package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// served is an application behind a proxy that is asked without a pause.
// Replicas, version and arguments of the application are given.
const served = `
services:
  load:
    image: "homelab.test/app:1"
    command: [load, -url, "http://proxy:8080/env?k=VERSION"]
    depends_on: [proxy]
  proxy:
    image: "homelab.test/app:1"
    command: [proxy, -upstream, "http://web:8080"]
    depends_on: {web: {condition: service_healthy}}
  web:
    image: "homelab.test/app:1"
    command: [serve, %s]
    environment: {VERSION: %q}
    healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 50}
    deploy: {replicas: %d, update_config: {order: start-first}}
`

// load is what the service load counted so far.
func (b *bench) load() (answered, failed int, last string) {
	b.Helper()
	var text string
	b.eventually("an answer of load", func() bool {
		var err error
		text, err = b.exec("load", "/app", "health", "-url", "http://127.0.0.1:8080/")
		return err == nil && !strings.HasPrefix(text, "unhealthy")
	})
	if _, err := fmt.Sscanf(text, "%d %d", &answered, &failed); err != nil {
		b.Fatalf("load says %q", text)
	}
	return answered, failed, text
}

// underLoad waits until requests are answered again.
func (b *bench) underLoad() {
	before, _, _ := b.load()
	b.eventually("more answers", func() bool { now, _, _ := b.load(); return now > before+20 })
}

func TestAccStack_StartFirst_NoRequestFails(t *testing.T) {
	for _, replicas := range []int{1, 2} {
		t.Run(fmt.Sprintf("replicas=%d", replicas), func(t *testing.T) {
			b := newBench(t)
			w := &witness{b: b}
			version := func(v string) string {
				return b.config(fmt.Sprintf(served, "-healthy-after, 1s", v, replicas))
			}
			changed := []string{"web/1"}
			if replicas == 2 {
				changed = append(changed, "web/2")
			}
			smooth := holds(func() error {
				b.underLoad()
				if answered, failed, text := b.load(); failed > 0 {
					return fmt.Errorf("of %d requests %d failed: %s", answered+failed, failed, text)
				}
				return nil
			})
			b.test(
				b.step(version("1"), holds(func() error { b.underLoad(); w.look(); return nil })),
				b.step(version("2"), w.onlyTouched(changed...), smooth),
				b.step(version("3"), smooth, b.expectAnswer("3")),
			)
		})
	}
}

// expectAnswer is what the proxy passes on in the end.
func (b *bench) expectAnswer(want string) acctest.StateCheck {
	return holds(func() error {
		got, err := b.exec("proxy", "/app", "health", "-url", "http://127.0.0.1:8080/env?k=VERSION")
		if err == nil && got != want {
			err = fmt.Errorf("the proxy answers %q, want %q", got, want)
		}
		return err
	})
}

func TestAccStack_StartFirstFails_OldContainerNeverStopped(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	good := b.config(fmt.Sprintf(served, "-healthy-after, 0s", "1", 1))
	b.test(
		b.step(good, holds(func() error { b.underLoad(); w.look(); return nil })),
		resource.TestStep{Config: b.config(fmt.Sprintf(served, "-unhealthy", "2", 1)), ExpectError: wordings(`"web"`, "unhealthy")},
		b.step(good, w.onlyTouched(), holds(func() error {
			b.underLoad()
			if _, failed, text := b.load(); failed > 0 {
				return fmt.Errorf("requests failed: %s", text)
			}
			return nil
		})),
	)
}

func TestAccStack_StartFirstWithHostPort_StopsFirstAndWarns(t *testing.T) {
	b := newBench(t)
	config := func(version string) string {
		return b.config(fmt.Sprintf(`
services:
  web: {image: "homelab.test/app:1", environment: {VERSION: %q}, ports: ["127.0.0.1:18431:8080"]}
`, version), `update_order = "start-first"`)
	}
	b.test(
		b.step(config("1")),
		expecting(b.step(config("2")), plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
		unchanged(config("2")),
	)
}

func TestAccStack_UpdateOrderChanged_WritesNothing(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	const one = `
services:
  web: {image: "homelab.test/app:1"}
`
	b.test(
		b.step(b.config(one), holds(func() error { w.look(); return nil })),
		b.step(b.config(one, `update_order = "start-first"`), w.onlyTouched()),
		resource.TestStep{Config: b.config(one, `update_order = "both"`), ExpectError: wordings("update_order", `"stop-first"`, `"start-first"`)},
		unchanged(b.config(one, `update_order = "start-first"`)),
	)
}
