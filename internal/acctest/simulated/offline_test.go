package simulated_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// nowhere is a host at which there is nothing.
const nowhere = "unix:///nonexistent/engine.sock"

// diagnosed runs a command of Terraform and returns what it has to say, each as
// "summary: detail".
func diagnosed(t *testing.T, cli *acctest.CLI, code int, args ...string) string {
	t.Helper()
	r := cli.Must(t, append(args, "-json"), code)
	var said []string
	for line := range strings.Lines(r.Stdout) {
		var one struct {
			Diagnostic *struct{ Summary, Detail string }
		}
		if json.Unmarshal([]byte(line), &one) == nil && one.Diagnostic != nil && one.Diagnostic.Summary != "Provider development overrides are in effect" {
			said = append(said, one.Diagnostic.Summary+": "+one.Diagnostic.Detail)
		}
	}
	return strings.Join(said, "\n\n")
}

// twoNodes is a provider block; empty hosts are left out.
func twoNodes(settings, atlas, helios string) string {
	nodes := ""
	for name, host := range map[string]string{"atlas": atlas, "helios": helios} {
		if host != "" {
			nodes += fmt.Sprintf("    %s = { host = %s }\n", name, host)
		}
	}
	return fmt.Sprintf("provider \"homelab\" {\n  %s\n  nodes = {\n%s  }\n}\n", settings, nodes)
}

func quoted(host string) string { return fmt.Sprintf("%q", host) }

// stackOn is a stack with one service.
func stackOn(node, color string) string {
	return fmt.Sprintf("resource \"homelab_stack\" %q {\n  name = \"media\"\n  node = %q\n"+
		"  compose = \"services: {web: {image: homelab.test/app:1, environment: {COLOR: %s}}}\"\n}\n", node, node, color)
}

// equal compares what was said to the word.
func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("Terraform said\n%s\n\nand should say\n%s", got, want)
	}
}

// away is the detail of a node at nowhere.
const away = `Node "helios" (` + nowhere + `): there is no socket /nonexistent/engine.sock. Start the Docker engine, or correct the path. Other nodes are not affected.`

func TestAccFleet_NodeAway_KeepsWhatWasSeenAndLetsOthersGoOn(t *testing.T) {
	h := newHomelab(t, size{nodes: 2})
	atlas, helios := quoted(h.hosts[0]), quoted(h.hosts[1])
	configure := func(settings, helios string, stacks ...string) {
		h.Write(t, "main.tf", twoNodes(settings, atlas, helios)+strings.Join(stacks, ""))
	}
	configure("", helios, stackOn("atlas", "red"), stackOn("helios", "red"))
	h.Apply(t)

	standing := `Node "helios" is offline: its last known state is kept: ` + away +
		` The stack "media" is shown as it was last seen (when_offline = "keep").`
	configure("when_offline = \"keep\"", quoted(nowhere), stackOn("atlas", "red"), stackOn("helios", "red"))
	r := h.Must(t, []string{"plan", "-no-color", "-detailed-exitcode"})
	if !strings.Contains(r.Stdout, `Warning: Node "helios" is offline: its last known state is kept`) {
		t.Errorf("there is no warning:\n%s", r.Stdout)
	}
	equal(t, diagnosed(t, h.CLI, 0, "plan", "-refresh=false"), standing)

	// A change of a stack there is planned, and fails for that stack only.
	configure("when_offline = \"keep\"", quoted(nowhere), stackOn("atlas", "blue"), stackOn("helios", "blue"))
	equal(t, diagnosed(t, h.CLI, 0, "plan", "-refresh=false"), standing+
		" What its planned change does cannot be said; applying it fails, for this stack only, unless the node is back by then.")
	said := diagnosed(t, h.CLI, 1, "apply", "-auto-approve", "-refresh=false")
	want := `Unable to reach node: ` + away + ` Nothing of the stack "media" was changed: apply again when the node is back.`
	if !strings.HasSuffix(said, want) || strings.Count(said, "Unable to") != 1 {
		t.Errorf("apply said\n%s\n\nand should end with\n%s", said, want)
	}
	configure("when_offline = \"keep\"", quoted(nowhere), stackOn("atlas", "blue"), stackOn("helios", "red"))
	h.RequireEmptyPlan(t) // the other node went on

	// Without being asked to, nothing stands.
	configure("", quoted(nowhere), stackOn("atlas", "blue"), stackOn("helios", "red"))
	equal(t, diagnosed(t, h.CLI, 1, "plan"), "Unable to reach node: "+away)
	said = diagnosed(t, h.CLI, 1, "destroy", "-auto-approve", "-refresh=false", "-target=homelab_stack.helios")
	want += " If the node is gone for good, terraform state rm ADDRESS forgets the stack."
	if !strings.Contains(said, "\n"+want+"\n") {
		t.Errorf("destroy said\n%s\n\nand should say\n%s", said, want)
	}

	configure("", helios, stackOn("atlas", "blue"), stackOn("helios", "red"))
	h.RequireEmptyPlan(t)
}

func TestAccFleet_NodeNoLongerConfigured_BothWaysOutWork(t *testing.T) {
	h := newHomelab(t, size{nodes: 2})
	atlas, helios := quoted(h.hosts[0]), quoted(h.hosts[1])
	both := twoNodes("", atlas, helios)
	h.Write(t, "main.tf", both+stackOn("atlas", "red")+stackOn("helios", "red"))
	h.Apply(t)

	forsaken := `Node of a resource is not configured: The stack "media" is in state on node "helios", ` +
		`which the provider block does not have (any more). There are two ways out. To manage or destroy it, put nodes["helios"] back, and take it out only after ` +
		`what is on it is destroyed. Or, if the node is gone for good, forget the resource, which touches no node: terraform state rm ADDRESS, ` +
		`or put in place of its resource block

  removed {
    from = homelab_stack.NAME
    lifecycle {
      destroy = false
    }
  }

OpenTofu reads what it forgets: plan that with -refresh=false.`
	for _, stacks := range []string{stackOn("helios", "red"), stackOn("helios", "blue"), ""} {
		h.Write(t, "main.tf", twoNodes("", atlas, "")+stackOn("atlas", "red")+stacks)
		equal(t, diagnosed(t, h.CLI, 1, "plan"), forsaken)
	}
	equal(t, diagnosed(t, h.CLI, 1, "apply", "-auto-approve", "-refresh=false"), forsaken)

	h.Write(t, "main.tf", both+stackOn("atlas", "red")+stackOn("helios", "red"))
	h.RequireEmptyPlan(t) // put back

	h.Write(t, "main.tf", twoNodes("", atlas, "")+stackOn("atlas", "red")+
		"removed {\n  from = homelab_stack.helios\n  lifecycle {\n    destroy = false\n  }\n}\n")
	forget := []string{"apply", "-no-color", "-auto-approve"}
	if strings.Contains(h.Run(t, "version").Stdout, "OpenTofu") {
		forget = append(forget, "-refresh=false")
	}
	h.Must(t, forget)
	h.RequireEmptyPlan(t)
	if n := h.engines[1].Containers(); n != 1 {
		t.Errorf("%d containers are left on the node that was forgotten", n)
	}
	if list := h.Must(t, []string{"state", "list"}).Stdout; list != "homelab_stack.atlas\n" {
		t.Errorf("in state: %s", list)
	}
}

func TestAccFleet_NodeMadeInTheSameApply_IsPlannedAsUnknown(t *testing.T) {
	h := newHomelab(t, size{nodes: 2})
	machine := func(version string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"machine\" {\n  input = %q\n  triggers_replace = %q\n}\n", h.hosts[1], version)
	}
	config := func(version, rest string) string {
		return twoNodes("", quoted(h.hosts[0]), "terraform_data.machine.output") + machine(version) + stackOn("atlas", "red") + rest
	}
	h.Write(t, "main.tf", config("1", stackOn("helios", "red")))
	r := h.Must(t, []string{"plan", "-no-color"})
	if !strings.Contains(r.Stdout, "Plan: 3 to add") || !strings.Contains(r.Stdout, "services       = (known after apply)") {
		t.Errorf("the plan is\n%s", r.Stdout)
	}
	h.Apply(t)
	h.RequireEmptyPlan(t)

	// The machine is recreated: its stack is not said to be gone, and there is
	// nothing to import yet.
	h.Write(t, "main.tf", config("2", stackOn("helios", "red")))
	if r := h.Must(t, []string{"plan", "-no-color"}); !strings.Contains(r.Stdout, "Plan: 1 to add, 1 to change, 1 to destroy") {
		t.Errorf("the plan is\n%s", r.Stdout)
	}
	h.Must(t, []string{"state", "rm", "homelab_stack.helios"})
	h.Write(t, "main.tf", config("2", stackOn("helios", "red")+"import {\n  to = homelab_stack.helios\n  id = \"helios/media\"\n}\n"))
	equal(t, diagnosed(t, h.CLI, 1, "plan"), `Unable to import stack: The connection to node "helios" depends on values that are only known at apply, `+
		`so there is nothing to import from yet. Apply what makes the node first, for example with -target, and import then.`)
	h.Must(t, []string{"apply", "-no-color", "-auto-approve", "-target=terraform_data.machine"})
	h.Apply(t)
	h.RequireEmptyPlan(t)
}
