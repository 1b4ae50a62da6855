package network_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// TestAccNetwork_CreateFails: what the engine refuses leaves nothing, neither on the
// node nor in state; what a killed run has made is kept.
func TestAccNetwork_CreateFailsOrIsKilled_NextApplyMakesIt(t *testing.T) {
	b := newBench(t)
	c := acctest.NewCLI(t)
	const refused, right = "interface_name = \"eth0\"", "mtu = 1400"
	c.Write(t, "main.tf", b.config(refused)) // eth0 is no bridge
	result := c.Must(t, []string{"apply", "-no-color", "-auto-approve"}, 1)
	if said := words(result.Stderr); !strings.Contains(said, "The node has an interface of this name that is not a bridge: choose another interface_name.") {
		t.Errorf("it said %s", said)
	}
	if _, err := b.engine.NetworkInspect(t.Context(), b.name, network.InspectOptions{}); !errdefs.IsNotFound(err) {
		t.Errorf("the engine has the network, or says %v", err)
	}
	if state := strings.TrimSpace(c.Must(t, []string{"state", "list"}).Stdout); state != "" {
		t.Errorf("state has %s", state)
	}
	gate := acctest.Hold(t, b.host, acctest.Point{Method: "POST", Path: "/networks/create$", After: true})
	c.Write(t, "main.tf", strings.Replace(b.config(right), b.host, gate.Host, 1))
	apply := c.Start(t, "apply", "-no-color", "-auto-approve")
	select {
	case <-gate.Reached:
	case <-apply.Done():
		r := apply.Wait(t)
		t.Fatalf("the apply ended, with code %d, before it made the network:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	apply.Kill()
	gate.Open()
	apply.Wait(t)
	made := b.inspect(b.name).ID
	c.Write(t, "main.tf", b.config(right))
	if planned := c.Must(t, []string{"plan", "-no-color"}).Stdout; !strings.Contains(planned, "1 to add") {
		t.Errorf("the plan is\n%s", planned)
	}
	c.Apply(t)
	if n := b.inspect(b.name); n.ID != made {
		t.Errorf("the network was made as %s and is %s", made, n.ID)
	}
	c.RequireEmptyPlan(t)
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

// TestAccNetwork_Words: other labels and another description disturb nobody, and
// another name or node is another network. A container that no stack has is nobody's
// to bring back once it is disconnected by hand.
func TestAccNetwork_WordsAndPlaces(t *testing.T) {
	b := newBench(t)
	config := func(attributes string) string {
		provider := fmt.Sprintf("provider \"homelab\" {\n  nodes = { local = { host = %[1]q }, other = { host = %[1]q } }\n}\n", b.host)
		return provider + fmt.Sprintf("resource \"homelab_network\" \"test\" {\n%s\n}\n", strings.ReplaceAll(attributes, "NAME", b.name))
	}
	first := config("name = \"NAME\"\nlabels = { a = \"1\" }\ndescription = \"a\"")
	second := config("name = \"NAME\"\nlabels = { b = \"2\" }")
	replace := plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate)
	var were map[string]life
	var made string
	b.test(
		resource.TestStep{Config: first},
		after(before(expecting(second, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)), func() {
			b.run("on", "", &network.EndpointSettings{Aliases: []string{"on.home"}})
			were, made = b.lives(), b.inspect(b.name).ID
		}), holds(func() error {
			if n := b.inspect(b.name); n.ID != made || n.Labels["a"] != "1" {
				return fmt.Errorf("the network was %s and is %+v", made, n)
			}
			return same(were, b.lives())
		})),
		after(before(unchanged(second), func() { b.must(b.engine.NetworkDisconnect(b.Context(), b.name, b.name+"-on", true)) }),
			holds(func() error { return b.remove("on") })),
		after(expecting(config("name = \"NAME-moved\""), replace), holds(func() error {
			if _, err := b.engine.NetworkInspect(b.Context(), b.name, network.InspectOptions{}); !errdefs.IsNotFound(err) {
				return fmt.Errorf("the engine still has %s, or says %w", b.name, err)
			}
			return nil
		})),
		expecting(config("name = \"NAME-moved\"\nnode = \"other\""), replace),
		unchanged(config("name = \"NAME-moved\"\nnode = \"other\"")),
	)
}
