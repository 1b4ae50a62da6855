package network_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// TestAccNetwork_EnginesChoice declares the range that the engine has given a stack's
// own network, and one of homelab_network, before and after they are planned.
func TestAccNetwork_EnginesChoice_IsRefusedWhicheverIsPlannedFirst(t *testing.T) {
	b := newBench(t)
	c := acctest.NewCLI(t)
	config := func(stack, lan, more string) string {
		return acctest.Provider(b.host) + strings.NewReplacer("NAME", b.name, "STACK", stack, "LAN", lan).Replace(`
resource "homelab_stack" "app" {
  name    = "NAME-app"
  compose = yamlencode({ services = { app = { image = "homelab.test/app:1", stop_grace_period = "1s" } } })
  STACK
}

resource "homelab_network" "lan" {
  name = "NAME-lan"
  LAN
}
`) + more
	}
	c.Write(t, "main.tf", config("", "", ""))
	c.Apply(t)
	for network, owner := range map[string]string{"-app_default": `network \"NAME-app_default\" of stack \"NAME-app\"`, "-lan": `homelab_network \"NAME-lan\"`} {
		subnet := b.inspect(b.name + network).IPAM.Config[0].Subnet
		owner = strings.ReplaceAll(owner, "NAME", b.name)
		const after, before = "depends_on = [homelab_stack.app, homelab_network.lan]", "depends_on = [homelab_network.zone]"
		for _, depends := range [][2]string{{"", after}, {before, ""}} {
			zone := fmt.Sprintf("resource \"homelab_network\" \"zone\" {\n  name = \"%s-zone\"\n  ipam = [{ subnet = %q }]\n  %s\n}\n", b.name, subnet, depends[1])
			c.Write(t, "main.tf", config(depends[0], depends[0], zone))
			out := c.Must(t, []string{"plan", "-json", "-no-color"}, 1).Stdout
			found := strings.Contains(out, fmt.Sprintf("The subnet %s overlaps %s, which %s has on the node.", subnet, subnet, owner)) ||
				strings.Contains(out, fmt.Sprintf("The subnet %s overlaps %s, which network \\\"%s%s\\\" has on the node.", subnet, subnet, b.name, network)) ||
				strings.Contains(out, fmt.Sprintf("The subnet %s overlaps %s, which homelab_network \\\"%s-zone\\\" is declared with.", subnet, subnet, b.name))
			if !found || strings.Count(out, `"severity":"error"`) != 1 {
				t.Errorf("%s with %v: not one error of it in\n%s", network, depends, out)
			}
		}
	}
	c.Write(t, "main.tf", config("", "", ""))
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}
