package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// website is a proxy in front of an application, with a database that has to
// be healthy first.
func website() *desired.Stack {
	w := stackOf(service("app"), service("db"), service("proxy"))
	edit(w, "db", func(s *desired.Service) {
		s.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "true"}}
		s.Mounts = []desired.Mount{{Type: desired.MountVolume, Source: "home_data", Target: "/data"}}
	})
	w.Volumes["data"] = desired.Volume{Key: "data", Name: "home_data"}
	edit(w, "app", func(s *desired.Service) { s.Dependencies = dependsOn("db", desired.Healthy) })
	edit(w, "proxy", func(s *desired.Service) { s.Dependencies = dependsOn("app", desired.Started) })
	return w
}

func service(name string) desired.Service {
	return desired.Service{Name: name, Replicas: 1, Image: desired.Image{Reference: name + ":1", Pull: desired.PullMissing},
		Networks: []desired.Attachment{{Network: "home_default"}}}
}

func stackOf(services ...desired.Service) *desired.Stack {
	w := &desired.Stack{Name: stackName, Services: map[string]desired.Service{}, Volumes: map[string]desired.Volume{},
		Networks: map[string]desired.Network{"default": {Key: "default", Name: "home_default"}}}
	for _, s := range services {
		w.Services[s.Name] = s
	}
	return w
}

func edit(w *desired.Stack, name string, change func(*desired.Service)) {
	s := w.Services[name]
	change(&s)
	w.Services[name] = s
}

func dependsOn(name string, condition desired.Condition) map[string]desired.Dependency {
	return map[string]desired.Dependency{name: {Condition: condition, Required: true}}
}

// running makes an engine that has the stack, each image in version 1.
func running(t *testing.T, w *desired.Stack) *engine {
	t.Helper()
	e := newEngine()
	for _, name := range []string{"app", "db", "proxy", "vpn", "worker", "job", "web"} {
		for _, tag := range []string{":1", ":2"} {
			e.registry[name+tag] = image(name+tag, 1)
		}
	}
	p := plan.Build(w, e.observe(stackName), plan.Options{})
	carryOutFirst(t, e, w, p, len(p.Operations))
	e.settle(w)
	return e
}

// carryOutFirst executes the first n operations, in the plan's own order as far
// as the prerequisites allow, and returns them in the order in which it did.
func carryOutFirst(t *testing.T, e *engine, w *desired.Stack, p *plan.Plan, n int) (order []*plan.Operation) {
	t.Helper()
	if len(p.Problems) > 0 {
		t.Fatalf("refused: %v", p.Problems)
	}
	x := &execution{engine: e, want: w, plan: p, created: map[string]string{}}
	done := map[*plan.Operation]bool{}
	for range n {
		i := slices.IndexFunc(p.Operations, func(op *plan.Operation) bool {
			return !done[op] && !slices.ContainsFunc(op.Needs, func(need *plan.Operation) bool { return !done[need] })
		})
		op := p.Operations[i]
		if err := x.do(op, false); err != nil {
			t.Fatalf("%s: %v\n%s", op.ID, err, p)
		}
		done[op] = true
		order = append(order, op)
	}
	return order
}

// find returns a service's first container.
func find(t *testing.T, e *engine, service string) *box {
	t.Helper()
	for _, b := range e.containers {
		if b.Service == service {
			return b
		}
	}
	t.Fatalf("no container of %s", service)
	return nil
}

// expect compares a plan's text, without the indentation of the test.
func expect(t *testing.T, p *plan.Plan, want string) {
	t.Helper()
	checkEdges(t, p)
	want = strings.ReplaceAll(strings.TrimSpace(want), "\n\t\t", "\n")
	if got := strings.TrimSpace(p.String()); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func build(e *engine, w *desired.Stack) *plan.Plan {
	return plan.Build(w, e.observe(stackName), plan.Options{})
}

func TestBuild_NothingThere_CreatesInDependencyOrder(t *testing.T) {
	e := newEngine()
	expect(t, build(e, website()), `
		create network home_default
		create volume home_data
		create service app/1
		  because state: "missing" -> "present"
		create service db/1
		  because state: "missing" -> "present"
		create service proxy/1
		  because state: "missing" -> "present"
		- create network home_default
		- create volume home_data
		- pull image app:1
		- pull image db:1
		- pull image proxy:1
		- create container db/1
		    after create network home_default
		    after create volume home_data
		    after pull image db:1
		- start container db/1
		    after create container db/1
		- await container db/1
		    after start container db/1
		- create container app/1
		    after create network home_default
		    after pull image app:1
		- start container app/1
		    after await container db/1
		    after create container app/1
		- await container app/1
		    after start container app/1
		- create container proxy/1
		    after create network home_default
		    after pull image proxy:1
		- start container proxy/1
		    after await container app/1
		    after create container proxy/1
		- await container proxy/1
		    after start container proxy/1`)
}

func TestBuild_NothingChanged_DoesNothing(t *testing.T) {
	w := website()
	expect(t, build(running(t, w), w), ``)
}

func TestBuild_EnvironmentChanged_RecreatesOnlyThatService(t *testing.T) {
	w := website()
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"TZ=Europe/Zurich"} })
	expect(t, build(e, w), `
		recreate service app/1
		  because environment.TZ: "" -> "Europe/Zurich"
		- create container app/1
		- stop container home-app-1 (000000005ccd)
		    after create container app/1
		- rename container home-app-1 (000000005ccd)
		    after stop container home-app-1 (000000005ccd)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000005ccd)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000005ccd)
		    after await container app/1
		    after stop container home-app-1 (000000005ccd)`)
}

func TestBuild_TagMoved_RecreatesOnlyThatService(t *testing.T) {
	w := website()
	e := running(t, w)
	e.images["app:1"] = image("app:1", 2) // somebody pulled it
	expect(t, build(e, w), `
		recreate service app/1
		  because digest: "sha256:id-app:1-1" -> "sha256:id-app:1-2"
		- create container app/1
		- stop container home-app-1 (000000005ccd)
		    after create container app/1
		- rename container home-app-1 (000000005ccd)
		    after stop container home-app-1 (000000005ccd)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000005ccd)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000005ccd)
		    after await container app/1
		    after stop container home-app-1 (000000005ccd)`)
}

func TestBuild_DigestMovedInRegistry_PullsBeforeAnythingStops(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) { s.Image.Pull, s.Image.Digest = desired.PullDigest, "sha256:digest-app:1-1" })
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Image.Digest = "sha256:digest-app:1-2" })
	expect(t, build(e, w), `
		recreate service app/1
		  because digest: "sha256:digest-app:1-1" -> "sha256:digest-app:1-2"
		- pull image app:1
		- create container app/1
		    after pull image app:1
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after stop container home-app-1 (000000003dde)`)
}

func TestBuild_ContainerMissing_CreatesItAgain(t *testing.T) {
	w := website()
	e := running(t, w)
	delete(e.containers, find(t, e, "app").ID)
	expect(t, build(e, w), `
		create service app/1
		  because state: "missing" -> "present"
		- create container app/1
		- start container app/1
		    after create container app/1
		- await container app/1
		    after start container app/1`)
}

func TestBuild_ContainerInAnotherState_IsRepairedInPlace(t *testing.T) {
	for state, want := range map[observed.State]string{
		observed.Exited: `
		start service app/1
		  because state: "exited" -> "running"
		- start container app/1
		- await container app/1
		    after start container app/1`,
		observed.Paused: `
		unpause service app/1
		  because state: "paused" -> "running"
		- unpause container app/1
		- await container app/1
		    after unpause container app/1`,
		observed.Unhealthy: `
		restart service app/1
		  because state: "unhealthy" -> "running"
		- restart container app/1
		- await container app/1
		    after restart container app/1`,
		observed.Restarting: `
		restart service app/1
		  because state: "restarting" -> "running"
		- restart container app/1
		- await container app/1
		    after restart container app/1`,
		observed.Dead: `
		recreate service app/1
		  because state: "dead" -> "running"
		- create container app/1
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after stop container home-app-1 (000000003dde)`,
	} {
		t.Run(string(state), func(t *testing.T) {
			w := stackOf(service("app"))
			e := running(t, w)
			b := find(t, e, "app")
			b.State, b.ExitCode = state, 1
			p := build(e, w)
			expect(t, p, want)
			if down := state == observed.Unhealthy || state == observed.Restarting; down != slices.Equal(p.Restarts, []plan.Restarted{{Service: "app", State: string(state)}}) {
				t.Errorf("restarts for its state alone: %v", p.Restarts)
			}
		})
	}
}

func TestBuild_ContainerRenamed_GetsItsNameBack(t *testing.T) {
	w := website()
	e := running(t, w)
	find(t, e, "app").Name = "somethingelse"
	expect(t, build(e, w), `
		rename service app/1
		  because container_name: "somethingelse" -> "home-app-1"
		- rename container app/1 to home-app-1`)
}

// migration is an application that waits for a job.
func migration() *desired.Stack {
	w := stackOf(service("app"), service("job"))
	edit(w, "job", func(s *desired.Service) {
		s.RestartExplicit, s.Host.RestartPolicy.Name = true, container.RestartPolicyDisabled
	})
	edit(w, "app", func(s *desired.Service) { s.Dependencies = dependsOn("job", desired.Completed) })
	return w
}

func TestBuild_JobCompleted_IsNoDrift(t *testing.T) {
	w := migration()
	e := running(t, w)
	if b := find(t, e, "job"); b.State != observed.Exited {
		t.Fatalf("the job is %s", b.State)
	}
	expect(t, build(e, w), ``)
}

func TestBuild_JobFailed_RunsAgain(t *testing.T) {
	w := migration()
	e := running(t, w)
	find(t, e, "job").ExitCode = 1
	expect(t, build(e, w), `
		start service job/1
		  because state: "exited" -> "completed"
		- start container job/1
		- await container job/1
		    after start container job/1`)
}

func TestBuild_JobStillRuns_DependentWaitsForItsEnd(t *testing.T) {
	w := migration()
	e := running(t, w)
	find(t, e, "job").State = observed.Running
	delete(e.containers, find(t, e, "app").ID)
	expect(t, build(e, w), `
		create service app/1
		  because state: "missing" -> "present"
		- create container app/1
		- start container app/1
		    after await container job/1
		    after create container app/1
		- await container app/1
		    after start container app/1
		- await container job/1`)
}

func TestBuild_NetworkChanged_ReplacesItBetweenStopAndCreate(t *testing.T) {
	w := website()
	e := running(t, w)
	w.Networks["default"] = desired.Network{Key: "default", Name: "home_default", Internal: true}
	p := build(e, w)
	expect(t, p, `
		replace network home_default
		  because internal: "" -> "true"
		recreate service app/1
		  because networks.home_default: "attached" -> "attached to its replacement"
		recreate service db/1
		  because networks.home_default: "attached" -> "attached to its replacement"
		recreate service proxy/1
		  because networks.home_default: "attached" -> "attached to its replacement"
		- remove network home_default
		    after disconnect container home-app-1 (000000005ccd) from home_default
		    after disconnect container home-db-1 (000000003dde) from home_default
		    after disconnect container home-proxy-1 (000000007bbc) from home_default
		- create network home_default
		    after remove network home_default
		- create container db/1
		    after create network home_default
		- stop container home-db-1 (000000003dde)
		    after stop container home-app-1 (000000005ccd)
		- rename container home-db-1 (000000003dde)
		    after stop container home-db-1 (000000003dde)
		- rename container db/1 to home-db-1
		    after create container db/1
		    after rename container home-db-1 (000000003dde)
		- start container db/1
		    after rename container db/1 to home-db-1
		- await container db/1
		    after start container db/1
		- create container app/1
		    after create network home_default
		- stop container home-app-1 (000000005ccd)
		    after stop container home-proxy-1 (000000007bbc)
		- rename container home-app-1 (000000005ccd)
		    after stop container home-app-1 (000000005ccd)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000005ccd)
		- start container app/1
		    after await container db/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- create container proxy/1
		    after create network home_default
		- stop container home-proxy-1 (000000007bbc)
		- rename container home-proxy-1 (000000007bbc)
		    after stop container home-proxy-1 (000000007bbc)
		- rename container proxy/1 to home-proxy-1
		    after create container proxy/1
		    after rename container home-proxy-1 (000000007bbc)
		- start container proxy/1
		    after await container app/1
		    after rename container proxy/1 to home-proxy-1
		- await container proxy/1
		    after start container proxy/1
		- remove container home-app-1 (000000005ccd)
		    after await container app/1
		    after await container db/1
		    after await container proxy/1
		    after disconnect container home-app-1 (000000005ccd) from home_default
		    after stop container home-app-1 (000000005ccd)
		- remove container home-db-1 (000000003dde)
		    after await container app/1
		    after await container db/1
		    after await container proxy/1
		    after disconnect container home-db-1 (000000003dde) from home_default
		    after stop container home-db-1 (000000003dde)
		- remove container home-proxy-1 (000000007bbc)
		    after await container app/1
		    after await container db/1
		    after await container proxy/1
		    after disconnect container home-proxy-1 (000000007bbc) from home_default
		    after stop container home-proxy-1 (000000007bbc)
		- disconnect container home-app-1 (000000005ccd) from home_default
		    after stop container home-app-1 (000000005ccd)
		- disconnect container home-db-1 (000000003dde) from home_default
		    after stop container home-db-1 (000000003dde)
		- disconnect container home-proxy-1 (000000007bbc) from home_default
		    after stop container home-proxy-1 (000000007bbc)`)
	if !p.Rollback {
		t.Error("the plan claims that it cannot be undone")
	}
}

func TestBuild_ServiceRemoved_GoesLast(t *testing.T) {
	w := website()
	e := running(t, w)
	delete(w.Services, "proxy")
	expect(t, build(e, w), `
		remove service proxy/1
		  because replicas: "exists" -> "not declared"
		- stop container home-proxy-1 (000000007bbc)
		- remove container home-proxy-1 (000000007bbc)
		    after stop container home-proxy-1 (000000007bbc)`)
}

func TestBuild_ScaledDown_RemovesTheHighestNumbers(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) { s.Replicas = 3 })
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Replicas = 1 })
	expect(t, build(e, w), `
		remove service app/2
		  because replicas: "exists" -> "not declared"
		remove service app/3
		  because replicas: "exists" -> "not declared"
		- stop container home-app-2 (000000005ccd)
		- remove container home-app-2 (000000005ccd)
		    after stop container home-app-2 (000000005ccd)
		- stop container home-app-3 (000000007bbc)
		- remove container home-app-3 (000000007bbc)
		    after stop container home-app-3 (000000007bbc)`)
}

// interrupted is a recreation of an application that ended after n operations.
func interrupted(t *testing.T, n int) (*engine, *desired.Stack) {
	t.Helper()
	w := stackOf(service("app"))
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	carryOutFirst(t, e, w, build(e, w), n)
	return e, w
}

func TestBuild_InterruptedBeforeTheNewOneStarted_GoesOnWithIt(t *testing.T) {
	e, w := interrupted(t, 3) // create, stop, step aside
	expect(t, build(e, w), `
		start service app/1
		  because state: "created" -> "running"
		rename service app/1
		  because container_name: "home-app-1_after_000000003dde" -> "home-app-1"
		clean up service app/1
		  because replicas: "2 containers" -> "1 container"
		- rename container app/1 to home-app-1
		- start container app/1
		    after rename container app/1 to home-app-1
		    after stop container 000000003dde_home-app-1 (000000003dde)
		- await container app/1
		    after start container app/1
		- stop container 000000003dde_home-app-1 (000000003dde)
		- remove container 000000003dde_home-app-1 (000000003dde)
		    after await container app/1
		    after rename container app/1 to home-app-1
		    after stop container 000000003dde_home-app-1 (000000003dde)`)
}

func TestBuild_InterruptedAfterTheNewOneStarted_RemovesTheOldOne(t *testing.T) {
	e, w := interrupted(t, 6)
	expect(t, build(e, w), `
		clean up service app/1
		  because replicas: "2 containers" -> "1 container"
		- await container app/1
		- stop container 000000003dde_home-app-1 (000000003dde)
		- remove container 000000003dde_home-app-1 (000000003dde)
		    after await container app/1
		    after stop container 000000003dde_home-app-1 (000000003dde)`)
}

func TestBuild_TemporaryNameTakenByAnotherConfiguration_ChoosesAnother(t *testing.T) {
	e, w := interrupted(t, 1)
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=2"} })
	expect(t, build(e, w), `
		recreate service app/1
		  because environment.A: "" -> "2"
		clean up service app/1
		  because replicas: "2 containers" -> "1 container"
		- create container app/1
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		    after stop container home-app-1_after_000000003dde (000000005ccd)
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after stop container home-app-1 (000000003dde)
		- stop container home-app-1_after_000000003dde (000000005ccd)
		- remove container home-app-1_after_000000003dde (000000005ccd)
		    after await container app/1
		    after stop container home-app-1_after_000000003dde (000000005ccd)`)
}

// behindVPN is a service that shares the network of one whose name sorts after
// its own, as with "qbittorrent" and "vpn".
func behindVPN() *desired.Stack {
	w := stackOf(service("app"), service("vpn"))
	edit(w, "app", func(s *desired.Service) {
		s.Networks, s.Host.NetworkMode, s.Dependencies = nil, "service:vpn", dependsOn("vpn", desired.Started)
	})
	return w
}

func TestBuild_SharedNamespace_ChildIsCreatedAfterTheParentStarts(t *testing.T) {
	expect(t, build(newEngine(), behindVPN()), `
		create network home_default
		create service app/1
		  because state: "missing" -> "present"
		create service vpn/1
		  because state: "missing" -> "present"
		- create network home_default
		- pull image app:1
		- pull image vpn:1
		- create container vpn/1
		    after create network home_default
		    after pull image vpn:1
		- start container vpn/1
		    after create container vpn/1
		- await container vpn/1
		    after start container vpn/1
		- create container app/1
		    after pull image app:1
		    after start container vpn/1
		- start container app/1
		    after await container vpn/1
		    after create container app/1
		- await container app/1
		    after start container app/1`)
}

func TestBuild_ParentRecreated_ChildIsRecreatedToo(t *testing.T) {
	w := behindVPN()
	e := running(t, w)
	edit(w, "vpn", func(s *desired.Service) { s.Config.Env = []string{"COUNTRY=CH"} })
	expect(t, build(e, w), `
		recreate service app/1
		  because network_mode: "service:vpn" -> "service:vpn, recreated"
		recreate service vpn/1
		  because environment.COUNTRY: "" -> "CH"
		- create container vpn/1
		- stop container home-vpn-1 (000000003dde)
		    after create container vpn/1
		    after stop container home-app-1 (000000005ccd)
		- rename container home-vpn-1 (000000003dde)
		    after stop container home-vpn-1 (000000003dde)
		- rename container vpn/1 to home-vpn-1
		    after create container vpn/1
		    after rename container home-vpn-1 (000000003dde)
		- start container vpn/1
		    after rename container vpn/1 to home-vpn-1
		- await container vpn/1
		    after start container vpn/1
		- create container app/1
		    after start container vpn/1
		- stop container home-app-1 (000000005ccd)
		    after create container vpn/1
		- rename container home-app-1 (000000005ccd)
		    after stop container home-app-1 (000000005ccd)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000005ccd)
		- start container app/1
		    after await container vpn/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000005ccd)
		    after await container app/1
		    after await container vpn/1
		    after stop container home-app-1 (000000005ccd)
		- remove container home-vpn-1 (000000003dde)
		    after await container app/1
		    after await container vpn/1
		    after stop container home-vpn-1 (000000003dde)`)
}

func TestBuild_PortsSwapped_EachStartsWhenTheOtherHasStopped(t *testing.T) {
	w := stackOf(service("app"), service("web"))
	publish(w, "app", "80")
	publish(w, "web", "81")
	e := running(t, w)
	publish(w, "app", "81")
	publish(w, "web", "80")
	expect(t, build(e, w), `
		recreate service app/1
		  because ports.80/tcp: "80" -> "81"
		recreate service web/1
		  because ports.80/tcp: "81" -> "80"
		- create container app/1
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		    after create container web/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		    after stop container home-web-1 (000000005ccd)
		- await container app/1
		    after start container app/1
		- create container web/1
		- stop container home-web-1 (000000005ccd)
		    after create container app/1
		    after create container web/1
		- rename container home-web-1 (000000005ccd)
		    after stop container home-web-1 (000000005ccd)
		- rename container web/1 to home-web-1
		    after create container web/1
		    after rename container home-web-1 (000000005ccd)
		- start container web/1
		    after rename container web/1 to home-web-1
		    after stop container home-app-1 (000000003dde)
		- await container web/1
		    after start container web/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after await container web/1
		    after stop container home-app-1 (000000003dde)
		- remove container home-web-1 (000000005ccd)
		    after await container app/1
		    after await container web/1
		    after stop container home-web-1 (000000005ccd)`)
}

func publish(w *desired.Stack, name, port string) {
	edit(w, name, func(s *desired.Service) { s.Host.PortBindings = nat.PortMap{"80/tcp": {{HostPort: port}}} })
}

func TestBuild_DependencyWithRestartRecreated_RestartsTheDependent(t *testing.T) {
	w := website()
	edit(w, "app", func(s *desired.Service) {
		s.Dependencies = map[string]desired.Dependency{"db": {Condition: desired.Healthy, Restart: true, Required: true}}
	})
	e := running(t, w)
	edit(w, "db", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	expect(t, build(e, w), `
		restart service app/1
		  because depends_on.db: "running" -> "recreated"
		recreate service db/1
		  because environment.A: "" -> "1"
		- create container db/1
		- stop container home-db-1 (000000003dde)
		    after create container db/1
		- rename container home-db-1 (000000003dde)
		    after stop container home-db-1 (000000003dde)
		- rename container db/1 to home-db-1
		    after create container db/1
		    after rename container home-db-1 (000000003dde)
		- start container db/1
		    after rename container db/1 to home-db-1
		- await container db/1
		    after start container db/1
		- restart container app/1
		    after await container db/1
		- await container app/1
		    after restart container app/1
		- remove container home-db-1 (000000003dde)
		    after await container app/1
		    after await container db/1
		    after stop container home-db-1 (000000003dde)`)
}

func TestBuild_TagPulledForOneService_RecreatesTheOtherWithTheSameImage(t *testing.T) {
	w := stackOf(service("app"), service("worker"))
	for _, name := range []string{"app", "worker"} {
		edit(w, name, func(s *desired.Service) { s.Image = desired.Image{Reference: "app:1", Pull: desired.PullAlways} })
	}
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	expect(t, build(e, w), `
		recreate service app/1
		  because environment.A: "" -> "1"
		recreate service worker/1
		  because image: "app:1" -> "app:1, fetched anew"
		- pull image app:1
		- create container app/1
		    after pull image app:1
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		    after create container worker/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- create container worker/1
		    after pull image app:1
		- stop container home-worker-1 (000000005ccd)
		    after create container app/1
		    after create container worker/1
		- rename container home-worker-1 (000000005ccd)
		    after stop container home-worker-1 (000000005ccd)
		- rename container worker/1 to home-worker-1
		    after create container worker/1
		    after rename container home-worker-1 (000000005ccd)
		- start container worker/1
		    after rename container worker/1 to home-worker-1
		- await container worker/1
		    after start container worker/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after await container worker/1
		    after stop container home-app-1 (000000003dde)
		- remove container home-worker-1 (000000005ccd)
		    after await container app/1
		    after await container worker/1
		    after stop container home-worker-1 (000000005ccd)`)
}
