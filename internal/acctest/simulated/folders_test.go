package simulated_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest/simulated"
)

// folders is the example "folders" on two simulated engines.
func folders(t *testing.T) *acctest.CLI {
	t.Helper()
	cli := acctest.NewCLI(t)
	root, err := acctest.Root()
	if err == nil {
		err = os.Remove(filepath.Join(cli.Dir, "terraform.tf")) // the example has its own
	}
	if err == nil {
		err = os.CopyFS(cli.Dir, os.DirFS(filepath.Join(root, "examples", "folders")))
	}
	if err != nil {
		t.Fatal(err)
	}
	cli.Write(t, "hosts_override.tf", twoNodes("", quoted(acctest.Serve(t, simulated.New("atlas", 0))), quoted(acctest.Serve(t, simulated.New("helios", 0)))))
	return cli
}

// created plans and returns what will be created, by key of the for_each.
func created(t *testing.T, cli *acctest.CLI) map[string]map[string]any {
	t.Helper()
	cli.Must(t, []string{"plan", "-out=next"})
	var plan tfjson.Plan
	if err := json.Unmarshal([]byte(cli.Must(t, []string{"show", "-json", "next"}).Stdout), &plan); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, r := range plan.ResourceChanges {
		if r.Change.Actions.Create() {
			all[fmt.Sprint(r.Index)] = r.Change.After.(map[string]any)
		} else if !r.Change.Actions.NoOp() {
			t.Errorf("%s is planned as %v", r.Address, r.Change.Actions)
		}
	}
	return all
}

func requireKeys(t *testing.T, of map[string]map[string]any, want ...string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(of)); !slices.Equal(got, want) {
		t.Errorf("the plan creates %v, not %v", got, want)
	}
}

func TestAccFolders_Example_IsAHomelabAndAFolderMoreAStackMore(t *testing.T) {
	cli := folders(t)
	plan := created(t, cli)
	requireKeys(t, plan, "atlas/notes", "atlas/whoami", "helios/status", "helios/whoami")
	spec := func(key, service string) map[string]any {
		return plan[key]["services"].(map[string]any)[service].(map[string]any)["spec"].(map[string]any)
	}
	for field, want := range map[string]any{"hostname": "atlas", "ports.80/tcp": "8080"} {
		if got := spec("atlas/whoami", "whoami")[field]; got != want {
			t.Errorf("%s is planned as %v, not %v", field, got, want)
		}
	}
	want := map[string]any{"VERSION": "v1.11", "HOST": "atlas", "TITLE": "atlas.lan", "GREETING": `Whoami on "atlas", for $0`}
	if got := plan["atlas/whoami"]["variables"].(map[string]any); !maps.Equal(got, want) {
		t.Errorf("the variables are %v, not %v", got, want)
	}
	if got := spec("helios/whoami", "whoami")["deploy.resources.limits.memory"]; got != "33554432" {
		t.Errorf("the override is planned as %v", got)
	}
	cli.Must(t, []string{"apply", "next"})
	cli.RequireEmptyPlan(t)

	cli.Write(t, "nodes/helios/music/compose.yml", "services: {web: {image: homelab.test/app:1}}\n")
	requireKeys(t, created(t, cli), "helios/music")
	cli.Must(t, []string{"apply", "next"})

	// What README.md says about what runs already.
	if err := os.Remove(filepath.Join(cli.Dir, "terraform.tfstate")); err != nil {
		t.Fatal(err)
	}
	cli.Write(t, "import.tf", "import {\n  for_each = provider::homelab::stacks(\"${path.module}/nodes\")\n  to       = homelab_stack.all[each.key]\n  id       = each.key\n}\n")
	r := cli.Must(t, []string{"plan", "-no-color"})
	if !strings.Contains(r.Stdout, "Plan: 5 to import, 0 to add,") || !strings.Contains(r.Stdout, " 0 to destroy.") {
		t.Errorf("stacks that run already are planned as\n%s", r.Stdout)
	}
	cli.Apply(t)
	cli.RequireEmptyPlan(t)
}

func TestAccFolders_MistakeInAFolder_IsNamedWithoutValues(t *testing.T) {
	cli := folders(t)
	cli.Write(t, "nodes/atlas/whoami/.env", "\ufeffVERSION=v1.11\r\nPASSWORD=\"hunter2\r\n")
	r := cli.Must(t, []string{"plan", "-no-color"}, 1)
	if said := strings.Join(strings.Fields(r.Stderr), " "); !strings.Contains(said, "line 2 cannot be read: the value begins with a quote") || strings.Contains(said, "hunter2") {
		t.Errorf("a wrong .env is reported as %s", r.Stderr)
	}
	cli.Write(t, "nodes/atlas/Media/compose.yaml", "services: {}\n")
	const want = "Invalid function argument: Invalid value for \"path\" parameter: ./nodes/atlas/Media: a stack cannot be named \"Media\": " +
		"use lower-case letters, digits, \"-\" and \"_\", beginning with a letter or digit. Rename the directory, to \"media\" for example, which is how Docker Compose names its project."
	equal(t, diagnosed(t, cli, 1, "plan"), want)
}

func TestAccFolders_SensitiveText_GivesSensitiveValues(t *testing.T) {
	cli := acctest.NewCLI(t)
	cli.Write(t, "main.tf", "variable \"text\" {\n  sensitive = true\n}\noutput \"values\" {\n  value = issensitive(provider::homelab::dotenv(var.text)) && !issensitive(provider::homelab::dotenv(\"A=1\"))\n}\n")
	cli.Must(t, []string{"apply", "-no-color", "-auto-approve", "-var=text=A=hunter2"})
	equal(t, cli.Must(t, []string{"output", "-no-color", "values"}).Stdout, "true\n")
}
