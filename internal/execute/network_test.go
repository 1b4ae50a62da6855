package execute

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// TestRun_NetworkIsLeftLate has engines refuse for a while what they do once they have
// noticed that nobody is on a network, or that it is gone.
func TestRun_NetworkIsLeftLate_IsRemovedOrMadeWhenItIs(t *testing.T) {
	remove := plan.Operation{ID: "n", Kind: plan.RemoveNetwork, Name: "n"}
	create := func(driver string) plan.Operation {
		return plan.Operation{ID: "n", Kind: plan.CreateNetwork, Name: "n", Made: &desired.Network{Name: "n", Driver: driver}}
	}
	const (
		endpoints = "error while removing network: network n id 1 has active endpoints"
		task      = "rpc error: code = FailedPrecondition desc = network n is in use by task 1"
		part      = "Error response from daemon: network 4w37kbu8633dhmhj1hynia914 not found"
		taken     = "Error response from daemon: network with name n already exists"
		never     = 1000
	)
	for name, c := range map[string]struct {
		op       plan.Operation
		refusals int
		says     string
		done     bool
	}{
		"at once":                      {remove, 0, endpoints, true},
		"after a few refusals":         {remove, 3, endpoints, true},
		"never":                        {remove, never, endpoints, false},
		"a task has it":                {remove, 3, task, true},
		"a node has a part of it":      {remove, 3, part, true},
		"refused for something else":   {remove, 1, "permission denied", false},
		"the name is taken, swarm":     {create("overlay"), 3, taken, true},
		"the name stays taken, swarm":  {create("overlay"), never, taken, false},
		"the name is taken, one node":  {create("bridge"), 1, taken, false},
		"something else, of the swarm": {create("overlay"), 1, "invalid option", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := c.refusals
				f := &fake{fault: func(context.Context, string) error {
					if left--; left < 0 {
						return nil
					}
					return errors.New(c.says)
				}}
				w, p := pulls(&c.op)
				err := Run(t.Context(), f, w, p, Options{})
				if (err == nil) != c.done {
					t.Errorf("error: %v", err)
				}
			})
		})
	}
}

// Endpoints of no container are disconnected, those of containers stay.
func TestRun_NetworkKeepsALostEndpoint_IsRemovedWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := true
		f := &fake{networks: map[string]network.Inspect{"n": {Name: "n", Containers: map[string]network.EndpointResource{"ep-1": {Name: "gone"}, "c1": {Name: "web"}}}}}
		f.fault = func(_ context.Context, call string) error {
			switch {
			case call == "disconnect gone from n force=true":
				lost = false
			case strings.HasPrefix(call, "disconnect "):
				t.Errorf("%s: it belongs to a container", call)
			case lost:
				return errors.New("error while removing network: network n id 1 has active endpoints")
			}
			return nil
		}
		w, p := pulls(&plan.Operation{ID: "n", Kind: plan.RemoveNetwork, Name: "n"})
		if err := Run(t.Context(), f, w, p, Options{}); err != nil {
			t.Error(err)
		}
	})
}
