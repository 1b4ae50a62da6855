package stack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestAccStack_PullCutOffTwice_SucceedsAtTheThirdTry(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "base:1")
	r.forget(t, "base:1")
	r.pushNew(t, "base:1", "shaky:1")
	faults := &countdown{left: 2}
	r.behaves(cutConfigs(faults))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config:            pullConfig(t, acctest.Name(t), r.address+"/shaky:1", "missing"),
		ConfigStateChecks: []statecheck.StateCheck{expectWeb("state", "running")},
	}}})
	faults.requireNone(t)
}

func TestAccStack_TooManyRequests_AreWaitedOut(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "busy:1")
	r.forget(t, "busy:1")
	digest := r.digest(t, "busy:1")
	config := pullConfig(t, acctest.Name(t), r.address+"/busy:1", "digest")
	faults, more := &countdown{left: 9}, &countdown{left: 1}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{PreConfig: func() { r.behaves(tooMany(faults)) }, Config: config, // 4 are for the plan's look-up, which keeps what it knows
			ConfigStateChecks: []statecheck.StateCheck{expectWeb("digest", digest), expectWeb("state", "running")}},
		{PreConfig: func() { faults.requireNone(t); r.behaves(tooMany(more)) }, Config: config, ConfigPlanChecks: emptyPlan},
	}})
	more.requireNone(t)
}

func TestAccStack_ImageAbsent_IsAskedForOnce(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config:      pullConfig(t, acctest.Name(t), r.address+"/absent:1", "missing"),
		ExpectError: regexp.MustCompile(`check\s+the\s+image's\s+spelling`),
	}}})
	r.mu.Lock()
	defer r.mu.Unlock()
	tries := 0
	r.asked = slices.DeleteFunc(r.asked, func(request string) bool { return strings.HasSuffix(request, fromProvider) })
	for i, request := range r.asked { // engines ask with HEAD, then GET, and some once more for each
		if strings.Contains(request, "/manifests/") && (i == 0 || !strings.Contains(r.asked[i-1], "/manifests/")) {
			tries++
		}
	}
	if tries > 1 || len(r.asked) > 8 {
		t.Errorf("requests: %q", r.asked)
	}
}

// always fetches whenever a container is made, and never makes one for it: to
// follow a tag is what digest is for.
func TestAccStack_PullAlways_MovedTagArrivesWithTheNextContainer(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "moving:always")
	first := r.digest(t, "moving:always")
	stack, ref := acctest.Name(t), r.address+"/moving:always"
	config := pullConfig(t, stack, ref, "always")
	changed := acctest.Provider(labtest.Host(t)) + pullingStack(stack, ref, "always", "changed")
	var second string
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{expectWeb("digest", first)}},
		{
			PreConfig: func() {
				r.push(t, images.AppV2, "moving:always")
				second = r.digest(t, "moving:always")
				if err := r.engine.ImageTag(t.Context(), images.AppV1, ref); err != nil {
					t.Fatal(err)
				}
				r.took("")
			},
			Config: config, ConfigPlanChecks: emptyPlan,
		},
		{
			PreConfig: func() {
				if n := r.took(""); n > 0 {
					t.Errorf("a plan without pull = digest sent a registry %d requests", n)
				}
			},
			Config:            changed,
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue("homelab_stack.test", webService.AtMapKey("digest"))}},
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue("homelab_stack.test", webService.AtMapKey("digest"), is(&second))},
		},
	}})
}

// A container that shares the namespaces of another one is made last; its image
// must be there before anything stops all the same.
func TestAccStack_PullFails_NothingStops(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	recorder := acctest.Record(t, labtest.Host(t))
	stack := acctest.Name(t)
	config := func(value, image string) string {
		return acctest.Provider(recorder.Host) + fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  compose = <<-YAML
    services:
      vpn: { image: %s, stop_grace_period: 1s, environment: { V: %q } }
      web: { image: %s, stop_grace_period: 1s, network_mode: "service:vpn", command: [sleep] }
      old: { image: %s, stop_grace_period: 1s, environment: { V: %q } }
  YAML
}
`, stack, images.AppV1, value, image, images.AppV1, value)
	}
	stops := func() []string {
		var out []string
		for _, request := range acctest.Writes(recorder.Take()) {
			if !strings.HasSuffix(request.Path, "/images/create") && !strings.HasSuffix(request.Path, "/containers/create") {
				out = append(out, request.String())
			}
		}
		return out
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config("1", images.AppV1)},
		{
			PreConfig:   func() { recorder.Take() },
			Config:      config("2", r.address+"/absent:2"),
			ExpectError: regexp.MustCompile(`check\s+the\s+image's\s+spelling`),
		},
		{
			PreConfig: func() {
				for _, request := range stops() {
					if !strings.HasPrefix(request, "DELETE ") { // of what was made before the pull failed
						t.Errorf("the engine was sent %s", request)
					}
				}
			},
			Config: config("1", images.AppV1), ConfigPlanChecks: emptyPlan,
		},
	}})
}
