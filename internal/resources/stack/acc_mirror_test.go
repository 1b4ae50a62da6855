package stack_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

var (
	webService = tfjsonpath.New("services").AtMapKey("web")
	emptyPlan  = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
)

func expectWeb(attribute, want string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("homelab_stack.test", webService.AtMapKey(attribute), knownvalue.StringExact(want))
}

// is compares with what is known only when the step runs.
func is(want *string) knownvalue.Check {
	return knownvalue.StringFunc(func(got string) error {
		if got != *want || got == "" {
			return fmt.Errorf("got %q, want %q", got, *want)
		}
		return nil
	})
}

// Docker Hub cannot be reached by the tests: what runs came from the mirror.
func TestAccStack_Mirror_IsPulledThroughAndLeavesNoName(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	stack := acctest.Name(t)
	repository := stack + "/app"
	r.push(t, images.AppV1, "hub/"+repository+":1")
	r.forget(t, "hub/"+repository+":1")
	first := r.digest(t, "hub/"+repository+":1")
	t.Cleanup(func() { _, _ = r.engine.ImageRemove(t.Context(), repository+":1", image.RemoveOptions{}) })
	registries := fmt.Sprintf(`"docker.io" = { mirror = "%s/hub" }`, r.address)
	missing := pullThrough(t, registries, stack, repository+":1", "missing")
	digest := pullThrough(t, registries, stack, repository+":1", "digest")
	var second string
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{
			Config: missing,
			Check: func(*terraform.State) error {
				if left := names(t, r.engine, r.address+"/hub/"+repository); len(left) > 0 {
					return fmt.Errorf("left on the node: %q", left)
				}
				return nil
			},
			ConfigStateChecks: []statecheck.StateCheck{expectWeb("image", repository+":1"), expectWeb("digest", first), expectWeb("state", "running")},
		},
		{Config: missing, ConfigPlanChecks: emptyPlan},
		{Config: digest, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			acctest.ExpectDifferences("homelab_stack.test", `pull: "missing" -> "digest"`)}}},
		{
			PreConfig: func() {
				r.push(t, images.AppV2, "hub/"+repository+":1")
				r.forget(t, "hub/"+repository+":1")
				second = r.digest(t, "hub/"+repository+":1")
			},
			Config: digest,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue("homelab_stack.test", webService.AtMapKey("digest"), is(&second)),
				plancheck.ExpectKnownValue("homelab_stack.test", webService.AtMapKey("image"), knownvalue.StringExact(repository+":1"))}},
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue("homelab_stack.test", webService.AtMapKey("digest"), is(&second))},
			Check: func(*terraform.State) error {
				if left := names(t, r.engine, r.address+"/hub/"+repository); len(left) > 0 {
					return fmt.Errorf("left on the node: %q", left)
				}
				return nil
			},
		},
		{Config: digest, ConfigPlanChecks: emptyPlan},
	}})
}

func TestAccStack_MirrorAway_RegistryItselfIsAsked(t *testing.T) {
	labtest.Require(t)
	mirror, r := startRegistry(t), startRegistry(t)
	mirror.stop()
	r.push(t, images.AppV1, "app:1")
	r.forget(t, "app:1")
	registries := fmt.Sprintf(`%q = { mirror = %q }`, r.address, mirror.address)
	config := pullThrough(t, registries, acctest.Name(t), r.address+"/app:1", "digest")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{expectWeb("digest", r.digest(t, "app:1")), expectWeb("state", "running")}},
		{Config: config, ConfigPlanChecks: emptyPlan},
	}})
}

// The image's name is that of a registry; its layers come from the mirror.
func TestAccStack_ReferenceWithDigest_WorksWithAMirror(t *testing.T) {
	labtest.Require(t)
	mirror, r := startRegistry(t), startRegistry(t)
	r.push(t, images.AppV1, "base:1")
	r.forget(t, "base:1")
	r.pushNew(t, "base:1", "pinned:1")
	mirror.copyFrom(t, r, "pinned:1", "cache/pinned:1")
	ref := r.address + "/pinned:1@" + r.digest(t, "pinned:1")
	r.took("")
	config := pullThrough(t, fmt.Sprintf(`%q = { mirror = "%s/cache" }`, r.address, mirror.address), acctest.Name(t), ref, "digest")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{
			Config: config,
			Check: func(*terraform.State) error {
				if left := names(t, r.engine, mirror.address); len(left) > 0 {
					return fmt.Errorf("left on the node: %q", left)
				}
				return nil
			},
			ConfigStateChecks: []statecheck.StateCheck{expectWeb("image", ref), expectWeb("digest", r.digest(t, "pinned:1"))},
		},
		{Config: config, ConfigPlanChecks: emptyPlan},
	}})
	if mirror.took("GET /v2/cache/pinned/blobs/") == 0 || r.took("GET /v2/pinned/blobs/") > 0 {
		t.Error("the layers did not come from the mirror")
	}
}

func TestAccStack_RegistryBehindLogin_ProvidersCredentialsOpenIt(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "private:1")
	r.forget(t, "private:1")
	digest := r.digest(t, "private:1")
	r.behaves(behindLogin("hunter2"))
	stack, ref := acctest.Name(t), r.address+"/private:1"
	with := func(password string) string {
		return pullThrough(t, fmt.Sprintf(`%q = { username = "lab", password = %q }`, r.address, password), stack, ref, "digest")
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: with("wrong"), ExpectError: regexp.MustCompile(`(?s)Unable to converge stack.*set\s+username\s+and\s+password`)},
		{Config: with("hunter2"), ConfigStateChecks: []statecheck.StateCheck{expectWeb("digest", digest), expectWeb("state", "running")}},
		{Config: with("hunter2"), ConfigPlanChecks: emptyPlan},
		{Config: with("wrong"), ConfigPlanChecks: emptyPlan}, // nothing is known of the registry: the node's digest stays
	}})
}

// An index has a digest, and the image for the node's platform another one.
func TestAccStack_ImageOfSeveralPlatforms_IsKnownByEitherDigest(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "single:1")
	r.forget(t, "single:1")
	own := r.pushIndex(t, "single:1", "multi:1")
	index := r.digest(t, "multi:1")
	ref := r.address + "/multi:1"
	config := pullConfig(t, acctest.Name(t), ref, "digest")
	imported := pullConfig(t, acctest.Name(t), ref, "digest")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{expectWeb("digest", index), expectWeb("state", "running")}},
		{Config: config, ConfigPlanChecks: emptyPlan},
		{Config: config, Destroy: true},
	}})
	r.forget(t, "multi:1")
	r.pull(t, "multi@"+own)
	if err := r.engine.ImageTag(t.Context(), r.address+"/multi@"+own, ref); err != nil {
		t.Fatal(err)
	}
	r.took("")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: imported, ConfigStateChecks: []statecheck.StateCheck{expectWeb("digest", own), expectWeb("state", "running")}},
		{Config: imported, ConfigPlanChecks: emptyPlan},
	}})
	if n := r.took("/blobs/"); n > 0 {
		t.Errorf("the node fetched %d blobs of an image that it had", n)
	}
}
