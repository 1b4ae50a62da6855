package stack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// testRegistry is a registry at one loopback address for both sides: where the
// provider runs and on the node.
type testRegistry struct {
	address string
	engine  *client.Client

	mu    sync.Mutex // guards pulls
	pulls int        // manifests that somebody fetched
}

func startRegistry(t *testing.T) *testRegistry {
	t.Helper()
	node := labtest.Node(t)
	here, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there, err := node.Listen(here.Addr().(*net.TCPAddr).Port)
	if err != nil {
		t.Fatal(err)
	}
	r := &testRegistry{address: here.Addr().String(), engine: labtest.Engine(t)}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodGet && regexp.MustCompile(`/manifests/`).MatchString(req.URL.Path) {
			r.mu.Lock()
			r.pulls++
			r.mu.Unlock()
		}
		handler.ServeHTTP(w, req)
	})}
	go func() { _ = server.Serve(here) }()
	go func() { _ = server.Serve(there) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// push gives the registry an image that the node has, and takes the new name
// away from the node again.
func (r *testRegistry) push(t *testing.T, source, name string) {
	t.Helper()
	ref := r.address + "/" + name
	if err := r.engine.ImageTag(t.Context(), source, ref); err != nil {
		t.Fatal(err)
	}
	body, err := r.engine.ImagePush(t.Context(), ref, image.PushOptions{RegistryAuth: "e30="})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	for decoder := json.NewDecoder(body); ; {
		var message struct{ Error string }
		if err := decoder.Decode(&message); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if message.Error != "" {
			t.Fatal(message.Error)
		}
	}
}

func (r *testRegistry) forget(t *testing.T, name string) {
	t.Helper()
	if _, err := r.engine.ImageRemove(t.Context(), r.address+"/"+name, image.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
}

func pullConfig(t *testing.T, stack, ref, pull string) string {
	t.Helper()
	return acctest.Provider(labtest.Host(t)) + fmt.Sprintf(`
resource "homelab_stack" "test" {
  name    = %q
  pull    = %q
  compose = <<-YAML
    services:
      web:
        image: %s
        stop_grace_period: 1s
  YAML
}
`, stack, pull, ref)
}

func TestAccStack_ImageMissing_IsPulled(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "app:1")
	r.forget(t, "app:1")
	config := pullConfig(t, acctest.Name(t), r.address+"/app:1", "missing")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("homelab_stack.test", tfjsonpath.New("services").AtMapKey("web").AtMapKey("digest"),
				knownvalue.StringRegexp(regexp.MustCompile(`^sha256:[0-9a-f]{64}$`))),
			statecheck.ExpectKnownValue("homelab_stack.test", tfjsonpath.New("services").AtMapKey("web").AtMapKey("state"),
				knownvalue.StringExact("running")),
		}},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
	if r.pulls == 0 {
		t.Error("the node fetched no manifest from the registry")
	}
}

func TestAccStack_PullDigest_MovedTagIsPlannedAndApplied(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	r.push(t, images.AppV1, "moving:stable")
	config := pullConfig(t, acctest.Name(t), r.address+"/moving:stable", "digest")
	digest := tfjsonpath.New("services").AtMapKey("web").AtMapKey("digest")
	changed := statecheck.CompareValue(differs{})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{changed.AddStateValue("homelab_stack.test", digest)}},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		{
			PreConfig: func() {
				r.push(t, images.AppV2, "moving:stable")
				// The node's own tag still means the first image, as on a node that pulled long ago.
				if err := r.engine.ImageTag(t.Context(), images.AppV1, r.address+"/moving:stable"); err != nil {
					t.Fatal(err)
				}
			},
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("homelab_stack.test", plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue("homelab_stack.test", digest, knownvalue.StringRegexp(regexp.MustCompile(`^sha256:`))),
			}},
			ConfigStateChecks: []statecheck.StateCheck{changed.AddStateValue("homelab_stack.test", digest)},
		},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
}

func TestAccStack_ImageNotInRegistry_SaysSoAndChangesNothing(t *testing.T) {
	labtest.Require(t)
	r := startRegistry(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config:      pullConfig(t, acctest.Name(t), r.address+"/nope:1", "missing"),
		ExpectError: regexp.MustCompile(`(?s)pull\s+image\s+` + regexp.QuoteMeta(r.address) + `/nope:1.*check\s+the\s+image's\s+spelling`),
	}}})
}

// differs compares two values that must not be equal.
type differs struct{}

// CompareValues returns an error when two values in a row are equal.
func (differs) CompareValues(values ...any) error {
	for i := 1; i < len(values); i++ {
		if values[i] == values[i-1] {
			return fmt.Errorf("value stayed %v", values[i])
		}
	}
	return nil
}
