package stack_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccStack_LabelsOfAnAnonymousVolumeChanged_KeepsItsData: the labels of a
// volume that exists stay, as under Docker Compose, and are no change forever.
func TestAccStack_LabelsOfAnAnonymousVolumeChanged_KeepsItsData(t *testing.T) {
	b := newBench(t)
	config := func(label string) string {
		return b.config(fmt.Sprintf(`
services:
  web:
    image: homelab.test/app:1
    volumes: [{type: volume, target: /cache, volume: {labels: {tier: %s}, nocopy: true}}]
    stop_grace_period: 1s
`, label))
	}
	var first string
	name := b.name + "-web-1"
	field := tfjsonpath.New("services").AtMapKey("web").AtMapKey("spec").AtMapKey("volumes./cache")
	b.test(
		b.step(config("hot"), holds(func() error { first = anonymousVolume(t, name, "/cache"); return nil })),
		unchanged(config("hot")),
		expecting(b.step(config("cold"), holds(func() error {
			if now := anonymousVolume(t, name, "/cache"); now != first {
				return fmt.Errorf("the volume was %s and is %s", first, now)
			}
			return nil
		})), plancheck.ExpectKnownValue(address, field, knownvalue.StringExact(`volume (anonymous) nocopy label tier="cold"`))),
		unchanged(config("cold")),
	)
}

// TestAccStack_HookChanged_IsPlannedByItsField: the engine knows no hooks.
func TestAccStack_HookChanged_IsPlannedByItsField(t *testing.T) {
	b := newBench(t)
	config := func(hooks string) string {
		return b.config("services:\n  web:\n    image: homelab.test/app:1\n"+hooks, showAll)
	}
	first := config("    post_start: [{command: [/app, job]}]\n    pre_stop: [{command: [/app, job], environment: {A: b}}]\n")
	second := config("    post_start: [{command: [/app, job, -sleep, 1ms]}]\n")
	spec := tfjsonpath.New("services").AtMapKey("web").AtMapKey("spec")
	b.test(
		b.step(first), unchanged(first),
		expecting(b.step(second),
			plancheck.ExpectKnownValue(address, spec.AtMapKey("post_start.0.command"), knownvalue.StringExact(`["/app","job","-sleep","1ms"]`)),
			plancheck.ExpectKnownValue(address, spec, knownvalue.MapSizeExact(3))), // with the network and its alias: pre_stop is gone
		unchanged(second),
		b.step(config("")), unchanged(config("")),
	)
}
