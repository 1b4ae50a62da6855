package plan_test

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestBuild_CreateOnAStackOfAnotherState_IsRefused(t *testing.T) {
	w := website()
	have := running(t, w).observe(stackName)
	p := plan.Build(stackOf(service("c")), have, plan.Options{Create: true})
	if len(p.Problems) != 1 || !p.Problems[0].Foreign || !p.Problems[0].Owned || len(p.Operations) > 0 || !p.MayClear {
		t.Fatalf("plan: %+v", p)
	}
	want := `Stack "home" is on the node already, with services "app", "db", "proxy" and network "home_default", and this`
	if !strings.HasPrefix(p.Problems[0].Detail, want) {
		t.Errorf("got %s", p.Problems[0].Detail)
	}
	if p := plan.Build(w, have.Gone(), plan.Options{Create: true}); len(p.Problems) > 0 {
		t.Errorf("of a stack that goes first: %v", p.Problems)
	}
	if p := plan.Build(w, have, plan.Options{}); len(p.Problems)+len(p.Changes) > 0 {
		t.Errorf("of a stack that is in state: %+v", p)
	}
}

func TestBuild_CreateAfterOneThatWasCutOff_NamesWhatItTakesUpAndRemoves(t *testing.T) {
	have := running(t, website()).observe(stackName)
	have.Unfinished = true
	w := website()
	delete(w.Services, "proxy")
	p := plan.Build(w, have, plan.Options{Create: true})
	if len(p.Problems) > 0 {
		t.Fatal(p.Problems)
	}
	all := strings.Join(p.Warnings, "\n")
	for _, part := range []string{`An apply that was to create stack "home" was cut off.`, `services "app", "db", "proxy"`, "It removes of that: service proxy/1."} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not in %s", part, all)
		}
	}
}

func TestBuild_CreateFindsData_SaysThatItIsUsed(t *testing.T) {
	w, e := stackOf(service("app")), newEngine()
	w.Volumes["data"] = desired.Volume{Key: "data", Name: "home_data"}
	have := e.observe(stackName)
	have.Volumes["home_data"] = volume.Volume{Name: "home_data", Labels: map[string]string{desired.LabelProject: stackName, desired.LabelVolume: "data"}}
	p := plan.Build(w, have, plan.Options{Create: true})
	if len(p.Problems) > 0 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], `uses the data that the node has in the volume "home_data"`) {
		t.Errorf("plan: %+v", p)
	}
}
