package topology_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// twoStacks joins two stacks by a network, and draws both homelabs. NAME and HOST
// are filled in.
const twoStacks = `
provider "homelab" {
  nodes = {
    local = { host = "HOST" }
    attic = { host = "unix:///nonexistent/NAME.sock" }
  }
}

resource "homelab_stack" "front" {
  name    = "NAME-front"
  compose = <<-YAML
    services:
      web:
        image: homelab.test/app:1
        depends_on: [api]
        ports: ["127.0.0.1::8080"]
        labels:
          homelab.criticality: critical
          traefik.http.routers.web.rule: Host(` + "`web.home.arpa`" + `)
      api:
        image: homelab.test/app:1
        environment: {TOKEN: "$${TOKEN:?the token}"}
      sidecar: {image: "homelab.test/app:1", command: [sleep], network_mode: "service:web"}
    networks:
      default: {ipam: {config: [{subnet: 10.213.29.0/24}]}}
  YAML
  secrets = { TOKEN = "correct horse battery staple" }
}

resource "terraform_data" "late" {
  input = "host"
}

resource "homelab_stack" "back" {
  name       = "NAME-back"
  compose    = <<-YAML
    services:
      batch: {image: "homelab.test/app:1", command: [sleep], volumes_from: [store], networks: [front, default]}
      store: {image: "homelab.test/app:1", command: [sleep]}
      agent: {image: "homelab.test/app:1", command: [sleep], network_mode: "$${MODE}"}
    networks:
      front: {external: true, name: NAME-front_default}
  YAML
  variables  = { MODE = terraform_data.late.output }
  depends_on = [homelab_stack.front]
}

locals {
  drawn = [homelab_stack.front]
}

data "homelab_topology" "declared" {
  stacks = local.drawn
}

data "homelab_topology" "late" {
  stacks   = [homelab_stack.front, homelab_stack.back]
  group_by = "stack"
}

data "homelab_topology" "running" {
  depends_on = [homelab_stack.front, homelab_stack.back]
}

output "declared" {
  value = data.homelab_topology.declared.mermaid
}

output "late" {
  value = data.homelab_topology.late.mermaid
}
`

func TestAccTopology_DeclaredAndRunning_AreDrawnAndPlanNothing(t *testing.T) {
	engine, name := labtest.Engine(t), acctest.Name(t)
	config := strings.NewReplacer("NAME", name, "HOST", labtest.Host(t)).Replace(twoStacks)
	loose := name + "-loose"
	t.Cleanup(func() {
		_ = engine.ContainerRemove(context.WithoutCancel(t.Context()), loose, container.RemoveOptions{Force: true})
	})
	byHand := func() {
		made, err := engine.ContainerCreate(t.Context(), &container.Config{Image: "homelab.test/app:1", Cmd: []string{"sleep"}},
			&container.HostConfig{VolumesFrom: []string{name + "-back-store-1"}}, nil, nil, loose)
		if err == nil {
			err = engine.ContainerStart(t.Context(), made.ID, container.StartOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	id := strings.ReplaceAll(name, "-", "_")
	running := []string{
		`"local"]`, `"` + name + `-front"]`, `["web<br/>web.home.arpa<br/>127.0.0.1:`, `→8080"]:::served`, `["agent<br/>host network"]:::exposed`,
		`{{"` + name + `-front_default<br/>10.213.29.0/24"}}:::network`,
		line("svc_local", id, "front_web", "-->", "svc_local", id, "front_api"),
		line("svc_local", id, "front_sidecar", `==>|"network"|`, "svc_local", id, "front_web"),
		line("svc_local", id, "back_batch", `==>|"volumes"|`, "svc_local", id, "back_store"),
		line("svc_local", id, "back_batch", "-.-", "net_local", id, "front_default"),
		line("stack_local", id, "front", "-..-", "net_local", id, "front_default"),
		`subgraph node_attic["attic#nbsp;(offline)"]`,
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownOutputValue("declared", holds(`["web<br/>web.home.arpa<br/>127.0.0.1:any→8080"]:::served`,
						line("svc_local", id, "front_sidecar", `==>|"network"|`, "svc_local", id, "front_web"))),
					plancheck.ExpectUnknownOutputValue("late"),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					mermaid("running", running...),
					mermaid("late", `["agent<br/>host network"]:::exposed`, line("stack_local", id, "front", "-..-", "net_local", id, "front_default")),
					count("running", "services", 6), count("running", "stacks", 2), count("running", "absent_nodes", 1), count("late", "exposed", 1),
				},
			},
			{
				PreConfig: byHand,
				Config:    config,
				ConfigStateChecks: []statecheck.StateCheck{
					mermaid("running", append(running, `["no#nbsp;stack#nbsp;·#nbsp;bridge`, `["`+loose+`"]`,
						line("ctr_local", id, "loose", `==>|"volumes"|`, "svc_local", id, "back_store"))...),
					count("running", "services", 7), count("running", "stacks", 2), count("running", "stopped", 0),
				},
			},
			{
				PreConfig: func() {
					if err := engine.ContainerKill(t.Context(), loose, "KILL"); err != nil {
						t.Fatal(err)
					}
				},
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					mermaid("running", `["`+loose+` (exited)"]:::absent`), count("running", "stopped", 1),
				},
			},
			{Config: config, PlanOnly: true},
			{
				Config:      strings.Replace(config, `data "homelab_topology" "running" {`, `data "homelab_topology" "running" {`+"\n  nodes = [\"local\", \"atic\"]", 1),
				ExpectError: regexp.MustCompile(`(?s)Unknown node.*nodes = \["local", "atic"\]`),
			},
		},
	})
}

// line is an edge between two things whose ids begin with the test's name.
func line(words ...string) string {
	return fmt.Sprintf("%s_%s_%s %s %s_%s_%s", words[0], words[1], words[2], words[3], words[4], words[5], words[6])
}

// holds accepts a text with all of some parts, and without a secret.
func holds(parts ...string) knownvalue.Check {
	return knownvalue.StringFunc(func(text string) error {
		for _, part := range parts {
			if !strings.Contains(text, part) {
				return fmt.Errorf("no %s in\n%s", part, text)
			}
		}
		if strings.Contains(text, "battery staple") {
			return fmt.Errorf("a secret is in\n%s", text)
		}
		return nil
	})
}

func mermaid(name string, parts ...string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.homelab_topology."+name, tfjsonpath.New("mermaid"), holds(parts...))
}

func count(name, of string, want int64) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.homelab_topology."+name, tfjsonpath.New("counts").AtMapKey(of), knownvalue.Int64Exact(want))
}
