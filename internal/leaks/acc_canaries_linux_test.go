package leaks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

func TestAccLeaks_ThirtyCanariesThroughEveryWay_AreFoundNowhere(t *testing.T) {
	a := newAviary(t)
	if a.count < 30 {
		t.Fatalf("there are only %d ways", a.count)
	}
	a.configure(t, "")
	a.run(t, 0, "plan", "-out=next", "-var=generation=one")
	shown := a.Must(t, []string{"show", "-json", "next"})
	a.hound.search(t, "the plan in JSON", []byte(shown.Stdout))
	a.run(t, 0, "apply", "next")
	a.readGenerated(t, "one")
	a.requireArrived(t)
	a.lookAtState(t)
	a.lookAtNode(t)

	a.generation(t, "two")
	a.run(t, 0, "apply", "-auto-approve", "-var=generation=two")
	a.readGenerated(t, "two")
	a.requireArrived(t)
	a.lookAtState(t)
	a.lookAtNode(t)

	a.fails(t)
	a.denied(t)
	a.panics(t)
	a.configure(t, "")
	a.run(t, 0, "destroy", "-auto-approve", "-var=generation=two")
	a.lookAtState(t)
	a.lookAtNode(t)
	// The generated value stays on the node, and is taken up.
	a.run(t, 0, "apply", "-auto-approve", "-var=generation=two", "-target=homelab_secret.generated")
	a.lookAtState(t)
	a.lookAtNode(t)
	if a.looked < 10<<20 || a.events.seen < 100 || !a.engineSaid || !a.sshSaid {
		t.Errorf("only %d bytes and %d events were looked at; the engine's log was seen: %t, sshd's: %t", a.looked, a.events.seen, a.engineSaid, a.sshSaid)
	}
}

// Every way leads somewhere.
func TestBirds_EveryWay_IsTaken(t *testing.T) {
	documents := near + far
	for _, way := range ways {
		if !strings.Contains(birdhouse, fmt.Sprintf("%q", way)) {
			t.Errorf("nothing takes %s", way)
		}
		if handed := strings.Contains(birdhouse, fmt.Sprintf("var.c[%q]", way)); !handed &&
			!slices.ContainsFunc([]string{"${" + way + "}", "{environment: " + way + "}", "  " + way + ": {external: true}\n", `"` + way + `"`},
				func(use string) bool { return strings.Contains(documents, use) }) {
			t.Errorf("no document uses %s", way)
		}
	}
}

// lookAtState searches the state as Terraform shows it to programs. The file with
// its private part was searched with all others.
func (a *aviary) lookAtState(t *testing.T) {
	t.Helper()
	shown := a.Must(t, []string{"show", "-json"})
	a.hound.search(t, "the state in JSON", []byte(shown.Stdout))
}

// of limits a command to the stack that is reached by ssh.
var of = []string{"-auto-approve", "-var=generation=two", "-target=homelab_stack.far"}

// fails has applies fail in several ways, each of which has a secret at hand.
func (a *aviary) fails(t *testing.T) {
	t.Helper()
	fail := func(words ...string) {
		t.Helper()
		result := a.run(t, 1, append([]string{"apply"}, of...)...)
		requireSays(t, result.Stderr, words...)
		a.lookAtNode(t)
	}
	const command = `command: [serve, -log, "${command}"]`
	ill := `healthcheck: {test: [CMD, /app, health], interval: 1s, retries: 1}`
	a.configure(t, "", command, `command: [serve, -unhealthy, -log, "${command}"]`+"\n    "+ill)
	fail("(secret command)", "rolled back")

	a.configure(t, "", command, `entrypoint: ["/${command}"]`)
	fail("(secret command)")

	a.configure(t, "")
	a.Write(t, "project/Dockerfile", strings.Replace(dockerfile, `"-print", "/run/secrets/build"]`, `"-print", "/run/secrets/build", "-code", "7"]`, 1))
	fail("exit code: 7")
}

// denied has registries refuse, and a node not answer, each with a secret of its own.
func (a *aviary) denied(t *testing.T) {
	t.Helper()
	a.configure(t, fmt.Sprintf(`
data "homelab_image" "denied" {
  for_each = toset(["%s/private:1", "%s/private:1"])
  name     = each.key
}

data "homelab_node" "away" {
  name = "away"
}
`, a.server, a.otherName()))
	result := a.run(t, 1, "plan", "-var=generation=two", "-target=data.homelab_image.denied", "-target=data.homelab_node.away")
	requireSays(t, result.Stderr, a.server, a.otherName(), `Node "away"`)
	a.requireOffered(t)
}

// panics has the provider die in the middle of an apply as a panic would have it:
// with the stacks of all its goroutines in Terraform's hands.
func (a *aviary) panics(t *testing.T) {
	t.Helper()
	waits := `healthcheck: {test: [CMD, /app, health, -url, "http://127.0.0.1:9/"], interval: 2s, start_period: 600s}`
	a.configure(t, "", `command: [serve, -log, "${command}"]`, `command: [serve, -log, "${command}"]`+"\n    "+waits)
	p := a.start(t, append([]string{"apply"}, of...)...)
	for deadline := time.Now().Add(5 * time.Minute); !a.isStarting(t); time.Sleep(100 * time.Millisecond) {
		select {
		case <-p.Done():
			result := p.Wait(t)
			t.Fatalf("the apply ended by itself:\n%s%s", result.Stdout, result.Stderr)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing starts")
		}
	}
	p.AbortProvider(t)
	result := p.Wait(t)
	log, err := os.ReadFile(filepath.Join(a.Dir, "trace.log"))
	if err != nil || !strings.Contains(string(log)+result.Stderr, "goroutine ") {
		t.Errorf("there is no trace of the stacks (%v):\n%s", err, result.Stderr)
	}
	a.look(t, "the apply that broke off", result)
	a.lookAtNode(t)
}

// isStarting reports whether the container that is waited for is up.
func (a *aviary) isStarting(t *testing.T) bool {
	t.Helper()
	list, err := a.engine.ContainerList(t.Context(), container.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(list, func(c container.Summary) bool {
		return c.Labels["com.docker.compose.project"] == a.name+"-far" && c.Labels["com.docker.compose.service"] == "command" && strings.Contains(c.Status, "starting")
	})
}
