package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// holding is a container whose namespaces and volumes others hold on to, and one
// that links to it by its name.
const holding = `
services:
  vpn: {image: "homelab.test/app:1", ipc: shareable, environment: {VERSION: %q}, volumes: [/scratch]}
  net: {image: "homelab.test/app:1", network_mode: "service:vpn", command: [sleep]}
  pid: {image: "homelab.test/app:1", pid: "service:vpn"}
  ipc: {image: "homelab.test/app:1", ipc: "service:vpn"}
  vol: {image: "homelab.test/app:1", volumes_from: [vpn]}
  link: {image: "homelab.test/app:1", links: ["vpn:gate"]}
  other: {image: "homelab.test/app:1"}
`

// reaches is that link finds vpn by the name it gave it.
func (b *bench) reaches(name string) acctest.StateCheck {
	return holds(func() error {
		b.eventually("an answer of "+name, func() bool {
			got, err := b.exec("link", "/app", "health", "-url", "http://"+name+":8080/healthz")
			return err == nil && got == "healthy\n"
		})
		return nil
	})
}

func TestAccStack_ParentMadeAgainByHand_ThoseWhoHoldOnToItFollow(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	var gone string
	config := b.config(fmt.Sprintf(holding, "1"))
	names := acctest.PlanCheck(func(plan *tfjson.Plan) error {
		from := func(service, field string) string {
			return fmt.Sprintf("services.%s.spec.%s: %q -> %q", service, field, "container:"+gone[:12]+", which is gone", "service:vpn")
		}
		return acctest.ExpectDifferences(address, from("net", "network_mode"), from("pid", "pid"), from("ipc", "ipc"),
			from("vol", "volumes_from"),
			`services.pid.state: "exited" -> "running"`)(plan)
	})
	b.test(
		b.step(config),
		after(func() {
			gone = b.container("vpn").ID
			b.remake("vpn", func(*container.Config, *container.HostConfig) {})
			b.eventually("the end of pid with the first process of its namespace", func() bool { return !b.container("pid").State.Running })
			w.look()
		}, expecting(b.step(config, w.onlyTouched("ipc/1", "net/1", "pid/1", "vol/1"), b.reaches("gate")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), names)),
		unchanged(config),
	)
}

func TestAccStack_ParentChanged_ThoseWhoHoldOnToItAreMadeAgain(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	b.test(
		b.step(b.config(fmt.Sprintf(holding, "1")), holds(func() error { w.look(); return nil })),
		b.step(b.config(fmt.Sprintf(holding, "2")), b.reaches("gate"), holds(func() error {
			vpn, now := b.container("vpn").ID, b.containers()
			for service, held := range map[string]string{
				"net": string(now["net/1"].HostConfig.NetworkMode), "pid": string(now["pid/1"].HostConfig.PidMode), "ipc": string(now["ipc/1"].HostConfig.IpcMode),
			} {
				if held != "container:"+vpn {
					return fmt.Errorf("%s holds on to %s, and vpn is %s", service, held, vpn)
				}
			}
			return b.sameContainer(w.before, "other/1")
		})),
		unchanged(b.config(fmt.Sprintf(holding, "2"))),
	)
}

// The engine keeps the IDs of containers that are named, and cleans paths; the
// users of a container that was recreated are recreated.
func TestAccStack_SpellingsThatTheEngineResolves_AreNoChange(t *testing.T) {
	t.Parallel()
	c, engine, name := acctest.NewCLI(t), labtest.Engine(t), acctest.Name(t)
	sweepStack(t, engine, name)
	outside := name + "-outside"
	c.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
variable "level" { default = "1" }

resource "homelab_stack" "outside" {
  name    = %[1]q
  compose = "services: {o: {image: 'homelab.test/app:1', container_name: %[1]s, environment: {LEVEL: '${var.level}'}}}"
}

resource "homelab_stack" "this" {
  name    = %[2]q
  compose = <<-EOT
    services:
      n: {image: "homelab.test/app:1", network_mode: "container:%[1]s", command: [sleep]}
      p: {image: "homelab.test/app:1", pid: "container:%[1]s"}
      i: {image: "homelab.test/app:1", ipc: host, volumes_from: ["container:%[1]s"]}
      w: {image: "homelab.test/app:1", working_dir: /tmp/, network_mode: default}
  EOT
  depends_on = [homelab_stack.outside]
}
`, outside, name))
	sweepStack(t, engine, outside)
	c.Apply(t)
	c.RequireEmptyPlan(t)
	before := identities(t, engine, name)
	c.Must(t, []string{"apply", "-no-color", "-auto-approve", "-var=level=2"})
	planned := c.Must(t, []string{"plan", "-no-color", "-detailed-exitcode", "-var=level=2"}, 2)
	if !strings.Contains(planned.Stdout, "which is gone") {
		t.Errorf("the plan after the container was recreated:\n%s", planned.Stdout)
	}
	c.Must(t, []string{"apply", "-no-color", "-auto-approve", "-var=level=2"})
	c.Must(t, []string{"plan", "-no-color", "-detailed-exitcode", "-var=level=2"})
	for container, id := range identities(t, engine, name) {
		if follows := strings.Contains(container, "-n-") || strings.Contains(container, "-p-"); follows == (id == before[container]) {
			t.Errorf("%s: was %s, is %s", container, before[container], id)
		}
	}
}
