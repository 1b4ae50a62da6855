package stack_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// Every spelling that a plan lets through is one with the engine's answer: the apply
// ends without a difference, the next plan is empty, and docs/dev/spellings.md has
// the answer.
func TestAccStack_Spellings_EndInAnEmptyPlan(t *testing.T) {
	c, engine, name := acctest.NewCLI(t), labtest.Engine(t), acctest.Name(t)
	outside := name + "-outside"
	sweepStack(t, engine, name)
	sweepStack(t, engine, outside)
	stack := func(resource, name, document string) string {
		return fmt.Sprintf("resource \"homelab_stack\" %q {\n  name = %q\n  compose = <<-EOT\n%sEOT\n}\n", resource, name, document)
	}
	first := acctest.Provider(labtest.Host(t)) + stack("outside", outside, fmt.Sprintf("services: {o: {image: 'homelab.test/app:1', container_name: %s}}\n", outside))
	c.Write(t, "main.tf", first)
	c.Apply(t)
	id := containerID(t, engine, outside)
	var carried []spelling
	for _, s := range spellings {
		if s.at != "" {
			carried = append(carried, s)
		}
	}
	services := spelledServices(carried)
	there := strings.NewReplacer("STACK", name, "OUTSIDE", outside, "SHORTID", id[:12], "FULLID", id)
	c.Write(t, "main.tf", first+stack("this", name, spelledDocument(services, there)))
	c.Apply(t)
	c.RequireEmptyPlan(t)
	version, err := engine.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for i, list := range services {
		container, err := engine.ContainerInspect(t.Context(), fmt.Sprintf("%s-s%d-1", name, i))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(container)
		if err != nil {
			t.Fatal(err)
		}
		back := strings.NewReplacer(outside, "OUTSIDE", name, "STACK", id, "FULLID", container.ID[:12], "ITSELF")
		for _, s := range list {
			seen[s.cell()] = "`" + back.Replace(answered(t, text, there.Replace(s.at))) + "`"
		}
	}
	release, _, _ := strings.Cut(version.Version, "-")
	parts := strings.SplitN(release, ".", 3)
	holdSpellings(t, "engine "+strings.Join(parts[:min(2, len(parts))], "."), seen)
}

// answered is what an engine's description of a container has at a place.
func answered(t *testing.T, text []byte, at string) string {
	t.Helper()
	var node any
	if err := json.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	for key := range strings.SplitSeq(at, ".") {
		fields, _ := node.(map[string]any)
		node = fields[key]
	}
	if labels, ok := node.(map[string]any); ok && at == "Config.Labels" {
		for label := range labels {
			if desired.IsManagementLabel(label) {
				delete(labels, label)
			}
		}
	}
	out, err := json.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
