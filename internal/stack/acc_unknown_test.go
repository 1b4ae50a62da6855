package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// later is a value that is known only after terraform_data.later is applied.
func later(value string) string {
	return fmt.Sprintf("resource \"terraform_data\" \"later\" {\n  input = %q\n}\n", value)
}

const greeting = `
services:
  web:
    image: homelab.test/app:1
    environment: {GREETING: "${GREETING:-}"}
    secrets: [token]
  still:
    image: homelab.test/app:1
secrets: {token: {environment: TOKEN}}
`

func TestAccStack_ValueKnownOnlyAtApply_PlansUnknownAndConverges(t *testing.T) {
	for name, tc := range map[string]struct{ value, old, new string }{
		"compose":   {"hello", "compose = ", "compose = replace(<<YAML\n" + strings.ReplaceAll(greeting, "${GREETING:-}", "GREETING") + "YAML\n, \"GREETING\", terraform_data.later.output)"},
		"variables": {"hello", "variables = ", "variables = { GREETING = terraform_data.later.output }"},
		"secrets":   {"hello", "secrets = ", "secrets = { TOKEN = terraform_data.later.output }"},
		"node":      {"local", "node = ", "node = terraform_data.later.output"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			arguments := map[string]string{
				"compose = ": "compose = " + heredoc(greeting), "variables = ": `variables = { GREETING = "hello" }`,
				"secrets = ": `secrets = { TOKEN = "t0ken" }`, "node = ": `node = "local"`,
			}
			arguments[tc.old] = tc.new
			config := func(value string) string {
				var lines []string
				for _, key := range sortedKeys(arguments) {
					lines = append(lines, arguments[key])
				}
				return acctest.Provider(b.host) + later(value) + fmt.Sprintf("resource \"homelab_stack\" \"test\" {\n  name = %q\n  %s\n}\n", b.name, strings.Join(lines, "\n  "))
			}
			services := tfjsonpath.New("services")
			steps := []resource.TestStep{{
				Config:           config(tc.value),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, services)}},
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address,
					services.AtMapKey("web").AtMapKey("state"), knownvalue.StringExact("running"))},
			}}
			if name != "node" {
				still := &witness{b: b}
				steps = append(steps, resource.TestStep{
					PreConfig:         still.look,
					Config:            config("good evening"),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, services)}},
					ConfigStateChecks: []statecheck.StateCheck{still.onlyTouched("web/1")},
				})
			}
			b.test(steps...)
		})
	}
}
