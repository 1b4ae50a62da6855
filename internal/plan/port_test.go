package plan_test

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// asks is a stack whose service "web" publishes ports, written as
// "[address:]port/protocol".
func asks(name string, ports ...string) *desired.Stack {
	w := stackOf(service("web"))
	w.Name = name
	edit(w, "web", func(s *desired.Service) {
		s.Host.PortBindings = nat.PortMap{}
		for _, port := range ports {
			rest, protocol, _ := strings.Cut(port, "/")
			i := strings.LastIndex(rest, ":")
			target := nat.Port("80/" + protocol)
			s.Host.PortBindings[target] = append(s.Host.PortBindings[target], nat.PortBinding{HostIP: rest[:max(i, 0)], HostPort: rest[i+1:]})
		}
	})
	return w
}

// looked plans a stack on a node where containers hold ports.
func looked(w *desired.Stack, held map[string]observed.Holder, others ...check.Reservation) *plan.Plan {
	have := newEngine().observe(w.Name)
	have.Ports = held
	return plan.Build(w, have, plan.Options{Node: "nas", Others: others})
}

var (
	byHand   = observed.Holder{Container: "proxy"}
	byProxy  = observed.Holder{Container: "edge-proxy-1", Stack: "edge", Service: "proxy", Owned: true}
	composed = observed.Holder{Container: "edge-proxy-1", Stack: "edge", Service: "proxy"}
)

// before is the reservation of a stack that was planned before.
func before(w *desired.Stack) check.Reservation {
	reservation := check.ReservationOf(w)
	reservation.Before = true
	return reservation
}

func TestBuild_PortThatOthersHold_IsFoundByAddressAndProtocol(t *testing.T) {
	for name, c := range map[string]struct {
		want, held string
		clash      bool
	}{
		"all and all":                     {"8080/tcp", "0.0.0.0:8080/tcp", true},
		"all and one":                     {"8080/tcp", "192.0.2.1:8080/tcp", true},
		"all and IPv6":                    {"8080/tcp", ":::8080/tcp", true},
		"loopback and all":                {"127.0.0.1:8080/tcp", "0.0.0.0:8080/tcp", true},
		"loopback and another address":    {"127.0.0.1:8080/tcp", "192.0.2.1:8080/tcp", false},
		"loopback and IPv6 only":          {"127.0.0.1:8080/tcp", ":::8080/tcp", false},
		"IPv6 and IPv4":                   {":::8080/tcp", "0.0.0.0:8080/tcp", false},
		"IPv6 spelled in two ways":        {"[2001:db8:0::1]:8080/tcp", "2001:db8::1:8080/tcp", true},
		"udp and tcp":                     {"8080/udp", "0.0.0.0:8080/tcp", false},
		"udp and udp":                     {"8080/udp", "0.0.0.0:8080/udp", true},
		"another port":                    {"8081/tcp", "0.0.0.0:8080/tcp", false},
		"any port":                        {"0/tcp", "0.0.0.0:8080/tcp", false},
		"any port, as engines spell that": {"/tcp", "0.0.0.0:8080/tcp", false},
	} {
		p := looked(asks("home", c.want), map[string]observed.Holder{c.held: byHand})
		if got := len(p.Problems) > 0; got != c.clash {
			t.Errorf("%s: %v", name, p.Problems)
		}
	}
}

func TestBuild_PortTaken_NamesBothSidesAndTheWayOut(t *testing.T) {
	const held = "0.0.0.0:8080/tcp"
	for name, c := range map[string]struct {
		holder           observed.Holder
		others           []check.Reservation
		problem, warning string
	}{
		"by a container": {holder: byHand,
			problem: `Service "web" publishes port 8080/tcp of node "nas", which container "proxy" holds already. Publish another port, or free that one first.`},
		"by a project of something else": {holder: composed,
			problem: `Service "web" publishes port 8080/tcp of node "nas", which service "proxy" of stack "edge" (container "edge-proxy-1") holds already. ` +
				`Publish another port, or free that one first.`},
		"by a stack that nobody planned": {holder: byProxy,
			warning: `Service "web" publishes port 8080/tcp of node "nas", which service "proxy" of stack "edge" (container "edge-proxy-1") holds now, ` +
				`and this run has not planned that stack, or not yet. If the run frees it, let this stack depend on that one (depends_on); ` +
				`else applying this one fails, without a change, while the port is taken.`},
		"by a stack that keeps it": {holder: byProxy, others: []check.Reservation{check.ReservationOf(asks("edge", "8080/tcp"))},
			problem: `Service "web" publishes port 8080/tcp of node "nas", which service "proxy" of stack "edge" (container "edge-proxy-1") holds already. ` +
				`That stack keeps it in this run. Publish another port in one of the two stacks.`},
		"by a stack that keeps its range": {holder: byProxy, others: []check.Reservation{check.ReservationOf(asks("edge", "8080-8089/tcp"))}, problem: "keeps it in this run"},
		"by a stack that gives it up": {holder: byProxy, others: []check.Reservation{check.ReservationOf(asks("edge", "8081/tcp"))},
			warning: `Service "web" publishes port 8080/tcp of node "nas", which service "proxy" of stack "edge" (container "edge-proxy-1") holds now, and gives up in this run. ` +
				`Let this stack depend on that one (depends_on), if it does not yet: else Terraform may apply this one first, which fails, without a change, while the port is taken.`},
		"by a stack that goes":             {holder: byProxy, others: []check.Reservation{{Stack: "edge", Leaves: true}}, warning: "and gives up in this run"},
		"by a stack that nobody knows yet": {holder: byProxy, others: []check.Reservation{{Stack: "edge", Unknown: true}}, warning: "and may give up in this run: that is known only at apply"},
		"given up, and taken by a third": {holder: byProxy, others: []check.Reservation{{Stack: "edge", Leaves: true}, before(asks("third", "8080/tcp"))},
			warning: "gives up", problem: `and so does service "web" of stack "third", which is planned in the same run`},
	} {
		t.Run(name, func(t *testing.T) {
			p := looked(asks("home", "8080/tcp"), map[string]observed.Holder{held: c.holder, ":::8080/tcp": c.holder}, c.others...)
			requireOne(t, "problems", details(p.Problems), c.problem)
			requireOne(t, "warnings", p.Warnings, c.warning)
		})
	}
}

// While a plan is applied, what another stack holds is in the way, whatever the run
// makes of that stack.
func TestBuild_PortTakenWhileApplying_IsAProblem(t *testing.T) {
	for _, others := range [][]check.Reservation{nil, {{Stack: "edge", Leaves: true}}, {{Stack: "edge", Unknown: true}}} {
		w := asks("home", "8080/tcp")
		have := newEngine().observe(stackName)
		have.Ports = map[string]observed.Holder{"0.0.0.0:8080/tcp": byProxy}
		p := plan.Build(w, have, plan.Options{Node: "nas", Others: others, Applying: true})
		requireOne(t, "problems", details(p.Problems), `holds already. Publish another port, or free that one first. Where the same run takes it from that stack, let this one depend on it`)
		if len(p.Warnings) > 0 || !p.MayClear {
			t.Errorf("%+v", p)
		}
	}
}

func details(problems []check.Problem) (out []string) {
	for _, p := range problems {
		out = append(out, p.Detail)
	}
	return out
}

// requireOne requires one text that has the words, or none where they are empty.
func requireOne(t *testing.T, what string, got []string, words string) {
	t.Helper()
	if words == "" && len(got) == 0 || words != "" && len(got) == 1 && strings.Contains(got[0], words) {
		return
	}
	t.Errorf("%s: got %q, want one with %q", what, got, words)
}

func TestBuild_TwoStacksOfARunWantOnePort_TheLaterIsTold(t *testing.T) {
	home, edge := asks("home", "127.0.0.1:8080/tcp"), asks("edge", "8080/tcp")
	requireOne(t, "later", details(looked(home, nil, before(edge)).Problems),
		`Service "web" publishes port 8080/tcp of node "nas", and so does service "web" of stack "edge", which is planned in the same run. Publish another port in one of the two stacks.`)
	requireOne(t, "earlier", details(looked(home, nil, check.ReservationOf(edge)).Problems), "")
	for name, other := range map[string]*desired.Stack{"udp": asks("edge", "8080/udp"), "another address": asks("edge", "192.0.2.1:8080/tcp"),
		"any port": asks("edge", "0/tcp"), "a range that has others": asks("edge", "8080-8081/tcp")} {
		requireOne(t, name, details(looked(home, nil, before(other)).Problems), "")
	}
	edit(edge, "web", func(s *desired.Service) { s.Replicas = 0 })
	requireOne(t, "declared without a container", details(looked(home, nil, before(edge)).Problems), "")
}

func TestBuild_RangeWithTooFewFreePorts_IsAProblem(t *testing.T) {
	w := asks("home", "8000-8002/tcp")
	edit(w, "web", func(s *desired.Service) { s.Replicas = 2 })
	one := map[string]observed.Holder{"0.0.0.0:8000/tcp": byHand, ":::8000/tcp": byHand}
	requireOne(t, "two of three are free", details(looked(w, one).Problems), "")
	requireOne(t, "one of three is free", details(looked(w, one, before(asks("edge", "8002/tcp"))).Problems),
		`Service "web" needs 2 of the ports 8000-8002/tcp of node "nas", and 2 of these 3 are taken: 8000 by container "proxy", 8002 by service "web" of stack "edge". `+
			`Publish a larger range, or free some of them.`)
	gone := map[string]observed.Holder{"0.0.0.0:8000/tcp": byProxy, "0.0.0.0:8001/tcp": byProxy}
	requireOne(t, "their stack goes", details(looked(w, gone, check.Reservation{Stack: "edge", Leaves: true}).Problems), "")
}

func TestBuild_PortsOfContainersWithoutANetworkOfTheirOwn_AreNotLookedAt(t *testing.T) {
	for _, mode := range []string{"host", "none", "container:x", "service:vpn"} {
		w := asks("home", "8080/tcp")
		edit(w, "web", func(s *desired.Service) { s.Host.NetworkMode = container.NetworkMode(mode) })
		if reservation := check.ReservationOf(w); len(reservation.Ports) > 0 {
			t.Errorf("%s: %v", mode, reservation.Ports)
		}
	}
}

// The port is the stack's own, or nothing is started that wants it.
func TestBuild_PortHeldButNotWantedAnew_IsNoProblem(t *testing.T) {
	w := asks("home", "8080/tcp")
	e := running(t, w)
	have := e.observe("home")
	own := have.Services["web"][0]
	have.Ports = map[string]observed.Holder{"0.0.0.0:8080/tcp": {Container: own.Name, Stack: "home", Service: "web", Owned: true}}
	edit(w, "web", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
	p := plan.Build(w, have, plan.Options{Others: []check.Reservation{}})
	if len(p.Problems)+len(p.Warnings) > 0 || len(p.Changes) != 1 || p.Changes[0].Action != plan.Recreate {
		t.Errorf("recreated: %v, %v, %v", p.Problems, p.Warnings, p.Changes)
	}
	have.Ports["0.0.0.0:8080/tcp"] = observed.Holder{Container: "home-web-run-1", Stack: "home", Service: "web"}
	if p := plan.Build(w, have, plan.Options{}); len(p.Problems) != 1 {
		t.Errorf("docker compose run has it: %v", p.Problems)
	}
	unchanged := asks("home", "8080/tcp")
	if p := plan.Build(unchanged, have, plan.Options{}); len(p.Problems) > 0 {
		t.Errorf("unchanged: %v", p.Problems)
	}
}

func TestBuild_StoppedContainerWhosePortIsTaken_IsAProblem(t *testing.T) {
	w := asks("home", "8080/tcp")
	e := running(t, w)
	have := e.observe("home")
	have.Services["web"][0].State, have.Services["web"][0].ExitCode = observed.Exited, 1
	have.Ports = map[string]observed.Holder{"0.0.0.0:8080/tcp": byHand}
	requireOne(t, "problems", details(plan.Build(w, have, plan.Options{}).Problems), `container "proxy" holds already`)
}
