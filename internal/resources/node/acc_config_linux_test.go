package node_test

import (
	"fmt"
	"regexp"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// mistakes are named at plan, each with what to write instead.
func (h *house) mistakes() {
	h.recorder = acctest.Record(h.T, h.node.Host)
	var steps []resource.TestStep
	for directories, message := range map[string]string{
		`"srv/media" = {}`:                    `is not absolute: write the path from the node's root`,
		`"/srv/media/" = {}`:                  `has other spellings: write "/srv/media"`,
		`"/proc/x" = {}`:                      `belongs to the kernel`,
		`"/var/lib/docker/x" = {}`:            `belongs to the Docker engine`,
		`"/srv/media" = { mode = 0750 }`:      `"750" is not a mode: write four octal digits in quotes`,
		`"/srv/media" = { uid = 4294967295 }`: `must be between 0 and 4294967294`,
	} {
		steps = append(steps, resource.TestStep{Config: h.config(directories), PlanOnly: true, ExpectError: regexp.MustCompile(anySpace(message))})
	}
	resource.Test(h, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
	if requests := h.recorder.Take(); len(requests) > 0 {
		h.Errorf("mistakes that need no node asked one: %v", requests)
	}
}

// anySpace lets Terraform break lines in a message.
func anySpace(message string) string {
	return regexp.MustCompile(` +`).ReplaceAllString(regexp.QuoteMeta(message), `\s+`)
}

const laterConfig = `
provider "homelab" {
  nodes = { %s = { host = %q, when_offline = "keep" } }
}
resource "terraform_data" "user" {
  input = 1000
}
resource "homelab_node" "this" {
  name        = "this"
  labels      = { room = %q }
  directories = { "/srv/later" = { uid = terraform_data.user.output, mode = "0700" } }
}
`

// values takes what is only known at apply, labels that change, a node that is
// away, and one that is no longer configured.
func (h *house) values() {
	h.recorder = acctest.Record(h.T, h.node.Host)
	config := func(node, host, room string) string { return fmt.Sprintf(laterConfig, node, host, room) }
	attic := config("this", h.recorder.Host, "attic")
	cellar := config("this", h.recorder.Host, "cellar")
	away := config("this", "unix:///nonexistent/docker.sock", "cellar")
	unknown := acctest.PlanCheck(func(plan *tfjson.Plan) error {
		change, err := acctest.Change(plan, address)
		if err != nil {
			return err
		}
		for _, line := range acctest.Differences(change) {
			if line == "directories./srv/later.uid: (absent) -> "+acctest.Unknown {
				return nil
			}
		}
		return fmt.Errorf("the owner is not shown as unknown: %v", acctest.Differences(change))
	})
	resource.Test(h, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			expecting(h.step(attic, func() error { return h.expect("/srv/later", h.root+1000, h.root, 0o700) }), unknown),
			h.plans(attic, plancheck.ExpectEmptyPlan()),
			expecting(h.step(cellar), acctest.ExpectDifferences(address, `labels.room: "attic" -> "cellar"`), h.forget()),
			{Config: cellar, PlanOnly: true, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{h.onlyRead()}}},
			{Config: away, PlanOnly: true},
			{Config: config("other", h.recorder.Host, "cellar"), PlanOnly: true,
				ExpectError: regexp.MustCompile(`(?s)Node of a resource is not configured.*homelab_node\.NAME`)},
			h.step(cellar),
		},
	})
}

// expecting adds checks of a step's plan.
func expecting(step resource.TestStep, checks ...plancheck.PlanCheck) resource.TestStep {
	step.ConfigPlanChecks.PreApply = append(step.ConfigPlanChecks.PreApply, checks...)
	return step
}

// forget drops what the engine was sent so far.
func (h *house) forget() acctest.PlanCheck {
	return func(*tfjson.Plan) error {
		h.recorder.Take()
		return nil
	}
}

// onlyRead checks that nothing was written since the recorder was last asked.
func (h *house) onlyRead() acctest.PlanCheck { return acctest.ExpectOnlyReads(h.recorder) }
