package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// has gives a service a container name and a fixed address.
func has(w *desired.Stack, service, name, address string) {
	edit(w, service, func(s *desired.Service) {
		s.ContainerName = name
		s.Networks = []desired.Attachment{{Network: "home_default"}}
		s.Networks[0].Settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: address}
	})
}

func TestBuild_NamesAndAddressesSwapped_EachWaitsForTheOther(t *testing.T) {
	w := stackOf(service("app"), service("web"))
	has(w, "app", "x", "10.0.0.5")
	has(w, "web", "y", "10.0.0.6")
	e := running(t, w)
	has(w, "app", "y", "10.0.0.6")
	has(w, "web", "x", "10.0.0.5")
	p := build(e, w)
	expect(t, p, `
		recreate service app/1
		  because networks.home_default.ipv4_address: "10.0.0.5" -> "10.0.0.6"
		  because configuration: "made from another definition" -> "as declared"
		recreate service web/1
		  because networks.home_default.ipv4_address: "10.0.0.6" -> "10.0.0.5"
		  because configuration: "made from another definition" -> "as declared"
		- create container app/1
		- stop container x (000000003dde)
		    after create container app/1
		    after create container web/1
		- rename container x (000000003dde)
		    after stop container x (000000003dde)
		- stop container y (000000005ccd)
		    after create container app/1
		    after create container web/1
		- rename container y (000000005ccd)
		    after stop container y (000000005ccd)
		- rename container app/1 to y
		    after create container app/1
		    after rename container x (000000003dde)
		    after rename container y (000000005ccd)
		- start container app/1
		    after rename container app/1 to y
		- await container app/1
		    after start container app/1
		- create container web/1
		- rename container web/1 to x
		    after create container web/1
		    after rename container x (000000003dde)
		    after rename container y (000000005ccd)
		- start container web/1
		    after rename container web/1 to x
		- await container web/1
		    after start container web/1
		- remove container x (000000003dde)
		    after await container app/1
		    after await container web/1
		    after stop container x (000000003dde)
		- remove container y (000000005ccd)
		    after await container app/1
		    after await container web/1
		    after stop container y (000000005ccd)`)
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_ServiceRenamed_KeepsItsNamePortAndAddress(t *testing.T) {
	w := stackOf(service("app"))
	has(w, "app", "x", "10.0.0.5")
	publish(w, "app", "80")
	e := running(t, w)
	s := w.Services["app"]
	s.Name = "web"
	w.Services = map[string]desired.Service{"web": s}
	p := build(e, w)
	expect(t, p, `
		remove service app/1
		  because replicas: "exists" -> "not declared"
		create service web/1
		  because state: "missing" -> "present"
		- create container web/1
		- stop container x (000000003dde)
		    after create container web/1
		- rename container x (000000003dde)
		    after stop container x (000000003dde)
		- rename container web/1 to x
		    after create container web/1
		    after rename container x (000000003dde)
		- start container web/1
		    after rename container web/1 to x
		    after stop container x (000000003dde)
		- await container web/1
		    after start container web/1
		- remove container x (000000003dde)
		    after await container web/1
		    after stop container x (000000003dde)`)
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_NamesSwappedByHand_AreSwappedBackWithoutAStop(t *testing.T) {
	w := stackOf(service("app"), service("web"))
	e := running(t, w)
	app, web := find(t, e, "app"), find(t, e, "web")
	app.Name, web.Name = web.Name, app.Name
	p := build(e, w)
	for _, op := range p.Operations {
		if op.Kind != plan.RenameContainer {
			t.Errorf("it also plans to %s", op.ID)
		}
	}
	order := carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
	x := &execution{engine: e, want: w, plan: p}
	slices.Reverse(order)
	for _, op := range order { // as an executor goes back
		if err := x.nameFree(op.OldName); err != nil {
			t.Error(err)
		}
		e.containers[op.Container].Name = op.OldName
	}
	if app.Name != "home-web-1" || web.Name != "home-app-1" {
		t.Errorf("undone, the names are %s and %s", app.Name, web.Name)
	}
}

func TestBuild_StartFirstOfWhatGivesSomethingAway_StopsFirst(t *testing.T) {
	for what, c := range map[string]struct{ name, address string }{`container name "x"`: {"x", ""}, "address 10.0.0.5": {"", "10.0.0.5"}} {
		w := stackOf(service("app"), service("web"))
		has(w, "app", "x", "10.0.0.5")
		e := running(t, w)
		edit(w, "app", func(s *desired.Service) {
			s.UpdateOrder, s.ContainerName, s.Networks[0].Settings.IPAMConfig = desired.StartFirst, "", nil
		})
		has(w, "web", c.name, c.address)
		p := build(e, w)
		requireOne(t, "warnings", p.Warnings, `Service "app" is replaced stop-first, though its update order is start-first: service "web" takes its `+what+".")
		carryOutFirst(t, e, w, p, len(p.Operations))
		expect(t, build(e, w), ``)
	}
}

func TestBuild_NetworkRenamed_KeepsItsRange(t *testing.T) {
	w := stackOf(service("app"))
	ranged := func(key string) {
		w.Networks = map[string]desired.Network{key: {Key: key, Name: "home_" + key, IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.0.1.0/24"}}}}}
		edit(w, "app", func(s *desired.Service) { s.Networks = []desired.Attachment{{Network: "home_" + key}} })
	}
	ranged("old")
	e := running(t, w)
	ranged("new")
	p := build(e, w)
	if text := p.String(); !p.Rollback || !strings.Contains(text, "- create network home_new\n    after remove network home_old\n") ||
		!strings.Contains(text, "- remove network home_old\n    after disconnect container home-app-1 (000000003dde) from home_old\n") {
		t.Error(text)
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

// named plans a stack on a node where a container has the name that it needs.
func named(w *desired.Stack, holder observed.Holder, others ...check.Reservation) *plan.Plan {
	have := newEngine().observe(w.Name)
	have.Names["home-web-1"], have.Containers["0123456789abcdef"] = "0123456789abcdef", holder
	return plan.Build(w, have, plan.Options{Node: "nas", Others: others})
}

func TestBuild_NameTaken_NamesBothSidesAndTheWayOut(t *testing.T) {
	const needs = `Service "web" needs the container name "home-web-1" of node "nas", which `
	byProxy := observed.Holder{Container: "home-web-1", Stack: "edge", Service: "proxy", Owned: true}
	keeping := stackOf(service("proxy"))
	keeping.Name = "edge"
	moving := check.ReservationOf(keeping)
	edit(keeping, "proxy", func(s *desired.Service) { s.ContainerName = "home-web-1" })
	for name, c := range map[string]struct {
		holder           observed.Holder
		others           []check.Reservation
		problem, warning string
	}{
		"by hand": {holder: observed.Holder{Container: "home-web-1"}, problem: needs + `a container of no stack has (0123456789ab). ` +
			`If it was made by hand in place of the service's, remove it with docker rm -f home-web-1; else rename it, or choose another container_name.`},
		"by a project of something else": {holder: observed.Holder{Container: "home-web-1", Stack: "edge", Service: "proxy"},
			problem: needs + `service "proxy" of stack "edge" (container "home-web-1") has already. Choose another container_name, or free that one first.`},
		"by a stack that nobody planned": {holder: byProxy, warning: `and this run has not planned that stack, or not yet. If the run frees it, let this stack depend on that one (depends_on); ` +
			`else applying this one fails, without a change, while the name is taken.`},
		"by a stack that keeps it": {holder: byProxy, others: []check.Reservation{check.ReservationOf(keeping)}, problem: `That stack keeps it in this run. Choose another container_name in one of the two stacks.`},
		"by a stack that gives it up": {holder: byProxy, others: []check.Reservation{moving}, warning: needs + `service "proxy" of stack "edge" (container "home-web-1") has now, and gives up in this run. ` +
			`Let this stack depend on that one (depends_on), if it does not yet: else Terraform may apply this one first, which fails, without a change, while the name is taken.`},
		"by a stack that goes": {holder: byProxy, others: []check.Reservation{{Stack: "edge", Leaves: true}}, warning: "and gives up in this run"},
	} {
		t.Run(name, func(t *testing.T) {
			p := named(stackOf(service("web")), c.holder, c.others...)
			requireOne(t, "problems", details(p.Problems), c.problem)
			requireOne(t, "warnings", p.Warnings, c.warning)
		})
	}
}

func TestBuild_NameTakenTwice_IsAProblem(t *testing.T) {
	w := stackOf(service("app"), service("web"))
	edit(w, "web", func(s *desired.Service) { s.ContainerName = "home-app-1" })
	requireOne(t, "problems", details(build(newEngine(), w).Problems), `Service "web" needs the container name "home-app-1", which is also that of service "app".`)
	other := stackOf(service("web"))
	other.Name = "edge"
	edit(other, "web", func(s *desired.Service) { s.ContainerName = "home-app-1" })
	have := newEngine().observe("home")
	p := plan.Build(stackOf(service("app")), have, plan.Options{Others: []check.Reservation{before(other)}})
	requireOne(t, "problems", details(p.Problems), `a container of stack "edge" is to have, which is planned in the same run`)
}

func TestBuild_NetworkToReplaceHasOthersOnIt_NamesThem(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	w.Networks["default"] = desired.Network{Key: "default", Name: "home_default", Internal: true}
	for _, c := range []struct {
		holder           observed.Holder
		problem, warning string
	}{
		{observed.Holder{Container: "probe"}, `container "probe" is attached to it, which no engine allows. Disconnect it first, with docker network disconnect home_default probe`, ""},
		{observed.Holder{Container: "edge-proxy-1", Stack: "edge", Service: "proxy", Owned: true}, "", `service "proxy" of stack "edge" (container "edge-proxy-1") is attached to it`},
	} {
		have := e.observe(stackName)
		have.Containers["other"], have.Attached = c.holder, map[string][]string{"home_default": {"other"}}
		p := plan.Build(w, have, plan.Options{})
		requireOne(t, "problems", details(p.Problems), c.problem)
		requireOne(t, "warnings", p.Warnings, c.warning)
	}
}
