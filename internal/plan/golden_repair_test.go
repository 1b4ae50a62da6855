package plan_test

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// repaired checks what a plan does, and that nothing is left to do after it.
func repaired(t *testing.T, e *engine, w *desired.Stack, want string) {
	t.Helper()
	p := build(e, w)
	expect(t, p, want)
	before := find(t, e, "app").ID
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
	if find(t, e, "app").ID != before {
		t.Error("the container was recreated")
	}
}

// limited is an application with a memory limit.
func limited() *desired.Stack {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) { s.Host.Memory = 64 << 20 })
	return w
}

func TestBuild_LimitChangedByHand_IsUpdatedInPlace(t *testing.T) {
	w := limited()
	e := running(t, w)
	find(t, e, "app").Spec["deploy.resources.limits.memory"] = "134217728"
	repaired(t, e, w, `
		update service app/1
		  because deploy.resources.limits.memory: "134217728" -> "67108864"
		- update container app/1`)
}

func TestBuild_LimitDeclaredAnew_RecreatesSinceTheLabelsWouldLie(t *testing.T) {
	w := limited()
	e := running(t, w)
	edit(w, "app", func(s *desired.Service) { s.Host.Memory = 32 << 20 })
	if p := build(e, w); len(p.Changes) != 1 || p.Changes[0].Action != plan.Recreate {
		t.Errorf("got:\n%s", p)
	}
}

func TestBuild_UnaskedLimitsAddedByHand_AreTakenAwayInPlaceWhereTheEngineCan(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	b := find(t, e, "app")
	b.Spec["deploy.resources.limits.pids"], b.Spec["restart"] = "100", "always"
	repaired(t, e, w, `
		update service app/1
		  because deploy.resources.limits.pids: "100" -> ""
		  because restart: "always" -> ""
		- update container app/1`)
	b.Spec["cpu_shares"] = "512"
	p := build(e, w)
	if len(p.Changes) != 1 || p.Changes[0].Identity() != "recreate service app/1" || p.Changes[0].Causes[0] != (plan.Difference{Field: "cpu_shares", Old: "512"}) {
		t.Errorf("got:\n%s", p)
	}
}

func TestBuild_SwapLimitOfAnEngineThatCanNotLimitSwap_IsNoDrift(t *testing.T) {
	w := limited()
	e := running(t, w)
	find(t, e, "app").Spec["memswap_limit"] = "-1"
	expect(t, build(e, w), ``)
}

func TestBuild_SeveralThingsByHand_AreAllRepairedBeforeItStarts(t *testing.T) {
	w := limited()
	e := running(t, w)
	b := find(t, e, "app")
	b.Spec["deploy.resources.limits.memory"], b.Name, b.State, b.ExitCode = "134217728", "elsewhere", observed.Exited, 1
	delete(b.NetworkIDs, "home_default")
	b.forgetNetwork("home_default")
	repaired(t, e, w, `
		update service app/1
		  because deploy.resources.limits.memory: "134217728" -> "67108864"
		connect service app/1
		  because networks.home_default: "" -> "attached"
		start service app/1
		  because state: "exited" -> "running"
		rename service app/1
		  because container_name: "elsewhere" -> "home-app-1"
		- rename container app/1 to home-app-1
		- update container app/1
		- connect container app/1 to home_default
		- start container app/1
		    after connect container app/1 to home_default
		    after rename container app/1 to home-app-1
		    after update container app/1
		- await container app/1
		    after start container app/1`)
}

func TestBuild_PausedAndUpdated_IsUnpausedFirst(t *testing.T) {
	w := limited()
	e := running(t, w)
	b := find(t, e, "app")
	b.Spec["deploy.resources.limits.memory"], b.State = "134217728", observed.Paused
	repaired(t, e, w, `
		update service app/1
		  because deploy.resources.limits.memory: "134217728" -> "67108864"
		unpause service app/1
		  because state: "paused" -> "running"
		- update container app/1
		    after unpause container app/1
		- unpause container app/1
		- await container app/1
		    after unpause container app/1`)
}

func TestBuild_NetworkDisconnected_ConnectsInPlace(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Networks[0].Settings.Aliases = []string{"portal"}
		s.Networks[0].Settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: "10.0.0.9"}
	})
	e := running(t, w)
	b := find(t, e, "app")
	delete(b.NetworkIDs, "home_default")
	b.forgetNetwork("home_default")
	repaired(t, e, w, `
		connect service app/1
		  because networks.home_default: "" -> "attached"
		  because networks.home_default.aliases: "" -> "portal"
		  because networks.home_default.ipv4_address: "" -> "10.0.0.9"
		- connect container app/1 to home_default`)
}

func TestBuild_AliasesChangedByHand_ConnectsAnew(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) { s.Networks[0].Settings.Aliases = []string{"portal"} })
	e := running(t, w)
	find(t, e, "app").Spec["networks.home_default.aliases"] = "gate"
	repaired(t, e, w, `
		connect service app/1
		  because networks.home_default.aliases: "gate" -> "portal"
		- disconnect container app/1 from home_default
		- connect container app/1 to home_default
		    after disconnect container app/1 from home_default`)
}

func TestBuild_ConnectedByHandToAnotherNetwork_IsDisconnected(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	e.networks["some.lan"] = network.Summary{ID: "lan-id", Name: "some.lan", Driver: "macvlan"}
	b := find(t, e, "app")
	b.NetworkIDs["some.lan"], b.Spec["networks.some.lan"] = "lan-id", "attached"
	repaired(t, e, w, `
		connect service app/1
		  because networks.some.lan: "attached" -> ""
		- disconnect container app/1 from some.lan`)
}

// A container's labels say which document it was made from, to Docker Compose too.
func TestBuild_NetworkDeclaredAnew_RecreatesLikeDockerCompose(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	e.networks["lan"] = network.Summary{ID: "lan-id", Name: "lan", Driver: "macvlan"}
	w.Networks["lan"] = desired.Network{Key: "lan", Name: "lan", External: true}
	edit(w, "app", func(s *desired.Service) {
		s.Networks, s.ComposeHash = append(s.Networks, desired.Attachment{Network: "lan"}), desired.NewComposeHash("another")
	})
	p := build(e, w)
	if len(p.Changes) != 1 || p.Changes[0].Action != plan.Recreate || p.Changes[0].Causes[0].Field != "networks.lan" {
		t.Errorf("got:\n%s", p)
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_NetworkDeleted_StoppedContainerJoinsItsReplacement(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	delete(e.networks, "home_default")
	b := find(t, e, "app")
	b.State, b.ExitCode = observed.Exited, 137
	repaired(t, e, w, `
		create network home_default
		connect service app/1
		  because networks.home_default: "attached to a network that is gone" -> "attached"
		start service app/1
		  because state: "exited" -> "running"
		- create network home_default
		- disconnect container app/1 from home_default
		- connect container app/1 to home_default
		    after create network home_default
		    after disconnect container app/1 from home_default
		- start container app/1
		    after connect container app/1 to home_default
		    after create network home_default
		    after disconnect container app/1 from home_default
		- await container app/1
		    after start container app/1`)
}

// A container that never ran has no identity of its network: its creation was
// answered by nobody, and the roll-back has removed the network since.
func TestBuild_NetworkOfAContainerThatNeverRanIsGone_IsMadeBeforeItStarts(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	b := find(t, e, "app")
	b.State, b.NetworkIDs["home_default"] = observed.Created, ""
	repaired(t, e.clone(), w, `
		start service app/1
		  because state: "created" -> "running"
		- start container app/1
		- await container app/1
		    after start container app/1`)
	delete(e.networks, "home_default")
	repaired(t, e, w, `
		create network home_default
		connect service app/1
		  because networks.home_default: "attached to a network that is gone" -> "attached"
		start service app/1
		  because state: "created" -> "running"
		- create network home_default
		- disconnect container app/1 from home_default
		- connect container app/1 to home_default
		    after create network home_default
		    after disconnect container app/1 from home_default
		- start container app/1
		    after connect container app/1 to home_default
		    after create network home_default
		    after disconnect container app/1 from home_default
		- await container app/1
		    after start container app/1`)
}

func TestBuild_ReferenceOfTheImageRemoved_GivesItBack(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	delete(e.images, "app:1")
	repaired(t, e, w, `
		tag the image of service app/1
		  because image: "sha256:id-app:1-1" -> "app:1"
		- tag image app:1`)
}

func TestBuild_ReferenceOfABuiltImageRemoved_BuildsNothing(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Image = desired.Image{Reference: "home-app", Build: &desired.Build{Hash: "sha256:b1"}}
	})
	e := running(t, w)
	delete(e.images, "home-app")
	repaired(t, e, w, `
		tag the image of service app/1
		  because image: "sha256:from-sha256:b1" -> "home-app"
		- tag image home-app`)
}

// Only a container that does not run lets its image be removed for good.
func TestBuild_ImageRemovedForGood_PullsAndRecreates(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	clear(e.images)
	b := find(t, e, "app")
	b.State, b.ExitCode = observed.Exited, 0
	e.registry["app:1"] = image("app:1", 2)
	p := build(e, w)
	if len(p.Changes) != 1 || p.Changes[0].Action != plan.Recreate || p.Changes[0].Causes[0] != (plan.Difference{Field: "image", Old: "sha256:id-app:1-1", New: "app:1"}) {
		t.Errorf("got:\n%s", p)
	}
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

func TestBuild_ContainerBeingRemoved_IsMadeAgain(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	find(t, e, "app").State = observed.Removing
	p := build(e, w)
	if len(p.Changes) != 1 || p.Changes[0].Action != plan.Recreate || p.Changes[0].Causes[0] != (plan.Difference{Field: "state", Old: "removing", New: "running"}) {
		t.Errorf("got:\n%s", p)
	}
}

func TestBuild_NeverStarted_IsStarted(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	find(t, e, "app").State = observed.Created
	repaired(t, e, w, `
		start service app/1
		  because state: "created" -> "running"
		- start container app/1
		- await container app/1
		    after start container app/1`)
}

// What somebody restricted by hand on an imported project is drift as well.
func TestBuild_ForeignContainerUpdatedByHand_IsUpdatedBack(t *testing.T) {
	w := limited()
	edit(w, "app", func(s *desired.Service) {
		s.ComposeHash, s.Host.RestartPolicy.Name = desired.NewComposeHash("hash"), container.RestartPolicyAlways
	})
	e := running(t, w)
	b := find(t, e, "app")
	delete(b.Labels, desired.LabelSpecHash)
	delete(b.Labels, desired.LabelStack)
	b.Spec["restart"] = "unless-stopped"
	expect(t, plan.Build(w, e.observe(stackName), plan.Options{Adopt: true}), `
		update service app/1
		  because restart: "unless-stopped" -> "always"
		- update container app/1`)
}
