package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// hooks is a service that notes in its volume what runs around its life. ENV
// and the exit code of its post_start hook are given.
const hooks = `
services:
  web:
    image: "homelab.test/app:1"
    environment: {VERSION: %q}
    volumes: [data:/data]
    pre_start:
      - {command: [note, -file, /data/log, -log, pre_start], environment: {HOOK: a}}
    post_start:
      - {command: [/app, note, -file, /data/log, -log, post_start, -code, %q], user: "7:7", working_dir: /data, environment: {HOOK: b}}
    pre_stop:
      - {command: [/app, note, -file, /data/log, -log, pre_stop]}
volumes:
  data: {}
`

// expectNotes is what the hooks of web have noted so far.
func (b *bench) expectNotes(want ...string) acctest.StateCheck {
	return b.expectFile("web", "/data/log", strings.Join(want, "\n")+"\n")
}

const (
	preStarted  = "pre_start uid=0 HOOK=a in /"
	postStarted = "post_start uid=7 HOOK=b in /data"
	preStopped  = "pre_stop uid=0 HOOK= in /"
)

func TestAccStack_Hooks_RunAroundEveryLife(t *testing.T) {
	b := newBench(t)
	first, second := b.config(fmt.Sprintf(hooks, "1", "0")), b.config(fmt.Sprintf(hooks, "2", "0"))
	b.test(
		b.step(first, b.expectNotes(preStarted, postStarted)),
		unchanged(first),
		b.step(second, b.expectNotes(preStarted, postStarted, preStopped, preStarted, postStarted), holds(func() error {
			if got := len(b.containers()); got != 1 || b.container("web").Name != "/"+b.name+"-web-1" {
				return fmt.Errorf("there are %d containers, and web is called %s", got, b.container("web").Name)
			}
			return nil
		})),
	)
}

func TestAccStack_HookFails_PreviousContainerRunsAgainWithItsOwn(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	good, bad := b.config(fmt.Sprintf(hooks, "1", "0")), b.config(fmt.Sprintf(hooks, "2", "9"))
	b.test(
		b.step(good, holds(func() error { w.look(); return nil })),
		resource.TestStep{Config: bad, ExpectError: wordings("post_start hook 1 of service web: exited with code 9")},
		b.step(good, holds(func() error { return b.sameContainer(w.before, "web/1") }),
			b.expectNotes(preStarted, postStarted, preStopped, preStarted, postStarted, postStarted)),
	)
}

func TestAccStack_HookInterrupted_RunsWithTheNextApply(t *testing.T) {
	b := newBench(t)
	config := b.config(fmt.Sprintf(hooks, "1", "0"))
	b.test(
		b.step(config),
		after(func() { // as a kill between start and hook leaves it
			b.must(b.engine.ContainerRename(b.Context(), b.container("web").ID, b.name+"-web-1_after_hooks"))
		}, b.step(config, b.expectNotes(preStarted, postStarted, preStopped, postStarted), holds(func() error {
			if name := b.container("web").Name; name != "/"+b.name+"-web-1" {
				return fmt.Errorf("web is called %s", name)
			}
			return nil
		}))),
	)
}

func TestAccStack_Destroy_RunsPreStopOfTheLabel(t *testing.T) {
	b := newBench(t)
	const listening = `
services:
  web:
    image: "homelab.test/app:1"
    pre_stop:
      - {command: [/app, health, -url, "http://127.0.0.1:8080/healthz"]}
      - {command: [/app, job, -code, "5"]}
`
	fixed := strings.ReplaceAll(listening, `"5"`, `"0"`)
	b.test(
		b.step(b.config(listening)),
		resource.TestStep{Config: b.config(listening), Destroy: true, ExpectError: wordings("pre_stop hook 2 of service web: exited with code 5")},
		b.step(b.config(fixed), holds(func() error {
			if b.container("web").State.Status != container.StateRunning {
				return fmt.Errorf("web is %s", b.container("web").State.Status)
			}
			return nil
		})),
	)
}
