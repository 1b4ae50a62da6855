package plan_test

import (
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// borrowing is a worker with the volumes of an application.
func borrowing() *desired.Stack {
	w := stackOf(service("app"), service("worker"))
	edit(w, "worker", func(s *desired.Service) {
		s.Host.VolumesFrom, s.Dependencies = []string{"service:app"}, dependsOn("app", desired.Started)
	})
	return w
}

func TestBuild_VolumesFromAContainerMadeAgain_MakesItAgainToo(t *testing.T) {
	w := borrowing()
	e := running(t, w)
	expect(t, build(e, w), ``)
	edit(w, "app", func(s *desired.Service) { s.Image.Reference = "app:2" })
	p := build(e, w)
	var causes []string
	for _, c := range p.Changes {
		if c.Subject == "service worker/1" && c.Action == plan.Recreate && c.Inherited {
			for _, d := range c.Causes {
				causes = append(causes, d.String())
			}
		}
	}
	if want := []string{`volumes_from: "service:app" -> "service:app, recreated"`}; !slices.Equal(causes, want) {
		t.Errorf("%q in\n%s", causes, p)
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_VolumesFromAContainerThatStartsAnew_LeavesItAlone(t *testing.T) {
	w := borrowing()
	e := running(t, w)
	for _, b := range e.containers {
		if b.Service == "app" {
			b.State, b.ExitCode = "exited", 1
		}
	}
	for _, c := range build(e, w).Changes {
		if c.Service == "worker" {
			t.Errorf("%s %v", c.Identity(), c.Causes)
		}
	}
}

func TestBuild_ParentStays_NewChildIsMadeFromItsID(t *testing.T) {
	w := borrowing()
	e := running(t, w)
	edit(w, "worker", func(s *desired.Service) { s.Image.Reference = "worker:2" })
	p := build(e, w)
	for _, op := range p.Operations {
		if op.Kind == plan.CreateContainer && (op.Service != "worker" || e.containers[op.Parents["app"]] == nil || e.containers[op.Parents["app"]].Service != "app") {
			t.Errorf("%s with parents %v", op.ID, op.Parents)
		}
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_HookChanged_IsNamedByItsField(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PostStart: []desired.Hook{{Command: []string{"a"}}}}
	})
	e := running(t, w)
	expect(t, build(e, w), ``)
	edit(w, "app", func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PostStart: []desired.Hook{{Command: []string{"b"}}}}
	})
	p := build(e, w)
	if len(p.Changes) != 1 || p.Changes[0].Action != plan.Recreate || p.Changes[0].Causes[0].String() != `post_start.0.command: "[\"a\"]" -> "[\"b\"]"` {
		t.Errorf("%s", p)
	}
}

// TestBuild_SecretOfAHook_IsRecognisedByItsCheck has a container that knows a
// slow hash only.
func TestBuild_SecretOfAHook_IsRecognisedByItsCheck(t *testing.T) {
	with := func(secret string) *desired.Stack {
		w := stackOf(service("app"))
		edit(w, "app", func(s *desired.Service) {
			s.Hooks = &desired.Hooks{PreStop: []desired.Hook{{Command: []string{secret}}}}
			s.Secret = map[string][]string{"pre_stop.0.command": {"token"}}
		})
		return w
	}
	w := with("hunter2")
	e := running(t, w)
	app := w.Services["app"]
	label, err := app.HookLabel()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range e.containers {
		b.Spec["pre_stop.0.command"] = desired.ReadHookLabel(label).Spec()["pre_stop.0.command"]
	}
	expect(t, build(e, w), ``)
	p := build(e, with("swordfish"))
	want := desired.SecretVersion(1) + `" -> "` + desired.SecretVersion(2)
	if len(p.Changes) != 1 || p.Changes[0].Causes[0].String() != `pre_stop.0.command: "`+want+`"` {
		t.Errorf("%s", p)
	}
}

// TestBuild_HookOfAContainerMadeByDockerCompose_IsTakenAsItIs: nothing on the
// node tells which hooks it was made with.
func TestBuild_HookOfAContainerMadeByDockerCompose_IsTakenAsItIs(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PostStart: []desired.Hook{{Command: []string{"a"}}}}
	})
	e := running(t, w)
	for _, b := range e.containers {
		delete(b.Spec, "post_start.0.command")
		delete(b.Labels, desired.LabelStack)
		delete(b.Labels, desired.LabelSpecHash)
	}
	adopt := func(accepted string) *plan.Plan {
		return plan.Build(w, e.observe(stackName), plan.Options{Adopt: true, Accepted: map[string]map[string]string{"app": {"post_start.0.command": accepted}}})
	}
	expect(t, adopt(`["a"]`), ``)
	if p := adopt(`["z"]`); len(p.Changes) != 1 {
		t.Errorf("a hook that changed since the import makes no difference: %s", p)
	}
}
