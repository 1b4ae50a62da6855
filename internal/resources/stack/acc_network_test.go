package stack_test

import (
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// networked has two services on the network front, whose definition is given, and
// one on another.
const networked = `
services:
  web: {image: "homelab.test/app:1", networks: [front]}
  api: {image: "homelab.test/app:1", networks: [front, back], depends_on: [web]}
  db: {image: "homelab.test/app:1", networks: [back]}
networks:
  front: %s
  back: {}
`

func TestAccStack_NetworkChanged_RecreatesTheContainersOnIt(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		plan          []string
		isNow         func(network.Inspect) bool
	}{
		"internal": {"{}", "{internal: true}", []string{`networks.front.internal: false -> true`},
			func(n network.Inspect) bool { return n.Internal }},
		"labels": {"{labels: {color: red}}", "{labels: {color: blue}}", []string{`networks.front.spec.labels.color: "red" -> "blue"`},
			func(n network.Inspect) bool { return n.Labels["color"] == "blue" }},
		"driver_opts": {"{}", `{driver_opts: {com.docker.network.driver.mtu: "1400"}}`,
			[]string{`networks.front.spec.driver_opts.com.docker.network.driver.mtu: ` + acctest.Absent + ` -> "1400"`},
			func(n network.Inspect) bool { return n.Options["com.docker.network.driver.mtu"] == "1400" }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := &witness{b: b}
			config := func(front string) string { return b.config(fmt.Sprintf(networked, front), showAll) }
			want := append([]string{"compose", `services.api.state: "running" -> ` + acctest.Unknown,
				`services.web.state: "running" -> ` + acctest.Unknown}, c.plan...)
			b.test(
				b.step(config(c.before), holds(func() error { w.look(); return nil })),
				expecting(b.step(config(c.after), w.onlyTouched("api/1", "web/1"), holds(func() error {
					n, err := b.engine.NetworkInspect(t.Context(), b.name+"_front", network.InspectOptions{})
					if err != nil || !c.isNow(n) || len(n.Containers) != 2 {
						return fmt.Errorf("the network is %+v (%w)", n, err)
					}
					return nil
				})), plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), acctest.ExpectDifferences(address, want...)),
			)
		})
	}
}

func TestAccStack_NetworkNoLongerDeclared_IsRemoved(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	const alone = `
services:
  web: {image: "homelab.test/app:1", networks: [back]}
  db: {image: "homelab.test/app:1", networks: [back]}
networks:
  back: {}
`
	const both = `
services:
  web: {image: "homelab.test/app:1", networks: [front, back]}
  db: {image: "homelab.test/app:1", networks: [back]}
networks:
  front: {}
  back: {}
`
	b.test(
		b.step(b.config(both), holds(func() error { w.look(); return nil })),
		b.step(b.config(alone), w.onlyTouched("web/1"), holds(func() error {
			if _, err := b.engine.NetworkInspect(t.Context(), b.name+"_front", network.InspectOptions{}); err == nil {
				return fmt.Errorf("network %s_front is still there", b.name)
			}
			return nil
		})),
	)
}

func TestAccStack_FixedAddress_IsGivenAndStays(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  web: {image: "homelab.test/app:1", networks: {lan: {ipv4_address: 10.213.7.20, aliases: [portal]}}}
networks:
  lan: {ipam: {config: [{subnet: 10.213.7.0/24}]}}
`)
	b.test(
		b.step(config, holds(func() error {
			if got := b.container("web").NetworkSettings.Networks[b.name+"_lan"].IPAddress; got != "10.213.7.20" {
				return fmt.Errorf("web has the address %s", got)
			}
			return nil
		})),
		unchanged(config),
	)
}
