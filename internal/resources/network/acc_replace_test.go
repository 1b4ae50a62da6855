package network_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// five services are on the network: with a fixed address, aliases, a second
// network, a published port, and none of these.
const five = `
resource "homelab_stack" "five" {
  name    = "NAME-five"
  compose = yamlencode({
    services = {
      web   = { image = "homelab.test/app:1", ports = ["127.0.0.1::8080"], networks = { lan = { ipv4_address = "10.211.1.50", aliases = ["portal"] }, own = {} } }
      api   = { image = "homelab.test/app:1", networks = { lan = { aliases = ["api.home", "backend"] } } }
      db    = { image = "homelab.test/app:1", networks = { lan = { ipv4_address = "10.211.1.53" } } }
      cache = { image = "homelab.test/app:1", networks = { lan = {} } }
      queue = { image = "homelab.test/app:1", networks = { lan = {} } }
    }
    networks = { lan = { external = true, name = homelab_network.test.name }, own = {} }
  })
}
`

// life is what must not change of a container: which it is, since when it runs, and
// how it is on the network.
type life struct{ ID, Started, Endpoint string }

// lives looks at the containers on the network, running or not, by name.
func (b *bench) lives() map[string]life {
	b.Helper()
	out := map[string]life{}
	list, err := b.engine.ContainerList(b.Context(), container.ListOptions{All: true})
	b.must(err)
	for _, summary := range list {
		if !strings.Contains(strings.Join(summary.Names, " "), b.name) {
			continue
		}
		c, err := b.engine.ContainerInspect(b.Context(), summary.ID)
		b.must(err)
		e := c.NetworkSettings.Networks[b.name]
		if e == nil {
			out[c.Name] = life{ID: c.ID, Started: c.State.StartedAt, Endpoint: "not on the network"}
			continue
		}
		fixed := ""
		if e.IPAMConfig != nil {
			fixed = e.IPAMConfig.IPv4Address
		}
		aliases := slices.Clone(e.Aliases)
		slices.Sort(aliases)
		out[c.Name] = life{ID: c.ID, Started: c.State.StartedAt, Endpoint: fmt.Sprintf("%s fixed=%s %v", e.IPAddress, fixed, aliases)}
	}
	return out
}

// same says which containers are not as they were.
func same(before, now map[string]life) error {
	for name, was := range before {
		if now[name] != was {
			return fmt.Errorf("%s was\n%+v and is\n%+v", name, was, now[name])
		}
	}
	if len(before) != len(now) || len(now) == 0 {
		return fmt.Errorf("%d containers were there, and now %d", len(before), len(now))
	}
	return nil
}

// TestAccNetwork_ReplacedUnderAStack covers the way out and back: five services, a
// container of nobody's and a stopped one keep their identity, aliases and
// addresses, also when the engine refuses the new network.
func TestAccNetwork_ReplacedUnderAStack_ContainersStayAndComeBackAsTheyWere(t *testing.T) {
	b := newBench(t)
	with := func(attributes string) string {
		return b.config("ipam = [{ subnet = \"10.211.1.0/24\" }]\n"+attributes) + strings.ReplaceAll(five, "NAME", b.name)
	}
	var were map[string]life
	others := func() {
		b.run("nobodys", "", &network.EndpointSettings{Aliases: []string{"stray"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.211.1.77"}})
		stopped := b.run("stopped", "", &network.EndpointSettings{Aliases: []string{"sleeper"}})
		none := 0
		b.must(b.engine.ContainerStop(b.Context(), stopped, container.StopOptions{Timeout: &none}))
		were = b.lives()
	}
	quiet := plancheck.ExpectResourceAction("homelab_stack.five", plancheck.ResourceActionNoop)
	var names []any
	for _, name := range []string{"-five-api-1", "-five-cache-1", "-five-db-1", "-five-queue-1", "-five-web-1", "-nobodys", "-stopped"} {
		names = append(names, b.name+name)
	}
	listed := acctest.PlanCheck(func(plan *tfjson.Plan) error {
		change, err := acctest.Change(plan, address)
		if err != nil {
			return err
		}
		if got := change.After.(map[string]any)["reattached"]; !reflect.DeepEqual(got, names) {
			return fmt.Errorf("the plan names %v as reattached, and should %v", got, names)
		}
		return nil
	})
	b.test(
		resource.TestStep{Config: with("")},
		after(before(expecting(with("mtu = 1400"), plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), quiet, listed), others),
			holds(func() error { return same(were, b.lives()) }),
			holds(func() error { return b.engine.ContainerStart(b.Context(), b.name+"-stopped", container.StartOptions{}) }),
			holds(func() error { were = b.lives(); return nil })),
		unchanged(with("mtu = 1400")),
		// eth0 is no bridge: the engine refuses, and everything is put back.
		resource.TestStep{Config: with("mtu = 1400\ninterface_name = \"eth0\""), ExpectError: regexp.MustCompile(`(?s)interface\s+of\s+this\s+name\s+that\s+is\s+not\s+a\s+bridge.*were\s+rolled\s+back`)},
		after(unchanged(with("mtu = 1400")), holds(func() error { return same(were, b.lives()) })),
		resource.TestStep{Config: acctest.Provider(b.host) + strings.NewReplacer("homelab_network.test.name", "\""+b.name+"\"", "NAME", b.name).Replace(five),
			ExpectError: regexp.MustCompile(`(?s)still\s+has\s+containers\s+attached\s+to\s+it`)},
		before(resource.TestStep{Config: with("mtu = 1400")}, func() {
			for _, name := range []string{"-nobodys", "-stopped"} {
				b.must(b.engine.ContainerRemove(b.Context(), b.name+name, container.RemoveOptions{Force: true}))
			}
		}),
	)
}

// TestAccNetwork_Compose has Docker Compose use the network as its external one.
func TestAccNetwork_Made_IsAnExternalNetworkToDockerCompose(t *testing.T) {
	b := newBench(t)
	file := t.TempDir() + "/compose.yaml"
	document := strings.ReplaceAll(`
services:
  web: {image: "homelab.test/app:1", container_name: NAME-web, networks: [lan]}
networks:
  lan: {external: true, name: NAME}
`, "NAME", b.name)
	b.must(os.WriteFile(file, []byte(document), 0o600))
	compose := func(args ...string) error {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "../../tools/tool.sh", "compose")
		path, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("find compose: %w", err)
		}
		up := exec.CommandContext(context.WithoutCancel(t.Context()), strings.TrimSpace(string(path)), append([]string{"-f", file, "-p", b.name}, args...)...) //nolint:gosec // the pinned tool
		up.Env = append(os.Environ(), "DOCKER_HOST="+b.host)
		out, err := up.CombinedOutput()
		if err != nil {
			return fmt.Errorf("compose %v: %w: %s", args, err, out)
		}
		return nil
	}
	b.test(resource.TestStep{Config: b.config("")},
		after(unchanged(b.config("")), holds(func() error { return compose("up", "-d") }), holds(func() error {
			if _, on := b.lives()["/"+b.name+"-web"]; !on {
				return fmt.Errorf("nothing runs on the network: %v", b.lives())
			}
			return compose("down")
		})))
}
