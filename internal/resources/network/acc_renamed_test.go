package network_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// A network is replaced by one of another name while a stack of the same run is on
// it: the plan says what to write, what cannot be done changes nothing, and what the
// plan says to write works.
func TestAccNetwork_AnotherNameWithAStackOnIt_PlanSaysWhatToWrite(t *testing.T) {
	b := newBench(t)
	c := acctest.NewCLI(t)
	configure := func(name, lifecycle, used string) {
		c.Write(t, "main.tf", acctest.Provider(b.host)+fmt.Sprintf(`
resource "homelab_network" "n" {
  name = %[1]q
  ipam = [{ subnet = %[5]q }]
  %[2]s
}
resource "homelab_stack" "s" {
  name    = "%[4]s-stack"
  compose = jsonencode({
    services = { a = { image = "homelab.test/app:1", command = ["sleep"], init = true, networks = ["n"] } }
    networks = { n = { external = true, name = %[3]s } }
  })
  %[6]s
}
`, b.name+name, lifecycle, used, b.name, map[string]string{"-a": "10.216.1.0/24", "-b": "10.216.2.0/24"}[name], map[bool]string{true: "depends_on = [homelab_network.n]"}[lifecycle == ""]))
	}
	literal := func(name string) string { return fmt.Sprintf("%q", b.name+name) }
	configure("-a", "", literal("-a"))
	c.Apply(t)
	before := b.inspect(b.name + "-a").ID

	configure("-b", "", literal("-b"))
	says := flat(c.Must(t, []string{"plan", "-no-color"}).Stdout)
	for _, words := range []string{"Network is in use", "as long as it is used by: " + b.name + "-stack-a-1", "create_before_destroy = true"} {
		if !strings.Contains(says, words) {
			t.Errorf("no %q in:\n%s", words, says)
		}
	}
	failed := flat(c.Must(t, []string{"apply", "-no-color", "-auto-approve"}, 1).Stderr)
	if !strings.Contains(failed, "Network is in use") || strings.Contains(failed, "Error response from daemon") {
		t.Errorf("failed with:\n%s", failed)
	}
	if now := b.inspect(b.name + "-a").ID; now != before {
		t.Error("the network was replaced")
	}

	configure("-b", "lifecycle { create_before_destroy = true }", "homelab_network.n.name")
	if says := flat(c.Must(t, []string{"plan", "-no-color"}).Stdout); strings.Contains(says, "tainted") {
		t.Errorf("tainted:\n%s", says)
	}
	c.Apply(t)
	c.RequireEmptyPlan(t)
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

// A key of for_each changes and nothing else: with a moved block nothing happens, and
// without one the plan names it and the apply makes everything again.
func TestAccNetwork_KeyOfForEachRenamed_PlanNamesMovedAndApplyWorks(t *testing.T) {
	b := newBench(t)
	c := acctest.NewCLI(t)
	configure := func(key, moved string) {
		c.Write(t, "main.tf", acctest.Provider(b.host)+fmt.Sprintf(`
resource "homelab_network" "n" {
  for_each = { %[1]s = "%[2]s-net" }
  name     = each.value
}
resource "homelab_stack" "s" {
  for_each = { %[1]s = "%[2]s-stack" }
  name     = each.value
  compose  = jsonencode({
    services = { a = { image = "homelab.test/app:1", command = ["sleep"], init = true, networks = ["n"] } }
    networks = { n = { external = true, name = homelab_network.n[each.key].name } }
  })
}
%[3]s`, key, b.name, moved))
	}
	moved := func(from, to string) (blocks string) {
		for _, address := range []string{"homelab_network.n", "homelab_stack.s"} {
			blocks += fmt.Sprintf("moved {\n  from = %[1]s[%[2]q]\n  to   = %[1]s[%[3]q]\n}\n", address, from, to)
		}
		return blocks
	}
	configure("one", "")
	c.Apply(t)
	before := b.inspect(b.name + "-net").ID

	configure("two", moved("one", "two"))
	if out := c.Apply(t).Stdout; !strings.Contains(out, "0 added, 0 changed, 0 destroyed") {
		t.Errorf("with moved blocks:\n%s", out)
	}
	if now := b.inspect(b.name + "-net").ID; now != before {
		t.Error("the network was replaced")
	}

	configure("three", "")
	says := flat(c.Must(t, []string{"plan", "-no-color"}).Stdout)
	for _, kind := range []string{"homelab_network", "homelab_stack"} {
		if words := fmt.Sprintf("write a moved block (from = %s.OLD, to = %s.NEW)", kind, kind); !strings.Contains(says, words) {
			t.Errorf("no %q in:\n%s", words, says)
		}
	}
	c.Apply(t)
	c.RequireEmptyPlan(t)
	if now := b.inspect(b.name + "-net").ID; now == before {
		t.Error("the network was not replaced")
	}
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

// flat is what Terraform says without its line breaks.
func flat(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", "", "╷", "", "╵", "").Replace(text)), " ")
}
