package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// times is how often the same input is planned: often enough to see the order of a map.
const times = 50

// sameText plans again and again, and fails where what a user reads differs.
func sameText(t *testing.T, build func() *plan.Plan) {
	t.Helper()
	text := func() string {
		p := build()
		return fmt.Sprintf("%s\nproblems: %q\nwarnings: %q", p, details(p.Problems), p.Warnings)
	}
	first := text()
	for range times {
		if again := text(); again != first {
			t.Fatalf("planned once:\n%s\nplanned again:\n%s", first, again)
		}
	}
}

// widely is a service on several networks of the stack.
func widely() *desired.Stack {
	w := stackOf(service("app"))
	for _, key := range []string{"a", "b", "c"} {
		w.Networks[key] = desired.Network{Key: key, Name: "home_" + key}
		edit(w, "app", func(s *desired.Service) {
			s.Networks = append(s.Networks, desired.Attachment{Network: "home_" + key})
		})
	}
	return w
}

func TestBuild_SeveralReasonsForStopFirst_SameWarningEachTime(t *testing.T) {
	t.Run("replaced networks", func(t *testing.T) {
		w := widely()
		edit(w, "app", func(s *desired.Service) { s.UpdateOrder = desired.StartFirst })
		e := running(t, w)
		for key, n := range w.Networks {
			n.Internal = true
			w.Networks[key] = n
		}
		sameText(t, func() *plan.Plan { return build(e, w) })
	})
	t.Run("published ports", func(t *testing.T) {
		w := served()
		e := running(t, w)
		for port := 80; port < 90; port++ {
			find(t, e, "app").Spec[fmt.Sprintf("ports.%d/tcp", port)] = fmt.Sprintf("0.0.0.0:%d", port+8000)
		}
		sameText(t, func() *plan.Plan { return build(e, w) })
	})
}

func TestBuild_SeveralNetworksGone_SameCausesEachTime(t *testing.T) {
	w := widely()
	e := running(t, w)
	for _, n := range w.Networks {
		delete(e.networks, n.Name)
	}
	sameText(t, func() *plan.Plan { return build(e, w) })
}

func TestBuild_StartFirstImpossibleForOneReplica_StopsAllFirst(t *testing.T) {
	for _, at := range []int{1, 2, 3} {
		w := stackOf(service("app"))
		edit(w, "app", func(s *desired.Service) {
			s.UpdateOrder, s.Replicas = desired.StartFirst, 3
			s.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "true"}}
		})
		e := running(t, w)
		for _, b := range e.containers {
			if b.Number == at {
				b.Spec["ports.80/tcp"] = "0.0.0.0:8080" // published by hand
			}
		}
		edit(w, "app", func(s *desired.Service) { s.Config.Env = []string{"A=1"} })
		p := build(e, w)
		requireOne(t, "warnings", p.Warnings, `Service "app" is replaced stop-first, though its update order is start-first: only one container can publish port 8080/tcp`)
		for _, op := range p.Operations {
			if op.Kind == plan.StopContainer && slices.ContainsFunc(op.Needs, func(need *plan.Operation) bool { return need.Kind == plan.AwaitContainer }) {
				t.Errorf("replica %d publishes a port, and %s is start-first", at, op.ID)
			}
		}
	}
}
