package subnet_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// attributeCase is a subnet with attributes of one kind, which are given, changed
// and cleared. NN is replaced by a number of the case's own, MM and KK for two more.
type attributeCase struct {
	// first and second are the arguments beside those of the base, and respelled
	// those of second in other words.
	first, second, respelled map[string]string
	// firstHas and secondHas are fields of what each node's engine has then, and
	// repairedHas those of n1 after its network was recreated.
	firstHas, secondHas, repairedHas string
	// only is the node whose network the change replaces, if not both.
	only string
	// words are kept in state: no network is recreated.
	words bool
	// untold is what no engine knows, so that an import does not either.
	untold []string
}

var attributes = map[string]attributeCase{
	"words": {words: true,
		first:       map[string]string{"labels": `{ a = "1" }`, "description": `"first"`, "timeouts": `{ create = "9m", update = "9m", delete = "9m" }`},
		second:      map[string]string{"labels": `{ a = "2" }`, "description": `"second"`, "timeouts": `{ delete = "8m" }`},
		repairedHas: "a=2 io.homelab.description=second",
		untold:      []string{"timeouts", "labels", "description"}, // of networks that were there already
	},
	"addresses": {words: true, // that no range has to go around
		first:     map[string]string{"reserved": `["10.0.NN.100-10.0.NN.199"]`, "addresses": `{ plex = { node = "n1", ipv4 = "10.0.NN.210" } }`},
		second:    map[string]string{"reserved": `["10.0.NN.128/25"]`, "addresses": `{ plex = { node = "n2", ipv4 = "10.0.NN.120" } }`},
		respelled: map[string]string{"reserved": `["10.0.NN.128-10.0.NN.255"]`, "addresses": `{ plex = { node = "n2", ipv4 = "10.0.NN.120" } }`},
		untold:    []string{"reserved", "addresses", "vlan"},
	},
	"families": {
		first: map[string]string{"gateway": `"10.0.NN.1"`, "ipv6": `{ cidr = "fd00:NN::/64", gateway = "fd00:NN::1", reserved = ["fd00:NN::8000:0:0:0/65"] }`,
			"addresses": `{ plex = { node = "n1", ipv6 = "fd00:NN::7000:0:0:9" } }`},
		firstHas:  "gateway=10.0.NN.1 subnet=fd00:NN::/64 gateway=fd00:NN::1",
		second:    map[string]string{"gateway": `"10.0.NN.254"`, "ipv6": `{ cidr = "fd00:1NN::/64" }`, "addresses": `{ plex = { node = "n1", ipv6 = "fd00:1NN::7000:0:0:9" } }`},
		respelled: map[string]string{"gateway": `"10.0.NN.254"`, "ipv6": `{ cidr = "FD00:1NN:0:0::9/64" }`, "addresses": `{ plex = { node = "n1", ipv6 = "FD00:1NN:0:0:7000:0:0:0009" } }`},
		secondHas: "gateway=10.0.NN.254 subnet=fd00:1NN::/64",
		untold:    []string{"ipv6", "addresses"}, // its reserved ranges
	},
	"mode": {
		first: map[string]string{"mode": `"private"`}, firstHas: "macvlan mode=private",
		second: map[string]string{"mode": `"vepa"`}, secondHas: "macvlan mode=vepa",
	},
	"driver": {
		first: map[string]string{"driver": `"ipvlan"`}, firstHas: "ipvlan mode=l2 parent=eth0.NN",
		second: map[string]string{"driver": `"ipvlan"`, "mode": `"l3"`}, secondHas: "ipvlan mode=l3 parent=eth0.NN",
	},
	"vlan": {
		first: map[string]string{"vlan_id": "MM", "cidr": `"10.0.MM.0/24"`}, firstHas: "parent=eth0.MM subnet=10.0.MM.0/24",
		second: map[string]string{"vlan_id": "KK", "cidr": `"10.0.KK.7/255.255.255.0"`}, secondHas: "parent=eth0.KK subnet=10.0.KK.0/24",
		respelled: map[string]string{"vlan_id": "KK", "cidr": `"10.0.KK.0/24"`},
	},
	"range": {only: "n1", // the other is not touched
		first:     map[string]string{"attachments": `{ n1 = { parent = "eth0", size = 16 }, n2 = { parent = "eth0" } }`},
		second:    map[string]string{"attachments": `{ n1 = { parent = "eth0", range = "10.0.NN.96/28" }, n2 = { parent = "eth0" } }`},
		respelled: map[string]string{"attachments": `{ n1 = { parent = "eth0", range = "10.0.NN.99/28" }, n2 = { parent = "eth0" } }`},
		secondHas: "parent=eth0.NN",
		untold:    []string{"attachments"}, // whether a range was asked for
	},
	"parents": {
		first: map[string]string{"ipv6": `{ cidr = "fd00:NN::/64" }`,
			"attachments": `{ n1 = { parent = "eth1", ipv6_range = "fd00:NN:0:0:1::/80" }, n2 = { parent = "eth1", ipv6_range = "fd00:NN:0:0:2::/80" } }`},
		firstHas: "parent=eth1.NN subnet=fd00:NN::/64",
		second: map[string]string{"ipv6": `{ cidr = "fd00:NN::/64" }`,
			"attachments": `{ n1 = { parent = "eth0", ipv6_range = "fd00:NN:0:0:3::/80" }, n2 = { parent = "eth0", ipv6_range = "fd00:NN:0:0:4::/80" } }`},
		respelled: map[string]string{"ipv6": `{ cidr = "fd00:NN:0:0::/64" }`,
			"attachments": `{ n1 = { parent = "eth0", ipv6_range = "FD00:NN::3:0:0:0/80" }, n2 = { parent = "eth0", ipv6_range = "fd00:NN:0:0:4:9::/80" } }`},
		secondHas:   "parent=eth0.NN subnet=fd00:NN::/64",
		repairedHas: "range=fd00:NN:0:0:3::/80",
		untold:      []string{"attachments"},
	},
}

// baseHas are fields of what both engines have of a subnet with nothing special.
const baseHas = "macvlan parent=eth0.NN mode=bridge subnet=10.0.NN.0/24"

// table is all cases in one configuration, so that each step is one apply for all.
type table struct {
	*bench
	names []string
	ids   map[string]string // of networks, by case and node
}

func newTable(t *testing.T) *table {
	b := &table{bench: newBench(t), names: slices.Sorted(maps.Keys(attributes)), ids: map[string]string{}}
	var links []string
	for _, name := range b.names {
		for _, link := range []string{"eth0.NN", "eth1.NN", "eth0.MM", "eth0.KK"} {
			links = append(links, b.number(name, link))
		}
	}
	b.links(links...)
	return b
}

// number puts a case's numbers into a text.
func (b *table) number(name, text string) string {
	n := 100 + slices.Index(b.names, name)
	return strings.NewReplacer("NN", strconv.Itoa(n), "MM", strconv.Itoa(n+20), "KK", strconv.Itoa(n+40)).Replace(text)
}

// config is every case's subnet, with the arguments that are asked for.
func (b *table) config(arguments func(attributeCase) map[string]string) string {
	text := b.provider(nil, "")
	for _, name := range b.names {
		all := map[string]string{"name": strconv.Quote(b.name + "-" + name), "vlan_id": "NN", "cidr": `"10.0.NN.0/24"`,
			"attachments": `{ n1 = { parent = "eth0" }, n2 = { parent = "eth0" } }`}
		maps.Copy(all, arguments(attributes[name]))
		text += fmt.Sprintf("resource \"homelab_subnet\" %q {\n", name)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			text += fmt.Sprintf("  %s = %s\n", key, b.number(name, all[key]))
		}
		text += "}\n"
	}
	return text
}

// applied is a step after which the engines have the fields of each case, and have made
// again what the case says.
func (b *table) applied(config string, has func(c attributeCase, node string) string, again func(c attributeCase, node string) bool) resource.TestStep {
	return resource.TestStep{Config: config, Check: func(*terraform.State) error {
		for _, name := range b.names {
			for _, node := range both {
				n, err := b.engines[node].NetworkInspect(b.t.Context(), b.name+"-"+name, network.InspectOptions{})
				if err != nil {
					return err
				}
				there := words(n)
				for _, word := range strings.Fields(b.number(name, has(attributes[name], node))) {
					if !slices.Contains(there, word) {
						return fmt.Errorf("%s on %s lacks %s: %v", name, node, word, there)
					}
				}
				key := name + " " + node
				if before := b.ids[key]; before != "" && (before != n.ID) != again(attributes[name], node) {
					return fmt.Errorf("the network of %s was %s and is %s", key, before, n.ID)
				}
				b.ids[key] = n.ID
			}
		}
		return nil
	}}
}

// words are the fields that an engine has of a network.
func words(n network.Inspect) []string {
	out := []string{n.Driver, "parent=" + n.Options["parent"], "mode=" + n.Options[n.Driver+"_mode"]}
	for _, c := range n.IPAM.Config {
		out = append(out, "subnet="+c.Subnet, "range="+c.IPRange, "gateway="+c.Gateway)
	}
	for key, value := range n.Labels {
		out = append(out, key+"="+value)
	}
	return out
}

// TestAccSubnet_EveryAttribute makes subnets with attributes of every kind, imports
// them, changes them, spells them in other words, has their networks made otherwise
// by hand, and clears them; after every step the plan is empty.
func TestAccSubnet_EveryAttribute_IsMadeImportedChangedRepairedAndCleared(t *testing.T) {
	b := newTable(t)
	base := b.config(func(attributeCase) map[string]string { return nil })
	first, second := b.config(func(c attributeCase) map[string]string { return c.first }), b.config(func(c attributeCase) map[string]string { return c.second })
	respelled := b.config(func(c attributeCase) map[string]string {
		if c.respelled != nil {
			return c.respelled
		}
		return c.second
	})
	plain := func(_ attributeCase, node string) string {
		return baseHas + map[string]string{"n1": " range=10.0.NN.0/27", "n2": " range=10.0.NN.32/27"}[node]
	}
	changed := func(c attributeCase, node string) bool { return !c.words && (c.only == "" || c.only == node) }
	repaired := b.applied(second, func(c attributeCase, node string) string {
		return c.secondHas + map[string]string{"n1": " " + c.repairedHas, "n2": ""}[node]
	}, func(_ attributeCase, node string) bool { return node == "n1" })
	repaired.PreConfig = func() {
		for _, name := range b.names {
			b.otherwise("n1", b.name+"-"+name)
		}
	}
	steps := []resource.TestStep{b.applied(base, plain, nil), b.applied(first, func(c attributeCase, _ string) string { return c.firstHas }, changed)}
	for _, name := range b.names {
		steps = append(steps, resource.TestStep{ResourceName: "homelab_subnet." + name, ImportState: true, ImportStateId: "n1,n2/" + b.name + "-" + name,
			ImportStateVerify: true, ImportStateVerifyIgnore: attributes[name].untold})
	}
	steps = append(steps, b.applied(second, func(c attributeCase, _ string) string { return c.secondHas }, changed),
		resource.TestStep{Config: respelled, PlanOnly: true}, repaired, b.applied(base, plain, changed))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps, CheckDestroy: b.gone(b.name + "-words")})
}

// otherwise makes a node's network again as nobody asked for it.
func (b *bench) otherwise(node, name string) {
	if err := b.engines[node].NetworkRemove(b.t.Context(), name); err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.engines[node].NetworkCreate(b.t.Context(), name, network.CreateOptions{Driver: "bridge", Internal: true, Labels: map[string]string{"by": "hand"}}); err != nil {
		b.t.Fatal(err)
	}
}
