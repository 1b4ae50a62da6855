package subnet_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// wrong are the attachments of a subnet whose second node lacks the interface.
var wrong = map[string]string{"attachments": `{ n1 = { parent = "eth0" }, n2 = { parent = "nope0" } }`}

// TestAccSubnet_NodeFails: a new subnet is then made nowhere, and a change on the
// other nodes all the same; the reason is in words.
func TestAccSubnet_NodeFails_NewIsMadeNowhereAndChangesOnTheOthers(t *testing.T) {
	b := newBench(t)
	refused := `(?s)Node "n2" could not create.*on\s+nope0\.20.*no\s+such\s+interface.*`
	create := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)}}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: b.config(wrong), ExpectError: regexp.MustCompile(refused)},
		{PreConfig: func() {
			if err := b.gone(b.name)(nil); err != nil {
				t.Error(err)
			}
		}, Config: b.config(map[string]string{"attachments": `{ n1 = { parent = "eth0" } }`}), ConfigPlanChecks: create},
		{Config: b.config(nil)},
		{Config: b.config(wrong), ExpectError: regexp.MustCompile(refused + `rolled\s+back.*other\s+nodes\s+are\s+not\s+affected`)},
		{Config: b.config(nil)},
		b.untagged(),
	}})
}

// TestAccSubnet_CreateFails: a network that a container is on by then stays, and the
// next apply can leave it alone; afterwards other labels change nothing on nodes.
func TestAccSubnet_CreateFails_NetworkInUseStaysAndIsNotMadeAgain(t *testing.T) {
	b := newBench(t)
	cli := acctest.NewCLI(t)
	cli.Write(t, "main.tf", b.config(wrong))
	failed := cli.Must(t, []string{"apply", "-no-color", "-auto-approve"}, 1)
	if said := flat(failed.Stdout + failed.Stderr); !strings.Contains(said, fmt.Sprintf("Network %q was made on node \"n1\" and is removed again", b.name)) {
		t.Errorf("it said\n%s", said)
	}
	cli.Write(t, "main.tf", b.config(map[string]string{"attachments": `{ n1 = { parent = "eth0" } }`}))
	cli.Apply(t)
	was, err := b.inspect("n1")
	if err != nil {
		t.Fatal(err)
	}
	on := b.run("n1")
	cli.Must(t, []string{"state", "rm", address}) // as after an apply that was killed, which leaves its note
	note := desired.Note{Kind: desired.NoteNetwork, Name: b.name}
	if _, err := b.engines["n1"].VolumeCreate(t.Context(), volume.CreateOptions{Name: note.Volume(), Labels: map[string]string{desired.LabelScratch: note.Label()}}); err != nil {
		t.Fatal(err)
	}
	cli.Write(t, "main.tf", b.config(wrong))
	said := flat(cli.Must(t, []string{"apply", "-no-color", "-auto-approve"}, 1).Stderr)
	for _, want := range []string{fmt.Sprintf("Network %q is left on node \"n1\".", b.name), "still has containers attached to it", "run terraform untaint ADDRESS before you apply again."} {
		if !strings.Contains(said, want) {
			t.Errorf("it said\n%s\nand not\n%s", said, want)
		}
	}
	cli.Write(t, "main.tf", b.config(nil))
	cli.Must(t, []string{"untaint", address})
	b.requireApplied(t, cli, was.ID)
	cli.Write(t, "main.tf", b.config(map[string]string{"labels": `{ by = "us" }`}))
	if planned := flat(cli.Must(t, []string{"plan", "-no-color"}).Stdout); !strings.Contains(planned,
		fmt.Sprintf("No engine can change the labels of a network that exists. The state has what is written now; network %q on nodes \"n1\" and \"n2\" has it once it is replaced", b.name)) {
		t.Errorf("the plan is\n%s", planned)
	}
	b.requireApplied(t, cli, was.ID)
	if c, err := b.engines["n1"].ContainerInspect(t.Context(), on); err != nil || !c.State.Running || c.NetworkSettings.Networks[b.name] == nil {
		t.Errorf("the container is %+v, %v", c.NetworkSettings, err)
	}
	b.discard("n1", on)
	cli.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	if err := b.gone(b.name)(nil); err != nil {
		t.Error(err)
	}
}

// requireApplied applies and requires that both nodes have their network then, and
// the first the one that it had.
func (b *bench) requireApplied(t *testing.T, cli *acctest.CLI, id string) {
	t.Helper()
	cli.Apply(t)
	for _, node := range both {
		if n, err := b.inspect(node); err != nil || node == "n1" && n.ID != id {
			t.Errorf("%s has %s, not %s (%v)", node, n.ID, id, err)
		}
	}
	cli.RequireEmptyPlan(t)
}

// run starts a container of nobody's on a node's network.
func (b *bench) run(node string) string {
	b.t.Helper()
	c, err := b.engines[node].ContainerCreate(b.t.Context(), &container.Config{Image: images.AppV1}, nil,
		&network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{b.name: {}}}, nil, b.name)
	if err == nil {
		err = b.engines[node].ContainerStart(b.t.Context(), c.ID, container.StartOptions{})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return c.ID
}

func (b *bench) discard(node, id string) {
	b.t.Helper()
	if err := b.engines[node].ContainerRemove(context.WithoutCancel(b.t.Context()), id, container.RemoveOptions{Force: true}); err != nil {
		b.t.Fatal(err)
	}
}

// flat is a text without Terraform's frames and line breaks.
func flat(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", "")), " ")
}
