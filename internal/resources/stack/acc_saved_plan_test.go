package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func savedPlanConfig(host, name, value string) string {
	return acctest.Provider(host) + fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  compose = <<-YAML
    services:
      web: { image: "homelab.test/app:1", stop_grace_period: 1s, restart: always, environment: { VALUE: %q } }
      db: { image: "homelab.test/app:1", stop_grace_period: 1s, restart: always }
  YAML
}
`, name, value)
}

func TestAccStack_NodeChangedAfterTheSavedPlan_AppliesNothing(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	name := acctest.Name(t)
	recorder := acctest.Record(t, labtest.Host(t))
	cli := acctest.NewCLI(t)
	cli.Write(t, "main.tf", savedPlanConfig(recorder.Host, name, "one"))
	cli.Apply(t)
	defer cli.Must(t, []string{"destroy", "-auto-approve"})

	cli.Write(t, "main.tf", savedPlanConfig(recorder.Host, name, "two"))
	cli.Must(t, []string{"plan", "-out=saved"})
	if err := labtest.Engine(t).ContainerStop(t.Context(), name+"-db-1", container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	recorder.Take()
	result := cli.Run(t, "apply", "-no-color", "saved")
	said := strings.Join(strings.Fields(strings.ReplaceAll(result.Stderr, "│", "")), " ")
	if result.Code == 0 || !strings.Contains(said, "Node changed since the plan") || !strings.Contains(said, "start service db/1") {
		t.Errorf("apply ended with code %d:\n%s", result.Code, result.Stderr)
	}
	if writes := acctest.Writes(recorder.Take()); len(writes) > 0 {
		t.Errorf("the engine was sent %v", writes)
	}
}

func TestAccStack_DriftMendedByHandAfterTheSavedPlan_AppliesTheRest(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	name := acctest.Name(t)
	cli := acctest.NewCLI(t)
	engine := labtest.Engine(t)
	cli.Write(t, "main.tf", savedPlanConfig(labtest.Host(t), name, "one"))
	cli.Apply(t)
	defer cli.Must(t, []string{"destroy", "-auto-approve"})

	if err := engine.ContainerStop(t.Context(), name+"-db-1", container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	cli.Write(t, "main.tf", savedPlanConfig(labtest.Host(t), name, "two"))
	cli.Must(t, []string{"plan", "-out=saved"})
	if err := engine.ContainerStart(t.Context(), name+"-db-1", container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	cli.Must(t, []string{"apply", "saved"})
	cli.RequireEmptyPlan(t)
}
