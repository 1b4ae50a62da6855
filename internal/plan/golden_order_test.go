package plan_test

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// served is an application, replaced start-first, behind a proxy.
func served() *desired.Stack {
	w := stackOf(service("app"), service("proxy"))
	edit(w, "app", func(s *desired.Service) {
		s.UpdateOrder = desired.StartFirst
		s.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "true"}}
	})
	edit(w, "proxy", func(s *desired.Service) { s.Dependencies = dependsOn("app", desired.Healthy) })
	return w
}

func TestBuild_StartFirst_StopsTheOldOneWhenTheNewOneHasArrived(t *testing.T) {
	w := served()
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	p := build(e, w)
	expect(t, p, `
		recreate service app/1
		  because environment.A: "" -> "1"
		- create container app/1
		- stop container home-app-1 (000000003dde)
		    after await container app/1
		    after create container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		    after start container app/1
		- start container app/1
		    after create container app/1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after rename container app/1 to home-app-1
		    after stop container home-app-1 (000000003dde)`)
	if len(p.Warnings) > 0 {
		t.Errorf("warnings: %q", p.Warnings)
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_StartFirstInterruptedBeforeTheStop_WaitsForTheNewOne(t *testing.T) {
	w := served()
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	carryOutFirst(t, e, w, build(e, w), 2) // created and started
	expect(t, build(e, w), `
		rename service app/1
		  because container_name: "home-app-1_after_000000003dde" -> "home-app-1"
		clean up service app/1
		  because replicas: "2 containers" -> "1 container"
		- stop container home-app-1 (000000003dde)
		    after await container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after rename container home-app-1 (000000003dde)
		- await container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after rename container app/1 to home-app-1
		    after stop container home-app-1 (000000003dde)`)
}

func TestBuild_StartFirstImpossible_StopsFirstAndSaysWhy(t *testing.T) {
	port := nat.PortMap{"80/tcp": {{HostPort: "8080"}}}
	for name, c := range map[string]struct {
		edit func(*desired.Stack)
		why  string
	}{
		"port": {func(w *desired.Stack) { edit(w, "app", func(s *desired.Service) { s.Host.PortBindings = port }) }, "only one container can publish port 8080/tcp of the node"},
		"address": {func(w *desired.Stack) {
			edit(w, "app", func(s *desired.Service) {
				s.Networks[0].Settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: "10.0.0.9"}
			})
		}, "only one container can have the address 10.0.0.9"},
		"mac address": {func(w *desired.Stack) {
			edit(w, "app", func(s *desired.Service) { s.Networks[0].Settings.MacAddress = "02:42:ac:11:00:02" })
		}, "only one container can have the address 02:42:ac:11:00:02"},
		"host network": {func(w *desired.Stack) {
			edit(w, "app", func(s *desired.Service) { s.Networks, s.Host.NetworkMode = nil, "host" })
		}, "it uses the node's own network"},
		"child": {func(w *desired.Stack) {
			edit(w, "proxy", func(s *desired.Service) { s.Networks, s.Host.NetworkMode = nil, "service:app" })
		}, `service "proxy" holds on to its container`},
		"parent": {func(w *desired.Stack) {
			edit(w, "app", func(s *desired.Service) { s.Networks, s.Host.NetworkMode = nil, "service:db" })
			w.Services["db"] = service("db")
		}, `it holds on to a container of service "db"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := served()
			c.edit(w)
			e := running(t, w)
			edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
			p := build(e, w)
			want := `Service "app" is replaced stop-first, though its update order is start-first: ` + c.why + "."
			if len(p.Warnings) != 1 || p.Warnings[0] != want {
				t.Errorf("warnings: %q, want %q", p.Warnings, want)
			}
			carryOutFirst(t, e, w, p, len(p.Operations))
			expect(t, build(e, w), ``)
		})
	}
}

func TestBuild_StartFirstBesideReplacedNetwork_StopsFirst(t *testing.T) {
	w := served()
	e := running(t, w)
	w.Networks["default"] = desired.Network{Key: "default", Name: "home_default", Internal: true}
	p := build(e, w)
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], `network "home_default" is replaced`) {
		t.Errorf("warnings: %q", p.Warnings)
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_StartFirstOfWhatDoesNotRun_NeedsNoWarning(t *testing.T) {
	w := served()
	e := running(t, w)
	b := find(t, e, "app")
	b.State, b.ExitCode = observed.Exited, 1
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	if p := build(e, w); len(p.Warnings) > 0 || !strings.Contains(p.String(), "- start container app/1\n    after rename container app/1") {
		t.Errorf("%q\n%s", p.Warnings, p)
	}
}

// hooked is an application that runs a command once it started.
func hooked() *desired.Stack {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PreStart: []desired.Hook{{Command: []string{"migrate"}, Image: "db:1"}},
			PostStart: []desired.Hook{{Command: []string{"warm", "up"}}}, PreStop: []desired.Hook{{Command: []string{"drain"}}}}
	})
	return w
}

func TestBuild_Hooks_NameTellsThatTheyHaveRun(t *testing.T) {
	w := hooked()
	e := newEngine()
	e.registry["app:1"], e.registry["db:1"] = image("app:1", 1), image("db:1", 1)
	p := build(e, w)
	expect(t, p, `
		create network home_default
		create service app/1
		  because state: "missing" -> "present"
		- create network home_default
		- pull image app:1
		- pull image db:1
		- create container app/1
		    after create network home_default
		    after pull image app:1
		    after pull image db:1
		- rename container app/1 to home-app-1
		    after create container app/1
		    after start container app/1
		- start container app/1
		    after create container app/1
		- await container app/1
		    after start container app/1`)
	for _, op := range p.Operations {
		if op.Kind == plan.StartContainer && (len(op.Hooks.PreStart) != 1 || len(op.Hooks.PostStart) != 1) {
			t.Errorf("hooks of the start: %+v", op.Hooks)
		}
		if op.Kind == plan.CreateContainer && op.Name != "home-app-1_after_hooks" {
			t.Errorf("it is created as %s", op.Name)
		}
	}
	carryOutFirst(t, e, w, p, 5)
	if got := build(e, w); !strings.HasPrefix(got.String(), "restart service app/1\n  because post_start: \"interrupted\" -> \"run\"") {
		t.Errorf("interrupted before the hooks were through:\n%s", got)
	}
}

func TestBuild_Hooks_PreStartOnlyWhenNoReplicaGoesOnRunning(t *testing.T) {
	w := hooked()
	edit(w, "app", func(s *desired.Service) { s.Replicas = 3 })
	e := running(t, w)
	for _, c := range []struct{ stopped, preStarts int }{{3, 1}, {1, 0}} {
		left := c.stopped
		for _, b := range e.containers {
			b.State = observed.Running
		}
		for _, b := range e.containers {
			if left > 0 {
				b.State, b.ExitCode = observed.Exited, 1
				left--
			}
		}
		got := 0
		for _, op := range build(e, w).Operations {
			if op.Kind == plan.StartContainer {
				got += len(op.Hooks.PreStart)
			}
		}
		if got != c.preStarts {
			t.Errorf("%d of 3 stopped: pre_start runs %d times", c.stopped, got)
		}
	}
}

func TestBuild_HooksOfAnOldContainer_AreThoseOfItsLabelOnceTheServiceIsGone(t *testing.T) {
	w := hooked()
	app := w.Services["app"]
	e := running(t, w)
	label, err := app.HookLabel()
	if err != nil {
		t.Fatal(err)
	}
	find(t, e, "app").Labels[desired.LabelHooks] = label
	stopHook := func(p *plan.Plan) []desired.Hook {
		for _, op := range p.Operations {
			if op.Kind == plan.StopContainer {
				return op.Hooks.PreStop
			}
		}
		return nil
	}
	if got := stopHook(plan.Destroy(e.observe(stackName), plan.Options{})); len(got) != 1 || got[0].Command[0] != "drain" {
		t.Errorf("destroyed: %+v", got)
	}
	edit(w, "app", func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PreStop: []desired.Hook{{Command: []string{"mended"}}}}
	})
	if got := stopHook(build(e, w)); len(got) != 1 || got[0].Command[0] != "mended" {
		t.Errorf("replaced: %+v", got)
	}
}
