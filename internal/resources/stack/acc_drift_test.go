package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// remove takes a service's first container away.
func (b *bench) remove(service string) {
	b.Helper()
	b.must(b.engine.ContainerRemove(b.Context(), b.container(service).ID, container.RemoveOptions{Force: true}))
}

// stop stops a service's first container.
func (b *bench) stop(service string) {
	b.Helper()
	now := 0
	b.must(b.engine.ContainerStop(b.Context(), b.container(service).ID, container.StopOptions{Timeout: &now}))
}

// remake makes a service's first container again as someone would by hand, in
// another way than the document says.
func (b *bench) remake(service string, edit func(*container.Config, *container.HostConfig)) {
	b.Helper()
	b.must(b.engine.ContainerStart(b.Context(), b.makeOnly(service, edit), container.StartOptions{}))
}

// makeOnly does the same and does not start it.
func (b *bench) makeOnly(service string, edit func(*container.Config, *container.HostConfig)) string {
	b.Helper()
	old := b.container(service)
	b.must(b.engine.ContainerRemove(b.Context(), old.ID, container.RemoveOptions{Force: true}))
	edit(old.Config, old.HostConfig)
	if old.Config.Hostname == old.ID[:12] {
		old.Config.Hostname = ""
	}
	endpoints := map[string]*network.EndpointSettings{}
	for name, e := range old.NetworkSettings.Networks {
		endpoints[name] = &network.EndpointSettings{Aliases: slices.DeleteFunc(e.Aliases, func(a string) bool { return a == old.ID[:12] })}
	}
	made, err := b.engine.ContainerCreate(b.Context(), old.Config, old.HostConfig, &network.NetworkingConfig{EndpointsConfig: endpoints}, nil, old.Name)
	b.must(err)
	return made.ID
}

// setEnvironment changes a variable in a container's configuration.
func setEnvironment(key, value string) func(*container.Config, *container.HostConfig) {
	return func(c *container.Config, _ *container.HostConfig) {
		c.Env = append(slices.DeleteFunc(c.Env, func(pair string) bool { return strings.HasPrefix(pair, key+"=") }), key+"="+value)
	}
}

func TestAccStack_FourOfTwentyChangedByHand_PlansAndRepairsExactlyThose(t *testing.T) {
	b := newBench(t)
	var compose strings.Builder
	compose.WriteString("services:\n")
	for i := 1; i <= 20; i++ {
		fmt.Fprintf(&compose, "  s%02d: {image: \"homelab.test/app:1\", command: [sleep], environment: {ROLE: worker}}\n", i)
	}
	config := b.config(compose.String(), showAll)
	var before map[string]string
	b.test(
		b.step(config),
		after(func() {
			before = b.lives()
			b.remove("s03")
			b.remove("s11")
			b.stop("s07")
			b.remake("s19", setEnvironment("ROLE", "boss"))
		}, expecting(b.step(config,
			holds(func() error { return expectContinuity(before, b.lives(), "s03/1", "s07/1", "s11/1", "s19/1") }),
			holds(func() error { return b.sameContainer(before, "s07/1") })),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			acctest.ExpectDifferences(address,
				`services.s03.state: "missing" -> "running"`, `services.s03.replicas: 0 -> 1`,
				`services.s11.state: "missing" -> "running"`, `services.s11.replicas: 0 -> 1`,
				`services.s07.state: "exited" -> "running"`,
				`services.s19.spec.environment.ROLE: "boss" -> "worker"`))),
	)
}

// sameContainer reports that a container, though it may have been restarted, is
// the one from before.
func (b *bench) sameContainer(before map[string]string, key string) error {
	now := b.lives()[key]
	if id, _, _ := strings.Cut(before[key], " "); !strings.HasPrefix(now, id) {
		return fmt.Errorf("%s is %s and was %s: it was recreated", key, now, before[key])
	}
	return nil
}

// drift is one thing done by hand to a stack, and what the plan says then.
type drift struct {
	name    string
	compose string       // empty: driftServices
	before  func(*bench) // what has to be there first
	byHand  func(*bench)
	plan    []string
	touched []string // containers that start again or are others
	kept    bool     // they are repaired as they are, not recreated
	left    bool     // what was left by hand is kept, not recreated
}

const driftServices = `
services:
  web: {image: "homelab.test/app:1", networks: [front, back], mem_limit: 64m, volumes: [data:/data]}
  db: {image: "homelab.test/app:1", networks: [back]}
networks:
  front: {}
  back: {}
volumes:
  data: {}
`

var drifts = []drift{
	{name: "removed container", byHand: func(b *bench) { b.remove("web") },
		plan:    []string{`services.web.state: "missing" -> "running"`, `services.web.replicas: 0 -> 1`},
		touched: []string{"web/1"}},
	{name: "stopped container", byHand: func(b *bench) { b.stop("web") },
		plan: []string{`services.web.state: "exited" -> "running"`}, touched: []string{"web/1"}, kept: true},
	{name: "paused container", byHand: func(b *bench) { b.must(b.engine.ContainerPause(b.Context(), b.container("web").ID)) },
		plan: []string{`services.web.state: "paused" -> "running"`}, kept: true},
	{name: "added environment variable", byHand: func(b *bench) { b.remake("db", setEnvironment("DEBUG", "1")) },
		plan:    []string{`services.db.spec.environment.DEBUG: "set outside Terraform" -> (absent)`},
		touched: []string{"db/1"}},
	{name: "disconnected network", byHand: func(b *bench) {
		b.must(b.engine.NetworkDisconnect(b.Context(), b.name+"_front", b.container("web").ID, true))
	}, plan: []string{`services.web.spec.networks.` + netName("front") + `: (absent) -> "attached"`,
		`services.web.spec.networks.` + netName("front") + `.aliases: (absent) -> "web"`}, kept: true},
	{name: "deleted network", byHand: func(b *bench) {
		b.must(b.engine.NetworkDisconnect(b.Context(), b.name+"_front", b.container("web").ID, true))
		b.must(b.engine.NetworkRemove(b.Context(), b.name+"_front"))
	}, plan: []string{`networks.front.driver: (absent) -> "bridge"`, `networks.front.internal: (absent) -> false`,
		`networks.front.name: (absent) -> "` + netName("front") + `"`,
		`services.web.spec.networks.` + netName("front") + `: (absent) -> "attached"`,
		`services.web.spec.networks.` + netName("front") + `.aliases: (absent) -> "web"`}, kept: true},
	{name: "deleted volume", byHand: func(b *bench) {
		b.remove("web")
		b.must(b.engine.VolumeRemove(b.Context(), b.name+"_data", false))
	}, plan: []string{`volumes.data.driver: (absent) -> "local"`, `volumes.data.name: (absent) -> "` + netName("data") + `"`,
		`services.web.state: "missing" -> "running"`, `services.web.replicas: 0 -> 1`}, touched: []string{"web/1"}},
	{name: "renamed container", byHand: func(b *bench) {
		b.must(b.engine.ContainerRename(b.Context(), b.container("web").ID, b.name+"-elsewhere"))
	}, plan: []string{`services.web.spec.container_name: "STACK-elsewhere" -> (absent)`}, kept: true},
	{name: "extra container", byHand: func(b *bench) {
		extra := b.container("db")
		labels := maps.Clone(extra.Config.Labels)
		labels[desired.LabelNumber] = "7"
		endpoints := map[string]*network.EndpointSettings{b.name + "_back": {Aliases: []string{"db"}}}
		_, err := b.engine.ContainerCreate(b.Context(), &container.Config{Image: extra.Config.Image, Labels: labels},
			&container.HostConfig{NetworkMode: extra.HostConfig.NetworkMode}, &network.NetworkingConfig{EndpointsConfig: endpoints}, nil, b.name+"-extra")
		b.must(err)
	}, plan: []string{`services.db.replicas: 2 -> 1`, `services.db.state: "created" -> "running"`,
		`services.db.spec.container_name: "STACK-extra" -> (absent)`}, touched: []string{"db/7"}},
	{name: "docker update of memory", byHand: func(b *bench) {
		_, err := b.engine.ContainerUpdate(b.Context(), b.container("web").ID, container.UpdateConfig{Resources: container.Resources{
			Memory: 128 << 20, MemorySwap: 256 << 20}})
		b.must(err)
	}, plan: []string{`services.web.spec.deploy.resources.limits.memory: "134217728" -> "67108864"`}, kept: true},
}

// netName is replaced by the engine's name of a network or volume of the stack.
func netName(key string) string { return "STACK_" + key }

func TestAccStack_Drift_IsPlannedByFieldAndRepaired(t *testing.T) {
	for _, d := range slices.Concat(drifts, repairs) {
		t.Run(d.name, func(t *testing.T) {
			b := newBench(t)
			if d.compose == "" {
				d.compose = driftServices
			}
			d.compose = strings.ReplaceAll(d.compose, "STACK", b.name)
			if d.before != nil {
				d.before(b)
			}
			app, err := b.engine.ImageInspect(b.Context(), images.AppV1)
			b.must(err)
			var want []string
			for _, line := range d.plan {
				want = append(want, strings.NewReplacer("STACK", b.name, "IMAGE", app.ID).Replace(line))
			}
			config := b.config(d.compose)
			var before, meddled map[string]string
			b.test(
				b.step(config),
				after(func() {
					before = b.lives()
					d.byHand(b)
					meddled = b.lives()
				}, expecting(b.step(config, holds(func() error {
					now := b.lives()
					for key := range before {
						if d.kept {
							if err := b.sameContainer(before, key); err != nil {
								return err
							}
						}
					}
					for _, key := range d.touched {
						if d.left {
							if err := b.sameContainer(meddled, key); err != nil {
								return err
							}
						}
					}
					return expectContinuity(meddled, now, d.touched...)
				})), plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), acctest.ExpectDifferences(address, want...))),
			)
		})
	}
}

func TestAccStack_DeletedOutsideTerraform_IsCreatedAgain(t *testing.T) {
	b := newBench(t)
	config := b.config(threeServices)
	b.test(
		b.step(config),
		after(func() {
			b.must(sweep(b.Context(), b.engine, func(stack, _ string) bool { return stack == b.name }))
		}, expecting(b.step(config, holds(func() error {
			if got := len(b.containers()); got != 3 {
				return fmt.Errorf("there are %d containers, want 3", got)
			}
			return nil
		})), plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate))),
	)
}

// ended is how a step that plans a change and fails leaves state: the services as
// the plan has them before the change.
func ended(check func(map[string]acctest.Service) error) acctest.PlanCheck {
	return func(plan *tfjson.Plan) error {
		change, err := acctest.Change(plan, address)
		if err != nil {
			return err
		}
		services, err := acctest.Services(change.Before)
		if err != nil {
			return err
		}
		return check(services)
	}
}
