package stack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// sensitive are two stacks that have a sensitive variable's value by every way but
// secrets: Terraform's variables, an override, an env_file, and the document itself.
const sensitive = `
variable "pw" {
  type      = string
  sensitive = true
}

resource "homelab_stack" "a" {
  name              = %[1]q
  project_directory = %[2]q
  variables         = { PW = var.pw }
  compose           = <<-YAML
    services:
      web:
        image: homelab.test/app:1
        command: [serve, -log, "begun with $${PW}"]
        healthcheck: {test: [CMD, /app, health, "$${PW}"], interval: 200ms}
        environment: {TZ: Europe/Madrid, PW: "$${PW}"}
        env_file: [web.env]
        labels: {key: "$${PW}"}
  YAML
  overrides = ["services: {web: {environment: {URL: 'https://user:$${PW}@example.test'}}}"]
}

resource "homelab_stack" "b" {
  name    = "%[1]s-b"
  compose = yamlencode({ services = { web = {
    image       = "homelab.test/app:1", environment = { PW = var.pw }, command = ["sleep", "-log", "echo ${var.pw}"], restart = "always",
    logging     = { driver = "json-file", options = { tag = var.pw } }
    post_start  = [{ command = ["/app", "job", "-log", var.pw] }]
  } } })
}
`

func TestAccStack_SensitiveVariable_IsShownNowhereAndItsChangeIs(t *testing.T) {
	b := newBench(t)
	cli := acctest.NewCLI(t)
	dir := t.TempDir()
	cli.Write(t, "main.tf", acctest.Provider(b.host)+fmt.Sprintf(sensitive, b.name, dir))
	run := func(pw string, codes []int, args ...string) string {
		t.Helper()
		writeFiles(t, dir, map[string]string{"web.env": "FROM_FILE=" + pw + "\n"})
		result := cli.Must(t, append(args, "-no-color", "-var", "pw="+pw), codes...)
		said := result.Stdout + result.Stderr
		for _, word := range []string{"hunter2", "hunter3"} {
			if strings.Contains(said, word) {
				t.Errorf("terraform %s shows %q:\n%s", strings.Join(args, " "), word, said)
			}
		}
		return said
	}
	run("hunter2-sensitive", []int{2}, "plan", "-detailed-exitcode")
	run("hunter2-sensitive", nil, "apply", "-auto-approve")
	defer run("hunter3-sensitive", nil, "destroy", "-auto-approve")
	run("hunter2-sensitive", []int{0}, "plan", "-detailed-exitcode")
	shown := cli.Must(t, []string{"show", "-no-color"}).Stdout
	if strings.Contains(shown, "hunter") || !strings.Contains(shown, `"environment.TZ"`) || !strings.Contains(shown, "Europe/Madrid") {
		t.Errorf("terraform show says\n%s", shown)
	}

	run("hunter3-sensitive", []int{2}, "plan", "-detailed-exitcode", "-out", "next")
	plan := showPlan(t, cli, "next")
	fields := map[string]string{
		"homelab_stack.a": "command environment.FROM_FILE environment.PW environment.URL healthcheck.test labels.key",
		"homelab_stack.b": "command environment.PW logging.options.tag post_start.0.command",
	}
	for stack, want := range fields {
		change, err := acctest.Change(plan, stack)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range acctest.Differences(change) {
			field, values, ok := strings.Cut(strings.TrimPrefix(line, "services.web.spec."), ": ")
			if !ok || field == "variables.PW" { // Terraform masks what it was told is sensitive; JSON has it
				continue
			}
			if got = append(got, field); strings.Count(values, "(hidden, ") != 2 || strings.Contains(values, "hunter") {
				t.Errorf("%s: %s", stack, line)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: the plan shows %s, want %s", stack, strings.Join(got, " "), want)
		}
	}
	cli.Must(t, []string{"apply", "-no-color", "next"})
	run("hunter3-sensitive", []int{0}, "plan", "-detailed-exitcode")
	if private := privateState(t, cli); strings.Contains(private, "hunter") {
		t.Errorf("private state has\n%s", private)
	}
}

// privateState is what the provider keeps of all resources in Terraform's state.
func privateState(t *testing.T, cli *acctest.CLI) string {
	t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Private []byte `json:"private"`
			} `json:"instances"`
		} `json:"resources"`
	}
	text, err := os.ReadFile(filepath.Join(cli.Dir, "terraform.tfstate"))
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	var all strings.Builder
	for _, r := range state.Resources {
		for _, instance := range r.Instances {
			values := map[string][]byte{}
			err = errors.Join(err, json.Unmarshal(instance.Private, &values))
			for _, value := range values {
				all.Write(value)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if all.Len() == 0 {
		t.Fatal("there is no private state: the check proves nothing")
	}
	return all.String()
}

func TestAccStack_SensitiveValueInAFailingContainersWords_IsNamedInstead(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  talks:
    image: homelab.test/app:1
    environment: {PW: "hunter2-sensitive"}
    command: [serve, -log, "my password is hunter2-sensitive", -exit-after, 50ms, -code, "3"]
`)
	step := b.step(config)
	step.ExpectError = wordings(`my password is (environment PW)`)
	b.test(step)
}

func TestAccStack_ShowValues_ChangesOnlyWhatIsShown(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	const compose = "services:\n  web: {image: \"homelab.test/app:1\", command: [sleep], environment: {PW: open, COLOR: red}}\n"
	shown := b.config(compose, `show_values = ["environment.C*"]`)
	step := b.step(shown, w.onlyTouched())
	step.ConfigStateChecks = append(step.ConfigStateChecks, statecheck.ExpectKnownValue(address,
		tfjsonpath.New("services").AtMapKey("web").AtMapKey("spec").AtMapKey("environment.COLOR"), knownvalue.StringExact("red")))
	b.test(
		b.step(b.config(compose), holds(func() error { w.look(); return nil })),
		expecting(step, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
		unchanged(shown),
	)
}
