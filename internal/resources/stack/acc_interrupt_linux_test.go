package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// Who is killed in the middle of an apply.
const (
	both          = "both"
	providerOnly  = "provider"
	terraformOnly = "terraform"
)

// orphanLimit is how long a provider may go on whose Terraform was killed.
const orphanLimit = 5 * time.Minute

// interruption is one place where an apply is cut off.
type interruption struct {
	name   string
	point  acctest.Point
	victim string
}

// The requests that an apply sends, as a Point's path.
const (
	networkCreate   = `/networks/create$`
	networkConnect  = `/networks/[^/]+/connect$`
	volumeCreate    = `/volumes/create$`
	volumeRemove    = `/volumes/`
	containerCreate = `/containers/create\?name=hltest-`
	scratchCreate   = `/containers/create\?name=homelab-scratch-`
	delivery        = `/archive\?`
	start           = `/start$`
	stop            = `/stop(\?.*)?$`
	stepAside       = `/rename\?name=[0-9a-f]{12}_`
	takeOver        = `/rename\?name=hltest-`
	remove          = `/containers/[0-9a-f]{64}\?`
)

func unsent(method, path string, nth int) acctest.Point {
	return acctest.Point{Method: method, Path: path, Nth: nth}
}

func unanswered(method, path string, nth int) acctest.Point {
	return acctest.Point{Method: method, Path: path, Nth: nth, After: true}
}

// interruptedStack is three services, of which generation 2 replaces db, whose
// secret is rotated, and web, whose delivered file has other content.
type interruptedStack struct {
	*acctest.CLI
	name   string
	engine *client.Client
}

const interruptedCompose = `
services:
  db:
    image: homelab.test/app:1
    volumes: [data:/data]
    secrets: [token]
    networks: [back]
    healthcheck: {test: [CMD, /app, health], interval: 300ms, timeout: 10s, retries: 100}
  web:
    image: homelab.test/app:1
    depends_on: {db: {condition: service_healthy}}
    configs: [{source: site, target: /site.conf}]
    networks: [front, back]
  side:
    image: homelab.test/app:1
    networks: [front]
networks: {front: {}, back: {}}
volumes: {data: {}}
configs: {site: {content: "generation ${GENERATION}"}}
secrets: {token: {environment: TOKEN}}
`

func newInterruptedStack(t *testing.T) *interruptedStack {
	s := &interruptedStack{CLI: acctest.NewCLI(t), name: acctest.Name(t), engine: labtest.Engine(t)}
	s.Write(t, "compose.yaml", interruptedCompose)
	sweepStack(t, s.engine, s.name)
	return s
}

func (s *interruptedStack) configure(t *testing.T, host string, generation int) {
	t.Helper()
	s.Write(t, "main.tf", acctest.Provider(host)+fmt.Sprintf(`
resource "homelab_stack" "this" {
  name      = %q
  compose   = file("compose.yaml")
  variables = { GENERATION = %d }
  secrets   = { TOKEN = "token of generation %d" }
}
`, s.name, generation, generation))
}

// cutOff applies a generation and kills it at a point.
func (s *interruptedStack) cutOff(t *testing.T, generation int, at interruption) {
	t.Helper()
	gate := acctest.Hold(t, labtest.Host(t), at.point)
	s.configure(t, gate.Host, generation)
	apply := s.Start(t, "apply", "-no-color", "-auto-approve")
	select {
	case <-gate.Reached:
	case <-apply.Done():
		r := apply.Wait(t)
		t.Fatalf("the apply ended, with code %d, before it got to %v:\n%s%s", r.Code, at.point, r.Stdout, r.Stderr)
	}
	switch at.victim {
	case both:
		apply.Kill()
	case providerOnly:
		apply.KillProvider(t)
	case terraformOnly:
		apply.KillTerraform()
	}
	gate.Open()
	apply.Wait(t)
	if err := apply.WaitProvider(t, orphanLimit); err != nil {
		t.Error(err)
	}
}

// recover applies again, without anything in the way, and requires that all is
// as if nothing had happened.
func (s *interruptedStack) recover(t *testing.T, generation int) {
	t.Helper()
	s.configure(t, labtest.Host(t), generation)
	s.Must(t, []string{"plan", "-no-color", "-detailed-exitcode", "-out=next"}, 0, 2)
	if generation > 1 {
		s.requireTruth(t, "next")
	}
	s.Must(t, []string{"apply", "-no-color", "next"})
	s.RequireEmptyPlan(t)
	s.requireComplete(t, generation)
}

// requireTruth compares the services that a plan starts from with the engine's.
func (s *interruptedStack) requireTruth(t *testing.T, planFile string) {
	t.Helper()
	there := map[string]int{}
	for _, c := range containersOf(t, s.engine, s.name) {
		there[c.Labels["com.docker.compose.service"]]++
	}
	for _, r := range showPlan(t, s.CLI, planFile).PriorState.Values.RootModule.Resources {
		for service, values := range r.AttributeValues["services"].(map[string]any) {
			if n := values.(map[string]any)["replicas"]; fmt.Sprint(n) != fmt.Sprint(there[service]) {
				t.Errorf("the plan says that service %s has %v containers, and it has %d", service, n, there[service])
			}
		}
	}
}

// requireComplete requires exactly what the stack declares, by the proper names.
func (s *interruptedStack) requireComplete(t *testing.T, generation int) {
	t.Helper()
	names := map[string]container.Summary{}
	for _, c := range containersOf(t, s.engine, s.name) {
		names[strings.TrimPrefix(c.Names[0], "/")] = c
		if c.State != "running" {
			t.Errorf("container %s is %s", c.Names[0], c.State)
		}
	}
	requireEqual(t, "containers", sortedKeys(names), []string{s.name + "-db-1", s.name + "-side-1", s.name + "-web-1"})
	requireEqual(t, "networks", networksOf(t, s.engine, s.name), []string{s.name + "_back", s.name + "_front"})
	volumes := volumesOf(t, s.engine, s.name)
	files := slices.DeleteFunc(slices.Clone(volumes), func(name string) bool { return name == s.name+"_data" })
	if len(volumes) != 3 || len(files) != 2 {
		t.Errorf("there are the volumes %v, not one of data, one of the config and one of the secret", volumes)
	}
	requireEqual(t, "/site.conf", readFile(t, s.engine, names[s.name+"-web-1"].ID, "/site.conf"), fmt.Sprintf("generation %d", generation))
	requireEqual(t, "/run/secrets/token", readFile(t, s.engine, names[s.name+"-db-1"].ID, "/run/secrets/token"), fmt.Sprintf("token of generation %d", generation))
	if networks := len(names[s.name+"-web-1"].NetworkSettings.Networks); networks != 2 {
		t.Errorf("web is on %d networks, not 2", networks)
	}
}

func TestAccStack_CreateKilled_NextApplyTakesUpWhatIsThere(t *testing.T) {
	for _, at := range []interruption{
		{"before a network", unsent("POST", networkCreate, 1), both},
		{"after a network", unanswered("POST", networkCreate, 2), providerOnly},
		{"after a scratch container", unanswered("POST", scratchCreate, 1), both},
		{"before a delivery", unsent("PUT", delivery, 1), providerOnly},
		{"after a delivery", unanswered("PUT", delivery, 2), both},
		{"before a scratch container goes", unsent("DELETE", remove, 1), terraformOnly},
		{"after the last container", unanswered("POST", containerCreate, 3), providerOnly},
		{"before a container's second network", unsent("POST", networkConnect, 1), both},
		{"before the first start", unsent("POST", start, 1), terraformOnly},
		{"after the last start", unanswered("POST", start, 3), both},
	} {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			s := newInterruptedStack(t)
			s.cutOff(t, 1, at)
			s.recover(t, 1)
		})
	}
}

func TestAccStack_UpdateKilled_NextApplyFinishesIt(t *testing.T) {
	for _, at := range []interruption{
		{"before a file's volume", unsent("POST", volumeCreate, 1), both},
		{"before a delivery", unsent("PUT", delivery, 2), both},
		{"after a new container", unanswered("POST", containerCreate, 1), providerOnly},
		{"before a stop", unsent("POST", stop, 1), terraformOnly},
		{"after a stop", unanswered("POST", stop, 1), both},
		{"after the old one stepped aside", unanswered("POST", stepAside, 1), providerOnly},
		{"after the new one took its name", unanswered("POST", takeOver, 1), both},
		{"before the last start", unsent("POST", start, 2), terraformOnly},
		{"after the last start", unanswered("POST", start, 2), both},
		{"before an old container goes", unsent("DELETE", remove, 4), providerOnly},
		{"after an old container went", unanswered("DELETE", remove, 3), both},
		{"before an old volume goes", unsent("DELETE", volumeRemove, 1), both},
	} {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			s := newInterruptedStack(t)
			s.configure(t, labtest.Host(t), 1)
			s.Apply(t)
			side := containerID(t, s.engine, s.name+"-side-1")
			s.cutOff(t, 2, at)
			s.recover(t, 2)
			requireEqual(t, "the ID of side, which does not change", containerID(t, s.engine, s.name+"-side-1"), side)
		})
	}
}
