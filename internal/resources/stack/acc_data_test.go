package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// Every plan that takes a stack off its data says what becomes of that, by name.
func TestAccStack_DataLeftOrRemoved_IsNamedInThePlanOrRefused(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	name, cli := acctest.Name(t), acctest.NewCLI(t)
	write := func(name, more string) {
		t.Helper()
		cli.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  %s
  compose = <<-YAML
    services:
      web: { image: "homelab.test/app:1", stop_grace_period: 1s, volumes: ["data:/data"] }
    volumes: { data: {} }
  YAML
}
`, name, more))
	}
	says := func(code int, part string, args ...string) {
		t.Helper()
		result := cli.Run(t, append([]string{"plan", "-no-color"}, args...)...)
		said := strings.Join(strings.Fields(strings.ReplaceAll(result.Stdout+result.Stderr, "│", "")), " ")
		if result.Code != code || !strings.Contains(said, part) {
			t.Errorf("plan %v ended with code %d and does not say %q:\n%s", args, result.Code, part, said)
		}
	}
	write(name, "")
	cli.Apply(t)
	defer cli.Must(t, []string{"destroy", "-auto-approve"})

	stays := fmt.Sprintf(`Destroying stack %q leaves the volume %s_data on node "local"`, name, name)
	says(0, stays, "-destroy")
	write(name+"-new", "")
	says(0, fmt.Sprintf(`leaves behind, with the data: the volume %s_data of node "local". Stack "%s-new" begins on node "local" with the volume %s-new_data empty.`, name, name, name))
	write(name+"-new", "protect_data = true")
	says(1, "Data is protected")

	removes := fmt.Sprintf(`This removes the volume %s_data of node "local" with the data (remove_volumes).`, name)
	write(name, "remove_volumes = true")
	cli.Apply(t)
	says(0, removes, "-destroy")
	cli.Must(t, []string{"taint", "homelab_stack.test"})
	says(0, removes)
	write(name, "remove_volumes = true\nprotect_data = true")
	says(1, removes+" The stack has protect_data = true")
	cli.Must(t, []string{"untaint", "homelab_stack.test"})
	cli.Apply(t)
	says(1, removes+" The stack has protect_data = true", "-destroy")
	says(1, removes+" The stack has protect_data = true", "-replace=homelab_stack.test")
	write(name, "remove_volumes = true")
	cli.Apply(t)
}
