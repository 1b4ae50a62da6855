package plan

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

func lan(subnet string) *desired.Network {
	n := &desired.Network{Name: "lan", Driver: "bridge"}
	n.SetPools([]desired.Pool{{Subnet: subnet}})
	return n
}

// onNode is the network as an engine has it that made it.
func onNode(n *desired.Network) *observed.NetworkOnNode {
	have := &observed.NetworkOnNode{Name: n.Name, Exists: true, APIVersion: "1.41", Others: map[string]observed.Network{}}
	have.Network = network.Summary{Name: n.Name, Driver: n.Driver, Internal: n.Internal, Options: n.Options,
		Labels: map[string]string{desired.LabelNetworkName: n.Name}}
	if n.IPAM != nil {
		have.Network.IPAM = *n.IPAM
	}
	return have
}

func on(name, address string, fixed bool, stack string) observed.Attached {
	one := observed.Attached{ID: "id-" + name, Name: name, Running: address != "", Address: address, Stack: stack,
		Endpoint: desired.Endpoint{Aliases: []string{name + "-alias"}}}
	if fixed {
		one.Endpoint.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: address}
	}
	return one
}

func TestNetwork_Missing_IsCreated(t *testing.T) {
	t.Parallel()
	p := BuildNetwork(lan("10.0.1.0/24"), &observed.NetworkOnNode{Name: "lan"}, NetworkOptions{})
	if got, want := p.String(), "create network lan\n- create network lan\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

func TestNetwork_AsItIs_NothingToDo(t *testing.T) {
	t.Parallel()
	have := onNode(lan("10.0.1.0/24"))
	have.Network.IPAM.Config[0].Gateway = "10.0.1.1" // the engine's choice
	have.Network.Labels["color"] = "blue"            // which no engine can change
	have.Unfinished = true
	for name, opts := range map[string]NetworkOptions{"adopted": {Adopt: true}, "left by an interrupted create": {}} {
		if p := BuildNetwork(lan("10.0.1.0/24"), have, opts); p.String() != "" {
			t.Errorf("%s:\n%s", name, p)
		}
	}
}

func TestNetwork_Replaced_ReattachesFixedAddressesFirst(t *testing.T) {
	t.Parallel()
	have := onNode(lan("10.0.1.0/24"))
	have.Attached = []observed.Attached{
		on("a", "10.0.1.3", false, ""), on("b", "10.0.1.2", false, "media"), on("c", "10.0.1.9", true, "media"), on("d", "", false, ""),
	}
	want := lan("10.0.1.0/24")
	want.Options = map[string]string{desired.OptionMTU: "1400"}
	got := BuildNetwork(want, have, NetworkOptions{Adopt: true}).String()
	const golden = `replace network lan
  because driver_opts.com.docker.network.driver.mtu: "" -> "1400"
reattach container c
reattach container b
reattach container a
reattach container d
- create network lan.reattach
- disconnect container d
    after create network lan.reattach
- disconnect container a
    after disconnect container d
- disconnect container b
    after disconnect container a
- disconnect container c
    after disconnect container b
- remove network lan
    after disconnect container c
- create network lan
    after remove network lan
- connect container c
    after create network lan
- connect container b
    after connect container c
- connect container a
    after connect container b
- connect container d
    after connect container a
- remove network lan.reattach
    after connect container d
`
	if got != golden {
		t.Errorf("plan:\n%s\nwant:\n%s", got, golden)
	}
}

// cutOff is a node on which a run was killed that made the network again: of those
// noted, off are not on it.
func cutOff(t *testing.T, have *observed.NetworkOnNode, off ...observed.Attached) *observed.NetworkOnNode {
	t.Helper()
	var noted []desired.Detached
	for _, c := range off {
		noted = append(noted, desired.Detached{ID: c.ID, Name: c.Name, Endpoint: c.Endpoint})
	}
	note, err := desired.ReattachNote("lan", noted, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	have.Detached = off
	have.Notes = []observed.Network{{Name: note.Name, ConfigOnly: true, Labels: note.Labels}}
	return have
}

func TestNetwork_CutOff_TheRestIsDone(t *testing.T) {
	t.Parallel()
	off := []observed.Attached{on("b", "10.0.1.9", true, ""), on("a", "", false, "media")}
	off[0].Address = ""
	other := lan("10.0.1.0/24")
	other.Options = map[string]string{desired.OptionMTU: "1400"}
	gone := &observed.NetworkOnNode{Name: "lan"}
	still := onNode(lan("10.0.1.0/24"))
	still.Attached = []observed.Attached{on("c", "10.0.1.3", false, "")}
	for name, c := range map[string]struct {
		want   *desired.Network
		have   *observed.NetworkOnNode
		golden string
	}{
		"the network is there": {lan("10.0.1.0/24"), cutOff(t, onNode(lan("10.0.1.0/24")), off...), `reattach container b
reattach container a
- connect container b
- connect container a
    after connect container b
- remove network lan.reattach
    after connect container a
`},
		"the network is gone": {lan("10.0.1.0/24"), cutOff(t, gone, off...), `create network lan
reattach container b
reattach container a
- create network lan
- connect container b
    after create network lan
- connect container a
    after connect container b
- remove network lan.reattach
    after connect container a
`},
		"all are back": {lan("10.0.1.0/24"), cutOff(t, onNode(lan("10.0.1.0/24"))), "- remove network lan.reattach\n"},
		"it is still to be replaced": {other, cutOff(t, still, off...), `replace network lan
  because driver_opts.com.docker.network.driver.mtu: "" -> "1400"
reattach container b
reattach container c
reattach container a
- create network lan.reattach2
- disconnect container c
    after create network lan.reattach2
- remove network lan
    after disconnect container c
- create network lan
    after remove network lan
- connect container b
    after create network lan
- connect container c
    after connect container b
- connect container a
    after connect container c
- remove network lan.reattach
    after connect container a
- remove network lan.reattach2
    after connect container a
`},
	} {
		if got := BuildNetwork(c.want, c.have, NetworkOptions{Adopt: true}).String(); got != c.golden {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, c.golden)
		}
	}
	if got := DestroyNetwork(cutOff(t, &observed.NetworkOnNode{Name: "lan"}, off...)).String(); got != "- remove network lan.reattach\n" {
		t.Errorf("destroyed:\n%s", got)
	}
}

func TestNetwork_FixedAddressOutsideTheNewRange_IsLeftToTheEngineAndSaid(t *testing.T) {
	t.Parallel()
	have := onNode(lan("10.0.1.0/24"))
	have.Attached = []observed.Attached{on("c", "10.0.1.9", true, "media")}
	p := BuildNetwork(lan("10.0.2.0/24"), have, NetworkOptions{Adopt: true})
	if !strings.Contains(p.String(), "reattach container c\n  because ipv4_address: \"10.0.1.9\" -> \"\"\n") {
		t.Errorf("plan:\n%s", p)
	}
	for _, op := range p.Operations {
		if op.Kind == ConnectContainer && op.Endpoint.IPAMConfig.IPv4Address != "" {
			t.Errorf("%s still has %s", op.ID, op.Endpoint.IPAMConfig.IPv4Address)
		}
		if op.Kind == DisconnectContainer && op.Endpoint.IPAMConfig.IPv4Address != "10.0.1.9" {
			t.Errorf("undoing %s would attach it without its address", op.ID)
		}
	}
}

func TestNetwork_Differences(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		want, have func(*desired.Network)
		opts       NetworkOptions
		causes     string
	}{
		"another subnet": {want: func(n *desired.Network) { n.SetPools([]desired.Pool{{Subnet: "10.0.9.0/24"}}) },
			causes: `ipam.10.0.1.0/24: "subnet" -> ""; ipam.10.0.9.0/24: "" -> "subnet"`},
		"gateway no longer asked for": {have: func(n *desired.Network) { n.IPAM.Config[0].Gateway = "10.0.1.254" },
			opts: NetworkOptions{AppliedFields: []string{"ipam.10.0.1.0/24.gateway"}}, causes: `ipam.10.0.1.0/24.gateway: "10.0.1.254" -> ""`},
		"gateway that the engine chose": {have: func(n *desired.Network) { n.IPAM.Config[0].Gateway = "10.0.1.1" }},
		"range that somebody added": {have: func(n *desired.Network) { n.IPAM.Config[0].IPRange = "10.0.1.128/25" },
			causes: `ipam.10.0.1.0/24.ip_range: "10.0.1.128/25" -> ""`},
		"IPv6 that somebody added beside IPv4": {have: func(n *desired.Network) {
			n.IPAM.Config = append(n.IPAM.Config, network.IPAMConfig{Subnet: "fd00::/64"})
		}},
		"option that somebody added": {have: func(n *desired.Network) { n.Options = map[string]string{"a": "b"} },
			causes: `driver_opts.a: "b" -> ""`},
		"option that the engine added": {have: func(n *desired.Network) { n.Options = map[string]string{"a": "b"} },
			opts: NetworkOptions{Filled: []string{"driver_opts.a"}}},
		"internal by hand": {have: func(n *desired.Network) { n.Internal = true }, causes: `internal: "true" -> ""`},
		"another driver":   {want: func(n *desired.Network) { n.Driver = "macvlan" }, causes: `driver: "bridge" -> "macvlan"`},
		"IPv6 asked for":   {want: func(n *desired.Network) { n.EnableIPv6 = &yes }, causes: `enable_ipv6: "false" -> "true"`},
		"no IPv6 asked":    {want: func(n *desired.Network) { n.EnableIPv6 = &no }},
		"label":            {want: func(n *desired.Network) { n.Labels = map[string]string{"a": "b"} }},
		"other spelling": {want: func(n *desired.Network) { n.SetPools([]desired.Pool{{Subnet: "10.0.1.0/24", Gateway: "10.0.1.1"}}) },
			have: func(n *desired.Network) {
				n.IPAM.Config[0].Subnet, n.IPAM.Config[0].Gateway = "10.0.1.7/24", "10.0.1.1/24"
			}},
	} {
		want, have := lan("10.0.1.0/24"), lan("10.0.1.0/24")
		if c.want != nil {
			c.want(want)
		}
		if c.have != nil {
			c.have(have)
		}
		c.opts.Adopt = true
		var causes []string
		for _, change := range BuildNetwork(want, onNode(have), c.opts).Changes {
			for _, cause := range change.Causes {
				causes = append(causes, cause.String())
			}
		}
		if got := strings.Join(causes, "; "); got != c.causes {
			t.Errorf("%s: %s\nwant %s", name, got, c.causes)
		}
	}
}

func TestNetwork_OfSomethingElse_IsRefused(t *testing.T) {
	t.Parallel()
	have := onNode(lan("10.0.1.0/24"))
	for _, owned := range []bool{true, false} {
		if !owned {
			have.Network.Labels = nil
		}
		p := BuildNetwork(lan("10.0.1.0/24"), have, NetworkOptions{})
		if len(p.Problems) != 1 || !p.Problems[0].Foreign || p.Problems[0].Owned != owned || p.Problems[0].Attribute != "name" || !p.Empty() {
			t.Errorf("owned: %v, plan:\n%s", owned, p)
		}
	}
}

func TestDestroyNetwork(t *testing.T) {
	t.Parallel()
	have := onNode(lan("10.0.1.0/24"))
	if got, want := DestroyNetwork(have).String(), "remove network lan\n- remove network lan\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	have.Attached = []observed.Attached{on("c", "10.0.1.9", true, "media"), on("d", "", false, "")}
	p := DestroyNetwork(have)
	const want = `! name: Network "lan" still has containers attached to it: c (stack "media"), d. Remove or disconnect them first; nothing was changed.` + "\n"
	if p.String() != want {
		t.Errorf("plan:\n%s\nwant:\n%s", p, want)
	}
	if p := DestroyNetwork(&observed.NetworkOnNode{Name: "lan"}); !p.Empty() || len(p.Problems) > 0 {
		t.Errorf("one that is gone: %s", p)
	}
}
