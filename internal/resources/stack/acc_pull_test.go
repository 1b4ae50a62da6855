package stack_test

import (
	"fmt"
	"regexp"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func pullConfig(t *testing.T, stack, ref, pull string) string {
	t.Helper()
	return acctest.Provider(labtest.Host(t)) + pullingStack(stack, ref, pull, "")
}

// pullThrough is pullConfig with a provider block that has registries.
func pullThrough(t *testing.T, registries, stack, ref, pull string) string {
	t.Helper()
	return fmt.Sprintf("provider \"homelab\" {\n  nodes = { local = { host = %q } }\n  registries = {%s}\n}\n", labtest.Host(t), registries) +
		pullingStack(stack, ref, pull, "")
}

// pullingStack is a stack of one service; more is added to its environment.
func pullingStack(stack, ref, pull, more string) string {
	return fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  pull    = %q
  compose = <<-YAML
    services:
      web:
        image: %s
        stop_grace_period: 1s
        environment: { TZ: UTC, MORE: %q }
  YAML
}
`, stack, pull, ref, more)
}

func TestAccStack_ImageMissing_IsPulled(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "app:1")
	r.forget(t, "app:1")
	r.took("")
	config := pullConfig(t, acctest.Name(t), r.address+"/app:1", "missing")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("homelab_stack.test", tfjsonpath.New("services").AtMapKey("web").AtMapKey("digest"),
				knownvalue.StringRegexp(regexp.MustCompile(`^sha256:[0-9a-f]{64}$`))),
			statecheck.ExpectKnownValue("homelab_stack.test", tfjsonpath.New("services").AtMapKey("web").AtMapKey("state"),
				knownvalue.StringExact("running")),
		}},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
	if r.took("/manifests/") == 0 {
		t.Error("the node did not ask the registry")
	}
}

// The tag moves once more between plan and apply: what runs is what was planned.
func TestAccStack_PullDigest_MovedTagIsPlannedAndApplied(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "moving:stable")
	first, second, third := r.digest(t, "moving:stable"), "", ""
	config := pullConfig(t, acctest.Name(t), r.address+"/moving:stable", "digest")
	showsBoth := acctest.PlanCheck(func(plan *tfjson.Plan) error {
		return acctest.ExpectDifferences("homelab_stack.test", fmt.Sprintf("services.web.digest: %q -> %q", first, second),
			`services.web.state: "running" -> `+acctest.Unknown)(plan) // whether it has a health check is the new image's business
	})
	moveAgain := acctest.PlanCheck(func(*tfjson.Plan) error {
		r.pushNew(t, "moving:stable", "moving:stable")
		third = r.digest(t, "moving:stable")
		return nil
	})
	digestIs := func(want *string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownValue("homelab_stack.test", webService.AtMapKey("digest"), is(want))}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: digestIs(&first)},
		{Config: config, ConfigPlanChecks: emptyPlan},
		{
			PreConfig: func() {
				r.push(t, images.AppV2, "moving:stable")
				second = r.digest(t, "moving:stable")
				// The node's own tag still means the first image, as on a node that pulled long ago.
				if err := r.engine.ImageTag(t.Context(), images.AppV1, r.address+"/moving:stable"); err != nil {
					t.Fatal(err)
				}
			},
			Config:             config,
			ConfigPlanChecks:   resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{showsBoth, moveAgain}},
			ConfigStateChecks:  digestIs(&second),
			ExpectNonEmptyPlan: true,
		},
		{Config: config, ConfigStateChecks: digestIs(&third)},
		{PreConfig: r.stop, Config: config, ConfigPlanChecks: emptyPlan},
	}})
}

func TestAccStack_ImageNotInRegistry_SaysSoAndChangesNothing(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config:      pullConfig(t, acctest.Name(t), r.address+"/nope:1", "missing"),
		ExpectError: regexp.MustCompile(`(?s)pull\s+image\s+` + regexp.QuoteMeta(r.address) + `/nope:1.*check\s+the\s+image's\s+spelling`),
	}}})
}
