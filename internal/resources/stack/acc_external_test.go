package stack_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestAccStack_ExternalNetworkOfAnotherStack_IsPlannedBeforeItExists(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	name := acctest.Name(t)
	config := acctest.Provider(labtest.Host(t)) + fmt.Sprintf(`
resource "homelab_stack" "proxy" {
  name    = "%[1]s-proxy"
  compose = <<-YAML
    services:
      web: { image: "homelab.test/app:1", stop_grace_period: 1s, networks: [shared] }
    networks:
      shared: { internal: true }
  YAML
}

resource "homelab_stack" "app" {
  name    = "%[1]s-app"
  compose = <<-YAML
    services:
      web: { image: "homelab.test/app:1", stop_grace_period: 1s, networks: [shared] }
    networks:
      shared: { external: true, name: %[1]s-proxy_shared }
  YAML
  depends_on = [homelab_stack.proxy]
}
`, name)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue("homelab_stack.app",
			tfjsonpath.New("networks").AtMapKey("shared").AtMapKey("internal"), knownvalue.Bool(true))}},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
}

func TestAccStack_ExternalNetworkThatNobodyMakes_IsRefusedBeforeAnythingIsWritten(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	recorder := acctest.Record(t, labtest.Host(t))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config: acctest.Provider(recorder.Host) + fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  compose = <<-YAML
    services:
      web: { image: "homelab.test/app:1", networks: [shared] }
    networks:
      shared: { external: true, name: hltest-nobody-makes-it }
  YAML
}
`, acctest.Name(t)),
		ExpectError: regexp.MustCompile(`(?s)no\s+network\s+named\s+"hltest-nobody-makes-it"\s+exists`),
	}}})
	if writes := acctest.Writes(recorder.Take()); len(writes) > 0 {
		t.Errorf("the engine was sent %v", writes)
	}
}
