package plan_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// fetchesFirst checks that nothing stops or restarts before every image is there.
func fetchesFirst(t *testing.T, p *plan.Plan) {
	t.Helper()
	var reach func(op *plan.Operation, into map[*plan.Operation]bool)
	reach = func(op *plan.Operation, into map[*plan.Operation]bool) {
		for _, need := range op.Needs {
			if !into[need] {
				into[need] = true
				reach(need, into)
			}
		}
	}
	for _, op := range p.Operations {
		if op.Kind != plan.StopContainer && op.Kind != plan.RestartContainer {
			continue
		}
		before := map[*plan.Operation]bool{}
		reach(op, before)
		for _, fetch := range p.Operations {
			if (fetch.Kind == plan.PullImage || fetch.Kind == plan.BuildImage) && !before[fetch] {
				t.Errorf("%q does not wait for %q:\n%s", op.ID, fetch.ID, p)
			}
		}
	}
}

// A container that shares another one's namespaces is made after that one, and so
// after the old ones stopped; its image must be there before all the same.
func TestBuild_NamespaceChildHasANewImage_NothingStopsBeforeItIsThere(t *testing.T) {
	w := stackOf(service("vpn"), service("worker"), service("app"))
	edit(w, "worker", func(s *desired.Service) { s.Host.NetworkMode, s.Networks = "service:vpn", nil })
	e := running(t, w)
	edit(w, "vpn", func(s *desired.Service) { s.Config.Env = []string{"NEW=1"} })
	edit(w, "worker", func(s *desired.Service) { s.Image.Reference = "worker:2" })
	delete(w.Services, "app")
	p := plan.Build(w, e.observe(stackName), plan.Options{})
	pulls := 0
	for _, op := range p.Operations {
		if op.Kind == plan.PullImage {
			pulls++
		}
	}
	if pulls != 1 {
		t.Fatalf("plan:\n%s", p)
	}
	fetchesFirst(t, p)
}
