package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

const (
	// variable asks for the measurements, which take minutes.
	variable = "HOMELAB_BENCH"
	// composeVariable names the Docker Compose to compare with.
	composeVariable = "HOMELAB_BENCH_COMPOSE"
	// rounds is how often everything is measured.
	rounds   = 5
	services = 20
)

func TestMain(m *testing.M) { labtest.Main(m) }

// document declares the services: each with what a service in a homelab
// usually has. revision is in the environment of the first one.
func document(revision int) string {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range services {
		changing := 0
		if i == 0 {
			changing = revision
		}
		fmt.Fprintf(&b, `  app%02[1]d:
    image: homelab.test/app:1
    environment: {TZ: Europe/Madrid, PUID: "1000", PGID: "1000", NAME: app%02[1]d, REVISION: "%[2]d"}
    labels: {homelab.test.group: bench, homelab.test.index: "%[1]d"}
    restart: unless-stopped
    security_opt: ["no-new-privileges:true"]
    volumes: [app%02[1]d:/data]
    networks: [front]
`, i, changing)
	}
	b.WriteString("networks: {front: {}}\nvolumes:\n")
	for i := range services {
		fmt.Fprintf(&b, "  app%02d: {}\n", i)
	}
	return b.String()
}

// TestBench measures; it fails when a target is missed.
func TestBench(t *testing.T) {
	if os.Getenv(variable) == "" {
		t.Skipf("measuring takes minutes; it runs with %s=1 (make bench)", variable)
	}
	host, engine := labtest.Host(t), labtest.Engine(t)
	config := install(t)
	b := &bench{
		T: t, engine: engine, name: acctest.Name(t),
		nothing: newWorkspace(t, config, "empty", emptyThing(0)),
		compose: newProject(t, host),
	}
	b.ours = newWorkspace(t, config, "homelab", b.text(host, 1))
	b.host = host
	t.Cleanup(func() { wipe(t, engine, b.name) })
	b.measure()
}

// emptyThing is the empty provider's resource, another one in each round.
func emptyThing(round int) string {
	return fmt.Sprintf("resource \"empty_thing\" \"this\" {\n  name = \"x%d\"\n}\n", round)
}

type bench struct {
	*testing.T
	engine        *client.Client
	host, name    string
	ours, nothing *workspace
	compose       *project
}

// text is the stack in Terraform's language.
func (b *bench) text(host string, revision int) string {
	return fmt.Sprintf("%sresource \"homelab_stack\" \"this\" {\n  node = \"local\"\n  name = %q\n  compose = <<YAML\n%sYAML\n}\n",
		acctest.Provider(host), b.name, document(revision))
}

func (b *bench) measure() {
	plan, planEmpty := &series{name: "plan without a change, 20 services"}, &series{name: "plan with an empty provider, one resource"}
	cold, coldAPI, coldCompose := &series{name: "cold apply, 20 services"}, &series{name: "the same straight through the API"}, &series{name: "docker compose up -d"}
	planCompose := &series{name: "docker compose up -d without a change"}
	one, oneCompose := &series{name: "one changed service"}, &series{name: "docker compose up -d, one changed service"}
	// What no provider can do without: both together are the least that one change takes.
	oneEmpty, oneAPI := &series{name: "one changed resource of an empty provider"}, &series{name: "one container replaced straight through the API"}
	b.nothing.run("apply", "-auto-approve")
	for round := range rounds {
		b.ours.configure(b.text(b.host, 1))
		b.ours.forget()
		b.Log("round")
		cold.add(b.ours.run("apply", "-auto-approve", "-no-color"))
		straight := copyOf(b.T, b.engine, b.name)
		for range rounds { // a plan is short: more of them cost nothing
			plan.add(b.ours.run("plan", "-detailed-exitcode", "-no-color"))
			planEmpty.add(b.nothing.run("plan", "-detailed-exitcode", "-no-color"))
		}
		b.ours.configure(b.text(b.host, 2))
		one.add(b.ours.run("apply", "-auto-approve", "-no-color"))
		b.nothing.configure(emptyThing(round + 1))
		oneEmpty.add(b.nothing.run("apply", "-auto-approve", "-no-color"))
		oneAPI.add(replaceOne(b.T, b.engine, b.name))
		wipe(b.T, b.engine, b.name)
		coldAPI.add(straight.send(b.T, b.engine))
		wipe(b.T, b.engine, b.name)
		coldCompose.add(b.compose.up(b.name, document(1)))
		oneCompose.add(b.compose.up(b.name, document(2)))
		planCompose.add(b.compose.up(b.name, document(2)))
		wipe(b.T, b.engine, b.name)
	}
	targets := []target{
		{"plan without a change / Terraform alone and docker compose", plan, []*series{planEmpty, planCompose}, 2},
		{"cold apply / docker compose", cold, []*series{coldCompose}, 1},
		{"one change / Terraform alone and docker compose", one, []*series{oneEmpty, oneCompose}, 2.5},
	}
	fmt.Println(table([]*series{plan, planEmpty, planCompose, cold, coldAPI, coldCompose, one, oneCompose, oneEmpty, oneAPI}, targets))
	for _, target := range targets {
		if !target.met() {
			b.Errorf("%s is %.2f, and at most %.2f is the target", target.what, target.ratio(), target.atMost)
		}
	}
}

// project is a directory in which Docker Compose runs.
type project struct {
	t                  *testing.T
	program, dir, host string
}

func newProject(t *testing.T, host string) *project {
	t.Helper()
	program := os.Getenv(composeVariable)
	if program == "" {
		program = filepath.Join(repository(t), ".homelab", "bin", "compose")
	}
	return &project{t: t, program: program, dir: t.TempDir(), host: host}
}

// up brings a document up and returns how long that took.
func (p *project) up(name, document string) time.Duration {
	p.t.Helper()
	write(p.t, filepath.Join(p.dir, "compose.yaml"), document)
	return timed(p.t, p.dir, append(os.Environ(), "DOCKER_HOST="+p.host), p.program, "--project-name", name, "up", "--detach")
}
