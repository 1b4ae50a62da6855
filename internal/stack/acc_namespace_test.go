package stack_test

import (
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/container"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
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
			return fmt.Sprintf("services.%s.spec.%s: %q -> %q", service, field, "container:"+gone, "service:vpn")
		}
		return acctest.ExpectDifferences(address, from("net", "network_mode"), from("pid", "pid"), from("ipc", "ipc"),
			fmt.Sprintf("services.vol.spec.volumes_from: %q -> %q", "container:"+gone, "service:vpn"),
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
