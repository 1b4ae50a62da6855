package plan_test

import (
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// TestBuild_FieldThatTheEngineDrops_IsNoDrift is about engines that drop settings
// without a word, as 20.10 does with annotations: a container that was made from
// the same definition has all it will ever have.
func TestBuild_FieldThatTheEngineDrops_IsNoDrift(t *testing.T) {
	annotated := func(value string) *desired.Stack {
		w := stackOf(service("app"))
		edit(w, "app", func(s *desired.Service) {
			s.Host.Annotations = map[string]string{"note": value}
			s.Host.Resources = container.Resources{CPUPercent: 50}
		})
		return w
	}
	e := running(t, annotated("one"))
	have := e.observe(stackName)
	for i := range have.Services["app"] {
		delete(have.Services["app"][i].Spec, "annotations.note")
		delete(have.Services["app"][i].Spec, "cpu_percent")
	}
	if p := plan.Build(annotated("one"), have, plan.Options{}); len(p.Operations) > 0 {
		t.Errorf("the same definition: %s", p)
	}
	if p := plan.Build(annotated("two"), have, plan.Options{}); len(p.Operations) == 0 {
		t.Error("another definition changes nothing")
	}
}
