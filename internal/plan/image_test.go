package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// mounting is an application that mounts an image and runs a hook in another.
func mounting() *desired.Stack {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Mounts = []desired.Mount{{Type: desired.MountImage, Source: "web:1", Target: "/web"}}
		s.Hooks = &desired.Hooks{PreStart: []desired.Hook{{Image: "job:1"}}}
	})
	return w
}

func current(e *engine) *observed.Stack {
	have := e.observe(stackName)
	have.APIVersion = "1.48"
	return have
}

func TestBuild_ImagesBesideTheOwn_ArePulledBeforeTheContainerIsMade(t *testing.T) {
	p := plan.Build(mounting(), current(newEngine()), plan.Options{})
	for _, op := range p.Operations {
		if op.Kind == plan.CreateContainer && (!needs(op, "pull image web:1") || !needs(op, "pull image job:1")) {
			t.Errorf("%s needs %v", op.ID, op.Needs)
		}
	}
	e := newEngine()
	for _, ref := range []string{"app:1", "web:1", "job:1"} {
		e.images[ref] = image(ref, 1)
	}
	for _, op := range plan.Build(mounting(), current(e), plan.Options{}).Operations {
		if op.Kind == plan.PullImage {
			t.Errorf("%s, though it is there", op.ID)
		}
	}
	w := mounting()
	edit(w, "app", func(s *desired.Service) { s.Image.Pull = desired.PullNever })
	delete(e.images, "job:1")
	if p := plan.Build(w, current(e), plan.Options{}); len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Detail, `Image "job:1"`) {
		t.Errorf("%v", p.Problems)
	}
}

func TestBuild_MountedImageIsAnotherByNow_MakesTheContainerAgain(t *testing.T) {
	compare := func(label string) []plan.Change {
		w := stackOf(service("app"))
		e := running(t, w)
		edit(w, "app", func(s *desired.Service) { s.Mounts = mounting().Services["app"].Mounts })
		e.images["web:1"] = image("web:1", 1)
		for _, b := range e.containers {
			app := w.Services["app"]
			b.Spec["volumes./web"], b.Labels[desired.LabelSpecHash] = app.Spec(nil)["volumes./web"], app.Hash()
			b.Labels[desired.LabelImageVolumes] = label
		}
		return plan.Build(w, current(e), plan.Options{}).Changes
	}
	if changes := compare("/web=" + image("web:1", 1).ID); len(changes) > 0 {
		t.Errorf("the same image: %v", changes)
	}
	if changes := compare(""); len(changes) > 0 {
		t.Errorf("an image that nobody noted: %v", changes)
	}
	changes := compare("/other=x,/web=sha256:old")
	if len(changes) != 1 || changes[0].Causes[0].Field != "volumes./web" || changes[0].Causes[0].Old != "sha256:old" {
		t.Errorf("another image: %v", changes)
	}
}

func TestBuild_PullPolicyByTime_PullsWhatIsTooOldWhenAContainerIsMade(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) { s.Image.Pull, s.Image.RefreshAfter = desired.PullRefresh, time.Hour })
	e := running(t, w)
	old := e.images["app:1"]
	old.Age = 2 * time.Hour
	e.images["app:1"] = old
	expect(t, build(e, w), ``) // a plan is not made of the time that passes
	for age, want := range map[time.Duration]bool{2 * time.Hour: true, time.Minute: false} {
		old.Age = age
		e.images["app:1"] = old
		edit(w, "app", func(s *desired.Service) { s.Config.User = "7" })
		pulls := slices.ContainsFunc(build(e, w).Operations, func(op *plan.Operation) bool { return op.Kind == plan.PullImage })
		if pulls != want {
			t.Errorf("an image that is %s old is pulled: %t", age, pulls)
		}
	}
}

func TestBuild_EngineTooOld_IsAProblemThatNamesTheKeyAndTheVersion(t *testing.T) {
	for want, c := range map[string]struct {
		api    string
		change func(*desired.Service)
	}{
		"volumes: type image, which needs Docker Engine 28.0": {"1.47", func(s *desired.Service) {
			s.Mounts = []desired.Mount{{Type: desired.MountImage, Source: "app:1", Target: "/x"}}
		}},
		"volumes: volume.subpath": {"1.9", func(s *desired.Service) {
			s.Mounts = []desired.Mount{{Type: desired.MountVolume, Source: "v", Subpath: "x", Target: "/x"}}
		}},
		"volumes: bind.recursive readonly": {"1.41", func(s *desired.Service) {
			s.Mounts = []desired.Mount{{Type: desired.MountBind, Source: "/v", Recursive: "readonly", Target: "/x"}}
		}},
		"networks: gw_priority": {"1.47", func(s *desired.Service) { s.Networks[0].Settings.GwPriority = 1 }},
	} {
		w := stackOf(service("app"))
		w.Volumes["v"] = desired.Volume{Key: "v", Name: "v"}
		edit(w, "app", c.change)
		have := newEngine().observe(stackName)
		have.APIVersion = c.api
		p := plan.Build(w, have, plan.Options{})
		if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Detail, want) || !strings.Contains(p.Problems[0].Detail, "the node speaks API "+c.api) {
			t.Errorf("%s: %v", want, p.Problems)
		}
		have.APIVersion = "1.100"
		if p := plan.Build(w, have, plan.Options{}); len(p.Problems) > 0 {
			t.Errorf("%s on a newer engine: %v", want, p.Problems)
		}
	}
}

// fittedTo is a stack as an engine with a version of the API can have it.
func fittedTo(w *desired.Stack, api string) (*desired.Stack, []string) {
	have := newEngine().observe(w.Name)
	have.APIVersion = api
	decision := plan.DecideStack(plan.StackInput{Want: w, Have: have})
	return decision.Want, decision.Warnings
}

func TestFitting_OldEngine_LeavesOutWhatItWouldLeaveOut(t *testing.T) {
	w := stackOf(service("app"), service("db"))
	edit(w, "app", func(s *desired.Service) {
		s.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "x"}, StartInterval: time.Second}
	})
	got, warnings := fittedTo(w, "1.43")
	if health := got.Services["app"].Config.Healthcheck; health.StartInterval != 0 || len(health.Test) != 2 {
		t.Errorf("the health check is %+v", health)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], `Service "app" uses healthcheck.start_interval, which has no effect`) || !strings.Contains(warnings[0], "API 1.43") {
		t.Errorf("warnings %q", warnings)
	}
	if w.Services["app"].Config.Healthcheck.StartInterval != time.Second {
		t.Error("what was asked for is changed")
	}
	for _, api := range []string{"1.44", "1.52", ""} {
		if got, warnings := fittedTo(w, api); got.Services["app"].Config.Healthcheck.StartInterval != time.Second || len(warnings) > 0 {
			t.Errorf("API %q: %q", api, warnings)
		}
	}
}
