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

// Of a stack whose secrets are not known yet, all else is planned.
func TestAccStack_SecretKnownOnlyAtApply_LeavesOpenWhatItReaches(t *testing.T) {
	for name, secrets := range map[string]string{
		"one":   "{ TOKEN = terraform_data.later.output }",
		"names": `{ for value in split(",", terraform_data.later.output) : "TOKEN" => value }`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			config := func(value, greeting string) string {
				return acctest.Provider(b.host) + later(value) + fmt.Sprintf("resource \"homelab_stack\" \"test\" {\n  name = %q\n  compose = %s\n  variables = { GREETING = %q }\n  show_values = [\"environment.GREETING\"]\n  secrets = %s\n}\n",
					b.name, heredoc(tokens), greeting, secrets)
			}
			const open = `"secret (version 1)" -> ` + acctest.Unknown
			parts := &witness{b: b}
			b.test(
				resource.TestStep{
					Config: config("t0ken", "hello"),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						expectSpec("web", "secrets./run/secrets/token", "secret (version 1)"),
						expectSpec("env", "environment.TOKEN", "secret (version 1)"),
						expectSpec("still", "environment.GREETING", "hello"),
					}},
				},
				resource.TestStep{
					PreConfig: parts.look,
					Config:    config("another", "hello"),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{acctest.ExpectDifferences(address,
						"services.web.spec.secrets./run/secrets/token: "+open, "services.env.spec.environment.TOKEN: "+open,
						"services.shares.state: \"running\" -> "+acctest.Unknown)}},
					ConfigStateChecks: []statecheck.StateCheck{parts.onlyTouched("web/1", "env/1", "shares/1")},
				},
			)
		})
	}
}

// tokens has a service for every way by which a secret that is not known matters.
const tokens = `
services:
  web:
    image: homelab.test/app:1
    secrets: [token]
  env:
    image: homelab.test/app:1
    environment: ["TOKEN"]
  shares:
    image: homelab.test/app:1
    command: [sleep]
    network_mode: service:env
  still:
    image: homelab.test/app:1
    environment: {GREETING: "${GREETING}"}
secrets: {token: {environment: TOKEN}}
`

func expectSpec(service, field, value string) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, tfjsonpath.New("services").AtMapKey(service).AtMapKey("spec").AtMapKey(field), knownvalue.StringExact(value))
}
