package stack_test

import (
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// anonymousVolume returns the name of the volume that a container has at a
// target.
func anonymousVolume(t *testing.T, container, target string) string {
	t.Helper()
	c, err := labtest.Engine(t).ContainerInspect(t.Context(), container)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Mounts {
		if m.Destination == target && m.Type == mount.TypeVolume {
			return m.Name
		}
	}
	t.Fatalf("container %s has no volume at %s: %+v", container, target, c.Mounts)
	return ""
}

func TestAccStack_AnonymousVolume_GoesOverToTheNewContainerAndGoesWithTheStack(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	name := acctest.Name(t)
	config := func(value string) string {
		return acctest.Provider(labtest.Host(t)) + fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  compose = <<-YAML
    services:
      web:
        image: homelab.test/app:1
        environment: { VALUE: %q }
        volumes: [/cache]
        stop_grace_period: 1s
  YAML
}
`, name, value)
	}
	var first string
	container := name + "-web-1"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		CheckDestroy: func(*terraform.State) error {
			list, err := labtest.Engine(t).VolumeList(t.Context(), volume.ListOptions{})
			if err != nil {
				return err
			}
			for _, v := range list.Volumes {
				if v.Name == first {
					return fmt.Errorf("the anonymous volume %s is still there", first)
				}
			}
			return nil
		},
		Steps: []resource.TestStep{
			{Config: config("one"), Check: func(*terraform.State) error { first = anonymousVolume(t, container, "/cache"); return nil }},
			{Config: config("one"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
			{Config: config("two"), Check: func(*terraform.State) error {
				if now := anonymousVolume(t, container, "/cache"); now != first {
					return fmt.Errorf("volume at /cache was %s, is %s", first, now)
				}
				return nil
			}},
			{Config: config("two"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		},
	})
}
