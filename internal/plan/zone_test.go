package plan_test

import (
	"slices"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// zoned is a stack whose service "db" is on networks, publishes a port ("" for
// none), and has a label with its zone ("" for none).
func zoned(port, label string, networks ...string) *desired.Stack {
	w := stackOf(service("db"))
	edit(w, "db", func(s *desired.Service) {
		s.Networks = nil
		for _, name := range networks {
			s.Networks = append(s.Networks, desired.Attachment{Network: name})
		}
		if port != "" {
			s.Host.PortBindings = nat.PortMap{"5432/tcp": {{HostIP: "127.0.0.1", HostPort: port}}}
		}
		if label != "" {
			s.Config.Labels = map[string]string{desired.LabelZone: label}
		}
	})
	return w
}

// own gives a stack a network of its own with a zone.
func own(w *desired.Stack, name, zone string, internal bool) *desired.Stack {
	w.Networks[name] = desired.Network{Key: name, Name: name, Internal: internal, Labels: map[string]string{desired.LabelZone: zone}}
	return w
}

func zoneOf(name string) (zone, by string) {
	return map[string]string{"proxy": "external", "genai": "service", "database": "data"}[name], `homelab_network "` + name + `"`
}

func TestCheckZones(t *testing.T) {
	t.Parallel()
	const onData = `Service "db" publishes port 5432/tcp and is on network "database", which is of zone data by homelab_network "database": nothing outside may reach what is on it. ` +
		"Remove the ports, and let what needs the service join that network."
	for name, c := range map[string]struct {
		stack *desired.Stack
		want  []string
	}{
		"without a port":         {zoned("", "", "database", "genai", "proxy"), nil},
		"nowhere in particular":  {zoned("5432", "", "default"), nil},
		"external":               {zoned("5432", "", "proxy"), nil},
		"data":                   {zoned("5432", "", "database"), []string{onData}},
		"data beside external":   {zoned("5432", "", "proxy", "database"), []string{onData}},
		"data, as the ingress":   {zoned("5432", "external", "proxy", "database"), []string{onData}},
		"service, as ingress":    {zoned("5432", "external", "proxy", "genai"), nil},
		"ingress without a port": {zoned("", "external", "proxy"), nil},
		"ingress on data": {zoned("", "external", "proxy", "database"), []string{
			`Service "db" is the ingress by its label io.homelab.zone: external, and is on network "database", which is of zone data by homelab_network "database". ` +
				"Remove it from that network: a service in between is on both."}},
		"service": {zoned("5432", "", "genai"), []string{
			`Service "db" publishes port 5432/tcp and is on network "genai", which is of zone service by homelab_network "genai": what is on it is reached through the ingress only. ` +
				"Remove the ports; or, if this is the ingress, or has to be reached without it, give it the label io.homelab.zone: external."}},
		"any port": {zoned("", "", "database"), nil},
		"label of a service": {zoned("", "data", "proxy"), []string{
			`Service "db" has the label io.homelab.zone: "data". A service has it with the value external only, if it is the ingress; every other is where its networks are.`}},
		"its own data network": {own(zoned("5432", "", "own"), "own", "data", true), []string{
			`Service "db" publishes port 5432/tcp and is on network "own", which is of zone data by its label: nothing outside may reach what is on it. ` +
				"Remove the ports, and let what needs the service join that network."}},
		"data that is open": {own(zoned("", "", "own"), "own", "data", false), []string{
			`Network "own" is of zone data by its label, and is not internal: its containers would reach the outside. Write internal: true.`}},
		"external that is closed": {own(zoned("", "", "own"), "own", "external", true), []string{
			`Network "own" is of zone external by its label, and is internal: nothing could reach it from outside. Remove one of the two.`}},
		"no zone": {own(zoned("5432", "", "own"), "own", "secret", false), []string{
			`Network "own" has the label io.homelab.zone: "secret". The zones are external, service, data.`}},
	} {
		if got := details(check.StackZones(c.stack, zoneOf)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q\nwant %q", name, got, c.want)
		}
	}
}

func TestCheckZones_PortOfTheEnginesChoice_IsAPortToo(t *testing.T) {
	t.Parallel()
	got := details(check.StackZones(zoned("", "", "database"), zoneOf))
	w := zoned("", "", "database")
	edit(w, "db", func(s *desired.Service) { s.Host.PortBindings = nat.PortMap{"5432/tcp": {{}}} })
	if with := details(check.StackZones(w, zoneOf)); len(got) != 0 || len(with) != 1 {
		t.Errorf("without a port %q, with one %q", got, with)
	}
	edit(w, "db", func(s *desired.Service) { s.Host.NetworkMode = "service:other" })
	if shared := details(check.StackZones(w, zoneOf)); len(shared) != 0 {
		t.Errorf("in the network of another service: %q", shared)
	}
}

// A network that is planned after a stack finds it, and the containers attached to it now.
func TestCheckZone_StackPlannedBefore_IsTold(t *testing.T) {
	t.Parallel()
	w := zoned("5432", "", "database")
	w.Name = "store"
	network := check.Network{Name: "database", Zone: "data"}
	attached := []observed.Attached{
		{Name: "store-db-1", Stack: "store", Publishes: []string{"port 5432/tcp"}},
		{Name: "byhand", Publishes: []string{"port 80/tcp"}}, {Name: "quiet"},
	}
	problems, warnings := check.NetworkZone(network, []check.Reservation{before(w)}, attached)
	if want := []string{`Stack "store": service "db" publishes port 5432/tcp and is on network "database", which is of zone data by this resource: ` +
		"nothing outside may reach what is on it. Remove the ports, and let what needs the service join that network."}; !slices.Equal(details(problems), want) {
		t.Errorf("%q\nwant %q", details(problems), want)
	}
	if want := []string{`Container "byhand" publishes port 80/tcp and is on network "database", which is of zone data by this resource: ` +
		"nothing outside may reach what is on it. Remove the ports, and let what needs the service join that network."}; !slices.Equal(warnings, want) {
		t.Errorf("%q\nwant %q", warnings, want)
	}
}

func TestCheckStackNetworks(t *testing.T) {
	t.Parallel()
	lan := func(name, subnet string) *desired.Stack {
		w := stackOf(service("web"))
		w.Name = "app"
		n := desired.Network{Key: name, Name: name}
		n.SetPools([]desired.Pool{{Subnet: subnet}})
		w.Networks[name] = n
		return w
	}
	there := func(subnet string, labels map[string]string) observed.Network {
		return observed.Network{Name: "x", Driver: "bridge", Labels: labels, IPAM: network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}}}
	}
	declared := []check.Network{{Owner: `homelab_subnet "servers"`, Name: "servers", Before: true, Driver: "macvlan", Pools: []desired.Pool{{Subnet: "10.0.20.0/24"}}}}
	for name, c := range map[string]struct {
		own               *desired.Stack // nil: one with the subnet 10.0.20.0/25
		networks          map[string]observed.Network
		declared          []check.Network
		problems, warning []string
	}{
		"alone": {},
		"declared": {declared: declared, problems: []string{
			`Network "lan": The subnet 10.0.20.0/25 overlaps 10.0.20.0/24, which homelab_subnet "servers" is declared with. One node cannot have both: choose another subnet for one of them.`}},
		"leaving":    {declared: []check.Network{{Name: "servers", Leaves: true}}, networks: map[string]observed.Network{"servers": there("10.0.20.0/24", nil)}},
		"of a swarm": {declared: []check.Network{{Owner: "x", Name: "ingress", Before: true, Driver: "overlay", Pools: []desired.Pool{{Subnet: "10.0.20.0/24"}}}}},
		"chosen by the engine": {declared: []check.Network{{Owner: `homelab_network "x"`, Name: "x", Driver: "bridge", Before: true}}, networks: map[string]observed.Network{"x": there("10.0.0.0/16", nil)}, problems: []string{
			`Network "lan": The subnet 10.0.20.0/25 overlaps 10.0.0.0/16, which homelab_network "x" has on the node. One node cannot have both: choose another subnet for one of them.`}},
		"chosen by the engine for its own": {own: &desired.Stack{Name: "app", Networks: map[string]desired.Network{"lan": {Key: "lan", Name: "lan"}}}, declared: declared,
			networks: map[string]observed.Network{"lan": there("10.0.0.0/16", nil)}, problems: []string{
				`Network "lan": The subnet 10.0.0.0/16 overlaps 10.0.20.0/24, which homelab_subnet "servers" is declared with. One node cannot have both: choose another subnet for one of them.`}},
		"on the node": {networks: map[string]observed.Network{"x": there("10.0.0.0/16", nil)}, problems: []string{
			`Network "lan": The subnet 10.0.20.0/25 overlaps 10.0.0.0/16, which network "x" has on the node. One node cannot have both: choose another subnet for one of them.`}},
		"on the node, and there itself": {networks: map[string]observed.Network{"x": there("10.0.0.0/16", nil), "lan": there("10.0.20.0/25", nil)}},
		"the stack's own, going":        {networks: map[string]observed.Network{"x": there("10.0.0.0/16", map[string]string{desired.LabelProject: "app"})}},
		"of a stack that goes":          {networks: map[string]observed.Network{"x": there("10.0.0.0/16", map[string]string{desired.LabelProject: "gone"})}},
		"perhaps going": {networks: map[string]observed.Network{"x": there("10.0.0.0/16", map[string]string{desired.LabelNetworkName: "x"})}, warning: []string{
			`Network "lan": The subnet 10.0.20.0/25 overlaps 10.0.0.0/16, which network "x" has on the node. One node cannot have both: choose another subnet for one of them. ` +
				"If it goes in this run, let this stack depend on that: the engine refuses both at once."}},
	} {
		if c.own == nil {
			c.own = lan("lan", "10.0.20.0/25")
		}
		problems, warnings := check.StackNetworks(check.NetworksOf(c.own), c.declared, &observed.Stack{Name: "app", Networks: c.networks},
			func(stack string) bool { return stack == "gone" })
		if !slices.Equal(details(problems), c.problems) || !slices.Equal(warnings, c.warning) {
			t.Errorf("%s: %q, %q\nwant %q, %q", name, details(problems), warnings, c.problems, c.warning)
		}
	}
}
