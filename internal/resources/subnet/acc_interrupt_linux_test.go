package subnet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// orphanLimit is how long a provider may go on whose Terraform was killed.
const orphanLimit = 5 * time.Minute

// app is a stack with one container on the first node's network.
func (b *bench) app() string {
	return fmt.Sprintf(`
resource "homelab_stack" "app" {
  name    = %q
  node    = "n1"
  pull    = "never"
  compose = yamlencode({
    services = { app = { image = %q, stop_grace_period = "1s", networks = { lan = { ipv4_address = "10.0.20.200" } } } }
    networks = { lan = { external = true, name = homelab_subnet.lan.networks["n1"].name } }
  })
}
`, b.name, images.AppV1)
}

// TestAccSubnet_ReplacementKilled cuts an apply off where the container is off the
// network and the network is gone, and where the new one is there already.
func TestAccSubnet_ReplacementKilled_NextApplyFinishesIt(t *testing.T) {
	b := newBench(t)
	cli := acctest.NewCLI(t)
	cli.Write(t, "main.tf", b.config(nil)+b.app())
	cli.Apply(t)
	before, err := b.containers("n1")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		mode  string
		point acctest.Point
	}{
		{"private", acctest.Point{Method: "POST", Path: `/networks/create$`}},
		{"vepa", acctest.Point{Method: "POST", Path: `/networks/create$`, After: true}},
		{"bridge", acctest.Point{Method: "POST", Path: `/networks/[^/]+/connect$`}},
	} {
		wanted := map[string]string{"mode": fmt.Sprintf("%q", at.mode)}
		gate := acctest.Hold(t, b.nodes[0].Host, at.point)
		cli.Write(t, "main.tf", b.configOn(map[string]string{"n1": gate.Host}, wanted)+b.app())
		apply := cli.Start(t, "apply", "-no-color", "-auto-approve")
		select {
		case <-gate.Reached:
		case <-apply.Done():
			r := apply.Wait(t)
			t.Fatalf("the apply ended, with code %d, before it got to %v:\n%s%s", r.Code, at.point, r.Stdout, r.Stderr)
		}
		apply.Kill()
		gate.Open()
		apply.Wait(t)
		if err := apply.WaitProvider(t, orphanLimit); err != nil {
			t.Fatal(err)
		}
		cli.Write(t, "main.tf", b.config(wanted)+b.app())
		cli.Apply(t)
		cli.RequireEmptyPlan(t)
		after, err := b.containers("n1")
		if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s, killed at %v: the container was %v and is %v (%v)", at.mode, at.point, before, after, err)
		}
		for _, node := range both {
			if n, err := b.inspect(node); err != nil || n.Options["macvlan_mode"] != at.mode {
				t.Errorf("%s, killed at %v: %s has %+v (%v)", at.mode, at.point, node, n, err)
			}
		}
	}
	cli.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

// TestAccSubnet_KnownOnlyAtApply takes its arguments from a resource of the same
// run; then a container is disconnected by hand, and the name changes.
func TestAccSubnet_KnownOnlyAtApply_IsPlannedUnknownAndConverges(t *testing.T) {
	b := newBench(t)
	late := `
resource "terraform_data" "site" {
  input = { vlan_id = 20, cidr = "10.0.20.0/24", gateway = "10.0.20.1", parent = "eth0", mode = "private", driver = "macvlan" }
}
`
	arguments := map[string]string{"attachments": `{ n1 = { parent = terraform_data.site.output.parent }, n2 = { parent = terraform_data.site.output.parent } }`}
	for _, name := range []string{"vlan_id", "cidr", "gateway", "mode", "driver"} {
		arguments[name] = "terraform_data.site.output." + name
	}
	config := b.config(arguments) + late
	known := b.config(map[string]string{"gateway": `"10.0.20.1"`, "mode": `"private"`}) + b.app()
	networks := tfjsonpath.New("networks")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), CheckDestroy: b.gone(b.name), Steps: []resource.TestStep{
		{
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, networks), plancheck.ExpectUnknownValue(address, tfjsonpath.New("vlan"))}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, networks.AtMapKey("n2").AtMapKey("range"), knownvalue.StringExact("10.0.20.32/27")),
				statecheck.ExpectKnownValue(address, networks.AtMapKey("n1").AtMapKey("mode"), knownvalue.StringExact("private")),
			},
		},
		{Config: known, Check: b.noted},
		{PreConfig: func() { b.disconnect("n1") }, Config: known,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction("homelab_stack.app", plancheck.ResourceActionUpdate)}},
			Check: b.noted},
	}})
}

// noted requires that the container is on the network, and the network the one it
// was.
func (b *bench) noted(*terraform.State) error {
	if _, err := b.containers("n1"); err != nil {
		return err
	}
	n, err := b.inspect("n1")
	if err == nil && b.ids["n1"] != "" && b.ids["n1"] != n.ID {
		err = fmt.Errorf("the network was %s and is %s", b.ids["n1"], n.ID)
	}
	b.ids["n1"] = n.ID
	return err
}

// disconnect takes all containers of a node off the subnet.
func (b *bench) disconnect(node string) {
	list, err := b.engines[node].ContainerList(context.WithoutCancel(b.t.Context()), container.ListOptions{})
	for _, c := range list {
		if err == nil {
			err = b.engines[node].NetworkDisconnect(b.t.Context(), b.name, c.ID, true)
		}
	}
	if n, inspectErr := b.engines[node].NetworkInspect(b.t.Context(), b.name, network.InspectOptions{}); err != nil || inspectErr != nil || len(n.Containers) > 0 {
		b.t.Fatalf("disconnect: %v, %v, %v", err, inspectErr, n.Containers)
	}
}
