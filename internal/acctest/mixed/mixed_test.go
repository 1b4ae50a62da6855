package mixed

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// limit is how long a condition is waited for on a machine that does other things.
const limit = 5 * time.Minute

// homelab is three nodes with Terraform in front of them.
type homelab struct {
	*acctest.CLI
	t                *testing.T
	lab              *lab.Lab
	stacks, services int // the latter of each stack
}

// newHomelab starts as large a homelab as the environment asks for, as in
// HOMELAB_MIXED=30,5; otherwise a small one.
func newHomelab(t *testing.T) *homelab {
	t.Helper()
	h := &homelab{CLI: acctest.NewCLI(t), t: t, stacks: 6, services: 2}
	if size := os.Getenv("HOMELAB_MIXED"); size != "" {
		if _, err := fmt.Sscanf(size, "%d,%d", &h.stacks, &h.services); err != nil {
			t.Fatalf("HOMELAB_MIXED=%s is not stacks,services: %v", size, err)
		}
	}
	h.lab = labtest.New(t, lab.Options{Nodes: 3})
	h.Env = append(h.Env, "SSH_AUTH_SOCK=", "PATH="+h.lab.Bin+":"+os.Getenv("PATH"))
	return h
}

// configure writes stacks that are dealt out to the nodes. Every second service is
// started by its engine after a power cut; the others are not.
func (h *homelab) configure(color, whenOffline string) {
	n := h.lab.Nodes
	var services strings.Builder
	for i := range h.services {
		restart := "unless-stopped"
		if i%2 == 1 {
			restart = "\"no\""
		}
		fmt.Fprintf(&services, "      s%d:\n        image: homelab.test/app:1\n        restart: %s\n        environment: {COLOR: %s}\n", i, restart, color)
	}
	h.Write(h.t, "main.tf", fmt.Sprintf(`
provider "homelab" {
  when_offline    = %q
  connect_timeout = "20s"
  nodes = {
    ssh    = { host = %q }
    tls    = { host = %q, tls = { ca_file = %q, cert_file = %q, key_file = %q } }
    socket = { host = %q }
  }
}

resource "homelab_stack" "this" {
  for_each = { for i in range(%d) : format("stack%%02d", i) => ["ssh", "tls", "socket"][i %% 3] }
  name     = each.key
  node     = each.value
  compose  = <<-E
    services:
%s  E
}
`, whenOffline, n[0].SSHHost, n[1].TCPHost, h.lab.CA, h.lab.ClientCert, h.lab.ClientKey, n[2].Host, h.stacks, services.String()))
}

// logins is how often ssh let somebody in on the first node.
func (h *homelab) logins() int {
	h.t.Helper()
	text, err := os.ReadFile(h.lab.Nodes[0].Log)
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Count(string(text), "Accepted publickey")
}

// requireLogins checks how many there were in what a function does.
func (h *homelab) requireLogins(want int, what string, do func()) {
	h.t.Helper()
	before := h.logins()
	do()
	if got := h.logins() - before; got != want {
		h.t.Errorf("%s logged in %d times over ssh, not %d", what, got, want)
	}
}

// running counts the containers of a color that run on a node.
func (h *homelab) running(n *lab.Node, color string) int {
	h.t.Helper()
	engine := labtest.Client(h.t, n.Host)
	list, err := engine.ContainerList(h.t.Context(), container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project"))})
	if err != nil {
		h.t.Fatal(err)
	}
	count := 0
	for _, one := range list {
		c, err := engine.ContainerInspect(h.t.Context(), one.ID)
		if err == nil && strings.Contains(strings.Join(c.Config.Env, " "), "COLOR="+color) {
			count++
		}
	}
	return count
}

// requireAllRunning checks that every service of every stack runs once in a color.
func (h *homelab) requireAllRunning(color string) {
	h.t.Helper()
	total := 0
	for _, n := range h.lab.Nodes {
		total += h.running(n, color)
	}
	if total != h.stacks*h.services {
		h.t.Errorf("%d services run, not %d", total, h.stacks*h.services)
	}
}

func (h *homelab) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// The bar of a mixed homelab: one apply makes all of it, the plan is empty after
// that, each provider process logs in once over ssh, and a power cut, in between
// or in the middle of an apply, is repaired by the next.
func TestAccHomelab_MixedConnections_OneApplyAndAfterPowerCuts(t *testing.T) {
	h := newHomelab(t)
	h.configure("red", "fail")
	start := time.Now()
	// Terraform plans in one process of the provider and applies in another.
	h.requireLogins(2, "apply", func() { h.Apply(t) })
	t.Logf("%d stacks, %d services: made in %s", h.stacks, h.stacks*h.services, time.Since(start).Round(time.Second))
	h.requireAllRunning("red")
	h.requireLogins(1, "an empty plan", func() { h.RequireEmptyPlan(t) })

	h.must(h.lab.Nodes[0].PowerOff(t.Context()))
	if r := h.Must(t, []string{"plan", "-no-color"}, 1); !strings.Contains(r.Stderr, `Node "ssh" (ssh://`) {
		t.Errorf("the plan says\n%s", r.Stderr)
	}
	h.configure("red", "keep")
	if r := h.Must(t, []string{"plan", "-no-color", "-detailed-exitcode"}); !strings.Contains(r.Stdout, `Node "ssh" is offline: its last known state is kept`) {
		t.Errorf("the plan says\n%s", r.Stdout)
	}
	h.must(h.lab.Nodes[0].PowerOn(t.Context()))
	h.Apply(t) // starts what the engine does not
	h.requireAllRunning("red")
	h.requireLogins(1, "an empty plan", func() { h.RequireEmptyPlan(t) })
	h.cutInTheMiddle(h.lab.Nodes[1])
}

// cutInTheMiddle changes everything, pulls a node's power while that is under way
// there, and lets the next apply finish it.
func (h *homelab) cutInTheMiddle(n *lab.Node) {
	h.t.Helper()
	h.configure("blue", "fail")
	apply := h.Start(h.t, "apply", "-no-color", "-auto-approve")
	for deadline := time.Now().Add(limit); h.running(n, "blue") == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatal("nothing was changed on the node")
		}
	}
	h.must(n.PowerOff(h.t.Context()))
	h.must(n.PowerOn(h.t.Context()))
	apply.Wait(h.t) // it may have waited for the node, or given up
	h.Apply(h.t)
	h.requireAllRunning("blue")
	h.RequireEmptyPlan(h.t)
}
