package plan

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

func TestCompletes_OfOneThatIsImported_FollowsFromItsRestartPolicy(t *testing.T) {
	for restart, want := range map[string]bool{"": true, "on-failure": true, "on-failure:3": true, "always": false, "unless-stopped": false} {
		c := observed.Container{Spec: desired.Spec{}}
		if restart != "" {
			c.Spec["restart"] = restart
		}
		if got := completes([]observed.Container{c}, Record{}, "job"); got != want {
			t.Errorf("restart %q: %t", restart, got)
		}
	}
}

func TestMemoryView_TwoNetworksOrVolumesWithOneKey_ShowsTheSameEachTime(t *testing.T) {
	have := &observed.Stack{Name: "home", Networks: map[string]observed.Network{}, Volumes: map[string]observed.Volume{}}
	for _, name := range []string{"home_a", "home_b", "home_c", "home_d"} {
		have.Networks[name] = observed.Network{Name: name, Labels: map[string]string{desired.LabelProject: "home", desired.LabelNetwork: "default"}}
		have.Volumes[name] = observed.Volume{Name: name, Labels: map[string]string{desired.LabelProject: "home", desired.LabelVolume: "data"}}
	}
	remembered := map[string]string{"a": "home_a", "b": "home_a", "c": "home_a", "d": "home_a"}
	for range 50 {
		if view := (Record{}).view(have, View{}); view.Networks["default"].Name != "home_d" || view.Volumes["data"].Name != "home_d" {
			t.Fatalf("shown: %v, %v", view.Networks, view.Volumes)
		}
		if view := (Record{Networks: remembered, Volumes: remembered}).view(have, View{}); view.Networks["d"].Name != "home_a" || view.Volumes["d"].Name != "home_a" {
			t.Fatalf("shown: %v, %v", view.Networks, view.Volumes)
		}
	}
}
