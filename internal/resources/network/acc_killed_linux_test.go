package network_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// killed are the points at which a replacement is cut off, and who is killed there.
// Five containers are on the network. A provider whose Terraform was killed puts
// everything back, if it lives long enough.
var killed = []struct {
	name  string
	point acctest.Point
	kill  func(*testing.T, *acctest.Process)
	off   int // how many are off the network then; -1: any
}{
	{"before the first is taken off", acctest.Point{Method: "POST", Path: disconnect}, both, 0},
	{"after the second was taken off", acctest.Point{Method: "POST", Path: disconnect, Nth: 2, After: true}, providerOnly, 2},
	{"after the network was removed", acctest.Point{Method: "DELETE", Path: removal, After: true}, both, 5},
	{"before it is made", acctest.Point{Method: "POST", Path: creation, Nth: 2}, terraformOnly, -1},
	{"after it was made", acctest.Point{Method: "POST", Path: creation, Nth: 2, After: true}, providerOnly, 5},
	{"before the third is attached", acctest.Point{Method: "POST", Path: connect, Nth: 3}, both, 3},
	{"after the last was attached", acctest.Point{Method: "POST", Path: connect, Nth: 5, After: true}, both, 0},
}

// The requests of a replacement.
const (
	disconnect = `/networks/[^/]+/disconnect$`
	connect    = `/networks/[^/]+/connect$`
	creation   = `/networks/create$`
	removal    = `/networks/`
)

func both(_ *testing.T, p *acctest.Process)          { p.Kill() }
func providerOnly(t *testing.T, p *acctest.Process)  { p.KillProvider(t) }
func terraformOnly(_ *testing.T, p *acctest.Process) { p.KillTerraform() }

// orphanLimit is how long a provider may go on whose Terraform was killed.
const orphanLimit = 5 * time.Minute

// TestAccNetwork_ReplacementKilled kills Terraform, the provider or both in the
// middle of a replacement: the next plan names who is off the network, be it a
// stack's container or nobody's, running or stopped, and the next apply brings all
// back as they were, none of them recreated.
func TestAccNetwork_ReplacementKilled_NextApplyBringsEveryContainerBack(t *testing.T) {
	for i, at := range killed {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			k := &killing{bench: b, CLI: acctest.NewCLI(t), subnet: fmt.Sprintf("10.215.%d", i)}
			k.configure(t, b.host, "")
			k.Apply(t)
			were := k.others(t)
			gate := acctest.Hold(t, b.host, at.point)
			k.configure(t, gate.Host, "mtu = 1400")
			k.cutOff(t, gate, at.kill)
			off := k.off(were)
			if at.off >= 0 && len(off) != at.off {
				t.Errorf("%v are off the network, and should be %d", off, at.off)
			}
			k.configure(t, b.host, "mtu = 1400")
			planned := k.Must(t, []string{"plan", "-no-color", "-detailed-exitcode", "-out=next"}, 2).Stdout
			for _, name := range off {
				if !strings.Contains(planned, strings.TrimPrefix(name, "/")) {
					t.Errorf("%s is off the network, and the plan does not name it:\n%s", name, planned)
				}
			}
			k.Must(t, []string{"apply", "-no-color", "next"})
			if err := same(were, b.lives()); err != nil {
				t.Errorf("with %v off the network before:\n%v", off, err)
			}
			if n := b.inspect(b.name); n.Options["com.docker.network.driver.mtu"] != "1400" {
				t.Errorf("the network is %+v", n)
			}
			k.RequireEmptyPlan(t)
			k.requireNoNotes(t)
		})
	}
}

// killing is a network with a stack's containers on it and others.
type killing struct {
	*bench
	*acctest.CLI
	subnet string
}

const twoServices = `
resource "homelab_stack" "two" {
  name    = "NAME-two"
  compose = yamlencode({
    services = {
      web   = { image = "homelab.test/app:1", networks = { lan = { ipv4_address = "SUBNET.50", aliases = ["portal"] } } }
      cache = { image = "homelab.test/app:1", networks = { lan = { aliases = ["store"] } } }
    }
    networks = { lan = { external = true, name = homelab_network.test.name } }
  })
}
`

func (k *killing) configure(t *testing.T, host, attributes string) {
	t.Helper()
	lan := fmt.Sprintf("resource \"homelab_network\" \"test\" {\n  name = \"NAME\"\n  ipam = [{ subnet = \"SUBNET.0/24\" }]\n%s\n}\n", attributes)
	k.Write(t, "main.tf", acctest.Provider(host)+strings.NewReplacer("NAME", k.name, "SUBNET", k.subnet).Replace(lan+twoServices))
}

// others puts containers on the network that are of no stack, two that run and one
// that is stopped, and returns how all are.
func (k *killing) others(t *testing.T) map[string]life {
	t.Helper()
	fixed := func(host string) *network.EndpointIPAMConfig {
		return &network.EndpointIPAMConfig{IPv4Address: k.subnet + host}
	}
	k.run("stray", "", &network.EndpointSettings{Aliases: []string{"stray.home"}, IPAMConfig: fixed(".77")})
	k.run("free", "", &network.EndpointSettings{Aliases: []string{"free.home"}, IPAMConfig: fixed(".78")})
	stopped := k.run("stopped", "", &network.EndpointSettings{Aliases: []string{"sleeper"}})
	none := 0
	k.must(k.engine.ContainerStop(k.Context(), stopped, container.StopOptions{Timeout: &none}))
	return k.lives()
}

// cutOff applies what replaces the network and kills it at the gate.
func (k *killing) cutOff(t *testing.T, gate *acctest.Gate, kill func(*testing.T, *acctest.Process)) {
	t.Helper()
	apply := k.Start(t, "apply", "-no-color", "-auto-approve")
	select {
	case <-gate.Reached:
	case <-apply.Done():
		r := apply.Wait(t)
		t.Fatalf("the apply ended, with code %d, before it got to the gate:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	kill(t, apply)
	gate.Open()
	apply.Wait(t)
	if err := apply.WaitProvider(t, orphanLimit); err != nil {
		t.Error(err)
	}
}

// off are the containers that are not on the network any more, sorted.
func (k *killing) off(were map[string]life) []string {
	k.Helper()
	now := k.lives()
	var names []string
	for name := range were {
		if now[name].Endpoint == "not on the network" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// requireNoNotes requires that nothing is left of what was noted.
func (k *killing) requireNoNotes(t *testing.T) {
	t.Helper()
	list, err := k.engine.NetworkList(k.Context(), network.ListOptions{})
	k.must(err)
	for _, n := range list {
		if strings.HasPrefix(n.Name, k.name+".") {
			t.Errorf("%s is left: %v", n.Name, n.Labels)
		}
	}
}
