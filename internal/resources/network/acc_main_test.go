package network_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/client"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// The node's engine chooses subnets from those of its usual ranges that no test names:
// what it chose for another network, or for a swarm's bridge, must not be in their way.
func TestMain(m *testing.M) {
	labtest.MainWith(m, lab.Options{DockerdArgs: []string{
		"--default-address-pool", "base=172.28.0.0/14,size=16", "--default-address-pool", "base=192.168.128.0/17,size=20",
	}})
}

const address = "homelab_network.test"

// bench is one test's network on the shared engine.
type bench struct {
	testing.TB
	engine *client.Client
	host   string
	name   string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run with %s=1", resource.EnvTfAcc)
	}
	b := &bench{TB: t, engine: labtest.Engine(t), host: labtest.Host(t), name: acctest.Name(t)}
	t.Cleanup(b.sweep)
	return b
}

// sweep removes the test's containers and networks.
func (b *bench) sweep() {
	ctx := b.Context()
	containers, _ := b.engine.ContainerList(ctx, container.ListOptions{All: true})
	for _, c := range containers {
		if strings.Contains(strings.Join(c.Names, " "), b.name) {
			_ = b.engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true})
		}
	}
	networks, _ := b.engine.NetworkList(ctx, network.ListOptions{})
	for _, n := range networks {
		if strings.HasPrefix(n.Name, b.name) {
			_ = b.engine.NetworkRemove(ctx, n.ID)
		}
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// config is the network with the given attributes; NAME in them is its name.
func (b *bench) config(attributes string) string {
	return acctest.Provider(b.host) + strings.ReplaceAll(fmt.Sprintf("resource \"homelab_network\" \"test\" {\n  name = \"NAME\"\n%s\n}\n", attributes), "NAME", b.name)
}

// inspect is the network as the engine has it.
func (b *bench) inspect(name string) network.Inspect {
	b.Helper()
	n, err := b.engine.NetworkInspect(b.Context(), name, network.InspectOptions{})
	b.must(err)
	return n
}

// run starts a container on the network, which is labelled as a service of a stack
// if one is given.
func (b *bench) run(suffix, project string, endpoint *network.EndpointSettings) string {
	b.Helper()
	config := &container.Config{Image: "homelab.test/app:1", Labels: map[string]string{}}
	if project != "" {
		config.Labels["com.docker.compose.project"], config.Labels["com.docker.compose.service"] = project, suffix
	}
	created, err := b.engine.ContainerCreate(b.Context(), config, nil,
		&network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{b.name: endpoint}}, nil, b.name+"-"+suffix)
	b.must(err)
	b.must(b.engine.ContainerStart(b.Context(), created.ID, container.StartOptions{}))
	return created.ID
}

func (b *bench) test(steps ...resource.TestStep) {
	b.Helper()
	resource.Test(b.TB.(*testing.T), resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
}

// expecting is a step whose plan must be so.
func expecting(config string, checks ...plancheck.PlanCheck) resource.TestStep {
	return resource.TestStep{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: checks}}
}

// unchanged is a step that plans nothing.
func unchanged(config string) resource.TestStep {
	return expecting(config, plancheck.ExpectEmptyPlan())
}

// holds checks anything once a step is applied.
func holds(check func() error) statecheck.StateCheck {
	return acctest.StateCheck(func(*tfjson.State) error { return check() })
}

// after adds checks to a step.
func after(step resource.TestStep, checks ...statecheck.StateCheck) resource.TestStep {
	step.ConfigStateChecks = slices.Concat(step.ConfigStateChecks, checks)
	return step
}

// before has something happen before a step.
func before(step resource.TestStep, event func()) resource.TestStep {
	step.PreConfig = event
	return step
}

// apiVersion is what the engine and the client agree on.
func (b *bench) apiVersion() string {
	b.Helper()
	b.engine.NegotiateAPIVersion(b.Context())
	return b.engine.ClientVersion()
}

// initSwarm makes the node the manager of a swarm until the test ends.
func (b *bench) initSwarm() {
	b.Helper()
	_, err := b.engine.SwarmInit(b.Context(), swarm.InitRequest{ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1"})
	b.must(err)
	b.Cleanup(func() { b.must(b.engine.SwarmLeave(context.WithoutCancel(b.Context()), true)) })
}

// remove removes the container that run started.
func (b *bench) remove(suffix string) error {
	return b.engine.ContainerRemove(b.Context(), b.name+"-"+suffix, container.RemoveOptions{Force: true})
}

// words are a text's without Terraform's frames and line breaks.
func words(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", "")), " ")
}

// says matches an error that has a text, wherever Terraform breaks it.
func says(text string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(text), " ", `\s+`))
}

func (b *bench) removeByHand() {
	b.Helper()
	b.must(b.engine.NetworkRemove(b.Context(), b.name))
}

// remakeByHand makes the network as nobody asked for it.
func (b *bench) remakeByHand() {
	b.Helper()
	b.removeByHand()
	_, err := b.engine.NetworkCreate(b.Context(), b.name, network.CreateOptions{Labels: map[string]string{"by": "hand"},
		Options: map[string]string{"com.docker.network.bridge.enable_icc": "false"}})
	b.must(err)
}
