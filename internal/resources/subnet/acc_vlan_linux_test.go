package subnet_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

// reachable is how long containers have to find each other. What runs in a guest
// is slow, and a new interface waits for its neighbours.
const reachable = 2 * time.Minute

// vlanCase is a kind of subnet.
type vlanCase struct {
	driver, mode string
	vlan         int
}

// TestAccVLAN is the promise: two nodes on one wire, one apply, and every frame
// of their containers carries the tag.
func TestAccVLAN_TwoNodesOnOneWire_FramesAreTaggedAndGoneWithTheSubnet(t *testing.T) {
	guests := labtest.Guests(t, 2)
	for _, c := range []vlanCase{{"macvlan", "bridge", 20}, {"ipvlan", "l2", 30}} {
		t.Run(c.driver, func(t *testing.T) { c.test(t, guests) })
	}
	t.Run("other modes", func(t *testing.T) { testModes(t, guests) })
}

// testModes makes the subnets of all other modes at once, each on a VLAN of its own.
func testModes(t *testing.T, guests []*uml.Guest) {
	cli := acctest.NewCLI(t)
	name := acctest.Name(t)
	config := providerOf(guests)
	cases := []vlanCase{{"macvlan", "private", 40}, {"macvlan", "vepa", 41}, {"ipvlan", "l3", 50}}
	if engine := labtest.Client(t, guests[0].Host); !versions.LessThan(apiVersion(t, engine), "1.42") {
		cases = append(cases, vlanCase{"ipvlan", "l3s", 51})
	}
	for _, c := range cases {
		config += strings.Replace(c.subnet(name+"-"+c.mode, guests), `"lan"`, fmt.Sprintf("%q", c.mode), 1)
	}
	cli.Write(t, "main.tf", config)
	cli.Apply(t)
	for _, g := range guests {
		engine := labtest.Client(t, g.Host)
		for _, c := range cases {
			c.requireLink(t, g)
			n, err := engine.NetworkInspect(t.Context(), name+"-"+c.mode, network.InspectOptions{})
			if err != nil || n.Driver != c.driver || n.Options[c.driver+"_mode"] != c.mode {
				t.Errorf("%s on %s: %+v, %v", c.mode, g.Name, n, err)
			}
		}
	}
	cli.RequireEmptyPlan(t)
	cli.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	for _, g := range guests {
		for _, c := range cases {
			c.requireNoLink(t, g)
		}
	}
}

func apiVersion(t *testing.T, engine *client.Client) string {
	t.Helper()
	engine.NegotiateAPIVersion(t.Context())
	return engine.ClientVersion()
}

// link is the sub-interface that the engine makes.
func (c vlanCase) link() string { return fmt.Sprintf("eth0.%d", c.vlan) }

func (c vlanCase) requireLink(t *testing.T, g *uml.Guest) {
	t.Helper()
	if details := onGuest(t, g, "ip", "-d", "link", "show", c.link()); !strings.Contains(details, fmt.Sprintf("vlan protocol 802.1Q id %d ", c.vlan)) {
		t.Errorf("%s on %s is not on VLAN %d:\n%s", c.link(), g.Name, c.vlan, details)
	}
}

func (c vlanCase) requireNoLink(t *testing.T, g *uml.Guest) {
	t.Helper()
	if links := onGuest(t, g, "ip", "-o", "link"); strings.Contains(links, c.link()) {
		t.Errorf("%s is left on %s:\n%s", c.link(), g.Name, links)
	}
}

func (c vlanCase) test(t *testing.T, guests []*uml.Guest) {
	cli := acctest.NewCLI(t)
	name := acctest.Name(t)
	cli.Write(t, "main.tf", providerOf(guests)+c.subnet(name, guests)+stacks(name, images.AppV1))
	captures := map[string]*uml.Capture{}
	for _, g := range guests {
		capture, err := g.Capture()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = capture.Stop() })
		captures[g.Name] = capture
	}
	cli.Apply(t)
	t.Cleanup(func() {
		if t.Failed() {
			cli.Run(t, "destroy", "-no-color", "-auto-approve")
		}
	})
	ends := map[string]end{}
	for _, g := range guests {
		ends[g.Name] = endOf(t, g, name)
		c.requireLink(t, g)
	}
	requireDisjoint(t, ends)
	for _, from := range guests {
		for _, to := range guests {
			if from != to {
				requireReaches(t, ends[from.Name], ends[to.Name])
			}
		}
	}
	for _, g := range guests {
		frames, err := captures[g.Name].Stop()
		if err != nil {
			t.Fatal(err)
		}
		requireTagged(t, frames, ends, c)
	}
	cli.RequireEmptyPlan(t)
	cli.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	for _, g := range guests {
		c.requireNoLink(t, g)
	}
}

func (c vlanCase) subnet(name string, guests []*uml.Guest) string {
	var attachments []string
	for _, g := range guests {
		attachments = append(attachments, g.Name+` = { parent = "eth0" }`)
	}
	return fmt.Sprintf(`
resource "homelab_subnet" "lan" {
  name        = %q
  vlan_id     = %d
  cidr        = "192.168.%d.0/24"
  gateway     = "192.168.%d.1"
  reserved    = ["192.168.%d.100-192.168.%d.199"]
  driver      = %q
  mode        = %q
  attachments = { %s }
}
`, name, c.vlan, c.vlan, c.vlan, c.vlan, c.vlan, c.driver, c.mode, strings.Join(attachments, ", "))
}

// providerOf is a provider block with the guests as nodes.
func providerOf(guests []*uml.Guest) string {
	var nodes []string
	for _, g := range guests {
		nodes = append(nodes, fmt.Sprintf("%s = { host = %q }", g.Name, g.Host))
	}
	return fmt.Sprintf("provider \"homelab\" {\n  nodes = { %s }\n}\n", strings.Join(nodes, ", "))
}

// stacks puts one container on each node's network.
func stacks(name, image string) string {
	return fmt.Sprintf(`
resource "homelab_stack" "app" {
  for_each = homelab_subnet.lan.networks
  name     = %q
  node     = each.key
  pull     = "never"
  compose = yamlencode({
    services = { app = { image = %q, networks = ["lan"] } }
    networks = { lan = { external = true, name = each.value.name } }
  })
}
`, name, image)
}

// end is a container on the VLAN.
type end struct {
	engine  *client.Client
	id      string
	address netip.Addr
	part    netip.Prefix // its node's range
	mac     string
}

func endOf(t *testing.T, g *uml.Guest, name string) end {
	t.Helper()
	engine := labtest.Client(t, g.Host)
	list, err := engine.ContainerList(t.Context(), container.ListOptions{})
	if err != nil || len(list) != 1 {
		t.Fatalf("list containers of %s: %d, %v", g.Name, len(list), err)
	}
	endpoint := list[0].NetworkSettings.Networks[name]
	if endpoint == nil {
		t.Fatalf("the container of %s is not on %s", g.Name, name)
	}
	n, err := engine.NetworkInspect(t.Context(), name, network.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mac := endpoint.MacAddress
	if mac == "" { // ipvlan: all containers have the interface's
		mac = strings.TrimSpace(onGuest(t, g, "cat", "/sys/class/net/eth0/address"))
	}
	return end{engine, list[0].ID, netip.MustParseAddr(endpoint.IPAddress), netip.MustParsePrefix(n.IPAM.Config[0].IPRange), mac}
}

// requireDisjoint requires that each container has an address of its node's range,
// and that no two ranges share any.
func requireDisjoint(t *testing.T, ends map[string]end) {
	t.Helper()
	for node, one := range ends {
		if !one.part.Contains(one.address) {
			t.Errorf("%s has the address %s, which is not of its range %s", node, one.address, one.part)
		}
		for other, another := range ends {
			if other != node && one.part.Overlaps(another.part) {
				t.Errorf("%s and %s have the ranges %s and %s", node, other, one.part, another.part)
			}
		}
	}
}

// requireReaches requires that one container gets an answer of another one's
// server.
func requireReaches(t *testing.T, from, to end) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), reachable)
	defer cancel()
	url := "http://" + netip.AddrPortFrom(to.address, 8080).String() + "/healthz"
	for {
		code, said := exec(ctx, t, from, "/app", "health", "-url", url)
		if code == 0 {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%s does not reach %s: %s", from.address, to.address, said)
		}
	}
}

func exec(ctx context.Context, t *testing.T, in end, command ...string) (int, string) {
	t.Helper()
	made, err := in.engine.ContainerExecCreate(ctx, in.id, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return -1, err.Error()
	}
	stream, err := in.engine.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return -1, err.Error()
	}
	defer stream.Close()
	var said bytes.Buffer
	_, _ = stdcopy.StdCopy(&said, &said, stream.Reader)
	ended, err := in.engine.ContainerExecInspect(ctx, made.ID)
	if err != nil {
		return -1, err.Error()
	}
	return ended.ExitCode, said.String()
}

// requireTagged requires that the containers' frames went both ways and that all of
// them had the tag.
func requireTagged(t *testing.T, frames []uml.Frame, ends map[string]end, c vlanCase) {
	t.Helper()
	seen := map[string]int{}
	for _, f := range frames {
		if !c.theirs(f, ends) {
			continue
		}
		seen[f.Source]++
		if !f.Tagged || f.VLAN != c.vlan {
			t.Errorf("a frame of a container is not on VLAN %d: %s", c.vlan, f)
		}
	}
	for node, one := range ends {
		if seen[one.mac] == 0 {
			t.Errorf("no frame of %s (%s) was seen among %d", node, one.mac, len(frames))
		}
	}
}

// theirs reports whether a frame is from a container. With ipvlan they have the
// interface's own address, from which the guest itself sends IPv6 only.
func (c vlanCase) theirs(f uml.Frame, ends map[string]end) bool {
	const ipv4, arp = 0x0800, 0x0806
	if c.driver == "ipvlan" && f.EtherType != ipv4 && f.EtherType != arp {
		return false
	}
	for _, one := range ends {
		if one.mac == f.Source {
			return true
		}
	}
	return false
}

func onGuest(t *testing.T, g *uml.Guest, command ...string) string {
	t.Helper()
	out, err := g.Run(t.Context(), command...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
