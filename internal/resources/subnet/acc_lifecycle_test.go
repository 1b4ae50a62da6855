package subnet_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

const address = "homelab_subnet.lan"

// bench is two nodes with interfaces named like sub-interfaces. The lab's kernel may
// have no 802.1Q, and an engine takes a sub-interface that is there as it is; what
// tags do is TestAccVLAN's.
type bench struct {
	t       *testing.T
	name    string
	nodes   []*lab.Node
	engines map[string]*client.Client
	ids     map[string]string // of the networks after the last step, by node
	made    int               // interfaces
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run with %s=1", resource.EnvTfAcc)
	}
	b := &bench{t: t, name: acctest.Name(t), engines: map[string]*client.Client{}, ids: map[string]string{}}
	b.nodes = labtest.New(t, lab.Options{Nodes: 2}).Nodes
	for _, n := range b.nodes {
		b.engines[n.Name] = labtest.Client(t, n.Host)
	}
	b.links("eth0.20", "eth0.21", "eth0.22", "eth0.2", "eth0.30")
	return b
}

// links makes interfaces on every node.
func (b *bench) links(names ...string) {
	b.t.Helper()
	for _, engine := range b.engines {
		for _, link := range names {
			_, err := engine.NetworkCreate(b.t.Context(), "link-"+link, network.CreateOptions{
				Options: map[string]string{"com.docker.network.bridge.name": link},
				IPAM:    &network.IPAM{Config: []network.IPAMConfig{{Subnet: fmt.Sprintf("10.250.%d.0/24", b.made)}}},
			})
			if err != nil {
				b.t.Fatal(err)
			}
			b.made++
		}
	}
}

// provider is a provider block; a node's host may be another than its own.
func (b *bench) provider(hosts map[string]string, more string) string {
	var nodes []string
	for _, n := range b.nodes {
		host := n.Host
		if other, ok := hosts[n.Name]; ok {
			host = other
		}
		nodes = append(nodes, fmt.Sprintf("    %s = { host = %q }", n.Name, host))
	}
	return fmt.Sprintf("provider \"homelab\" {\n  nodes = {\n%s\n  }\n  %s\n}\n", strings.Join(nodes, "\n"), more)
}

// config is a subnet with some of its arguments changed.
func (b *bench) config(changes map[string]string) string { return b.configOn(nil, changes) }

// configOn is config where a node's host may be another than its own.
func (b *bench) configOn(hosts, changes map[string]string) string {
	arguments := map[string]string{
		"name": fmt.Sprintf("%q", b.name), "vlan_id": "20", "cidr": `"10.0.20.0/24"`,
		"attachments": `{ n1 = { parent = "eth0" }, n2 = { parent = "eth0" } }`,
	}
	maps.Copy(arguments, changes)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(arguments)) {
		fmt.Fprintf(&text, "  %s = %s\n", key, arguments[key])
	}
	return b.provider(hosts, "") + fmt.Sprintf("resource \"homelab_subnet\" \"lan\" {\n%s}\n", text.String())
}

// inspect returns what a node's engine has of the subnet.
func (b *bench) inspect(node string) (network.Inspect, error) {
	return b.engines[node].NetworkInspect(b.t.Context(), b.name, network.InspectOptions{})
}

// step applies and requires which nodes' networks were recreated, and what the
// first node's engine has. The framework requires that the next plan is empty.
func (b *bench) step(config string, again []string, is func(network.Inspect) bool) resource.TestStep {
	return resource.TestStep{Config: config, Check: func(*terraform.State) error {
		for _, node := range []string{"n1", "n2"} {
			n, err := b.inspect(node)
			if err != nil {
				return err
			}
			if before := b.ids[node]; before != "" && (before != n.ID) != slices.Contains(again, node) {
				return fmt.Errorf("the network of %s was %s and is %s; those of %v were to be replaced", node, before, n.ID, again)
			}
			b.ids[node] = n.ID
			if is != nil && (node == "n1" || !slices.Contains(again, "n1")) && !is(n) {
				return fmt.Errorf("%s has %+v", node, n)
			}
		}
		return nil
	}}
}

var both = []string{"n1", "n2"}

// TestAccSubnet_ByHand: what somebody did to the networks is undone; a node that is
// away keeps its part, and one that leaves gives it up.
func TestAccSubnet_ByHand_NetworksAreRepairedOnTheirNodesOnly(t *testing.T) {
	b := newBench(t)
	base := func(n network.Inspect) bool {
		return n.Driver == "macvlan" && n.Options["parent"] == "eth0.20" && n.IPAM.Config[0].Subnet == "10.0.20.0/24" && len(n.IPAM.Config) == 1
	}
	deleted, one, strange := b.step(b.config(nil), both, base), b.step(b.config(nil), []string{"n1"}, base), b.step(b.config(nil), []string{"n2"}, base)
	deleted.PreConfig = func() { b.remove("n1"); b.remove("n2"); b.ids["n2"] = "" }
	one.PreConfig = func() { b.remove("n1") }
	strange.PreConfig = func() {
		b.remove("n2")
		b.make("n2", network.CreateOptions{Driver: "macvlan", Options: map[string]string{"parent": "eth0.20", "macvlan_mode": "bridge", "strange": "yes"},
			IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.0.20.0/24", IPRange: "10.0.20.64/27"}}}})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), CheckDestroy: b.gone(b.name),
		Steps: []resource.TestStep{b.step(b.config(nil), both, base), deleted, one, strange, b.away(), b.leaves()}})
}

// gone requires that no node has a network of a name.
func (b *bench) gone(name string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		for _, node := range both {
			if _, err := b.engines[node].NetworkInspect(b.t.Context(), name, network.InspectOptions{}); err == nil {
				return fmt.Errorf("%s still has %s", node, name)
			}
		}
		return nil
	}
}

// away plans while a node is offline: its state is kept.
func (b *bench) away() resource.TestStep {
	config := strings.Replace(b.config(nil), b.provider(nil, ""), b.provider(map[string]string{"n2": "unix:///nonexistent.sock"}, `when_offline = "keep"`), 1)
	return resource.TestStep{Config: config, PlanOnly: true}
}

// leaves takes one node off: the other one's network stays as it is.
func (b *bench) leaves() resource.TestStep {
	return resource.TestStep{Config: b.config(map[string]string{"attachments": `{ n1 = { parent = "eth0" } }`}), Check: func(*terraform.State) error {
		n, err := b.inspect("n1")
		if err != nil || n.ID != b.ids["n1"] {
			return fmt.Errorf("the network of n1 was %s and is %s (%w)", b.ids["n1"], n.ID, err)
		}
		if n, err := b.inspect("n2"); err == nil {
			return fmt.Errorf("n2 still has %s", n.Name)
		}
		return nil
	}}
}

func (b *bench) remove(node string) {
	if err := b.engines[node].NetworkRemove(b.t.Context(), b.name); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) make(node string, options network.CreateOptions) {
	if _, err := b.engines[node].NetworkCreate(b.t.Context(), b.name, options); err != nil {
		b.t.Fatal(err)
	}
}

// TestAccSubnet_ReplacedUnderContainers: they are the same ones afterwards, with
// their addresses and aliases. And a stack's fixed address has to be its node's.
func TestAccSubnet_ReplacedUnderContainers_TheyAreBackAsTheyWere(t *testing.T) {
	b := newBench(t)
	stack := func(address string) string {
		return fmt.Sprintf(`
resource "homelab_stack" "app" {
  name    = %q
  node    = "n1"
  pull    = "never"
  compose = yamlencode({
    services = {
      app = { image = %q, networks = { lan = { ipv4_address = %q, aliases = ["first"] } } }
      two = { image = %q, networks = ["lan"] }
    }
    networks = { lan = { external = true, name = homelab_subnet.lan.networks["n1"].name } }
  })
}
`, b.name, images.AppV1, address, images.AppV1)
	}
	private := map[string]string{"mode": `"private"`}
	before := map[string]string{}
	look := func(check bool) resource.TestCheckFunc {
		return func(*terraform.State) error {
			now, err := b.containers("n1")
			if err != nil {
				return err
			}
			if check && !maps.Equal(before, now) {
				return fmt.Errorf("the containers were %v and are %v", before, now)
			}
			before = now
			return nil
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: b.config(nil) + stack("10.0.20.200"), Check: look(false)},
		{Config: b.config(private) + stack("10.0.20.200"), Check: look(true)},
		{Config: b.config(private) + stack("10.0.20.40"),
			ExpectError: regexp.MustCompile(`(?s)Service "app" has the address 10\.0\.20\.40.*range\s+of\s+node\s+"n2",\s+10\.0\.20\.32/27`)},
		{Config: b.config(private) + stack("10.0.20.200"), PlanOnly: true},
	}})
}

// containers are what runs on a node, with what should outlive a replacement.
func (b *bench) containers(node string) (map[string]string, error) {
	list, err := b.engines[node].ContainerList(b.t.Context(), container.ListOptions{})
	out := map[string]string{}
	for _, c := range list {
		inspected, err := b.engines[node].ContainerInspect(b.t.Context(), c.ID)
		if err != nil {
			return nil, err
		}
		e := inspected.NetworkSettings.Networks[b.name]
		if e == nil {
			return nil, fmt.Errorf("%s is not on %s", inspected.Name, b.name)
		}
		aliases := slices.DeleteFunc(slices.Clone(e.Aliases), func(alias string) bool { return strings.HasPrefix(c.ID, alias) })
		out[inspected.Name] = fmt.Sprint(c.ID, " ", e.IPAddress, " ", slices.Sorted(slices.Values(aliases)), " ", inspected.State.StartedAt)
	}
	return out, err
}

// untagged asks for a VLAN that nobody made an interface for. Where the kernel can
// make one, it is TestAccVLAN's to look at.
func (b *bench) untagged() resource.TestStep {
	config := b.config(map[string]string{"vlan_id": "99"})
	n, err := b.engines["n1"].NetworkCreate(context.WithoutCancel(b.t.Context()), "probe", network.CreateOptions{Driver: "macvlan",
		Options: map[string]string{"parent": "eth0.98"}, IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.251.0.0/24"}}}})
	if err == nil {
		_ = b.engines["n1"].NetworkRemove(b.t.Context(), n.ID)
		return resource.TestStep{Config: config}
	}
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`(?s)kernel cannot\s+tag\s+VLANs`)}
}
