package plan_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestBuild_AnonymousVolumes_GoOverToWhoStillAsksForThem(t *testing.T) {
	w := stackOf(service("app"))
	have := running(t, w).observe(stackName)
	have.Services["app"][0].Anonymous = map[string]string{"/declared": "one", "/image": "two", "/dropped": "three", "/named": "four"}
	img := have.Images["app:1"]
	img.Spec = maps.Clone(img.Spec)
	if img.Spec == nil {
		img.Spec = desired.Spec{}
	}
	img.Spec["volumes./image"], img.Spec["volumes./named"] = "volume (anonymous)", "volume (anonymous)"
	have.Images["app:1"] = img
	s := w.Services["app"]
	s.Config.Hostname = "other"
	s.Mounts = []desired.Mount{{Type: desired.MountVolume, Target: "/declared"}, {Type: desired.MountVolume, Source: "data", Target: "/named"}}
	w.Services["app"] = s
	w.Volumes["data"] = desired.Volume{Key: "data", Name: "data"}
	for _, op := range plan.Build(w, have, plan.Options{}).Operations {
		if op.Kind == plan.CreateContainer {
			if got := slices.Sorted(maps.Keys(op.Inherit)); !slices.Equal(got, []string{"/declared", "/image"}) {
				t.Errorf("inherited %v", got)
			}
			return
		}
	}
	t.Error("no container is made")
}
