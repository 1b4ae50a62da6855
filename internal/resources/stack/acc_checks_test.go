package stack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// oneOf is a stack among others: its service has an image and further keys.
type oneOf struct{ resource, image, keys, depends string }

// severalStacks writes a configuration of stacks on the shared node and returns
// their names by resource.
func severalStacks(t *testing.T, c *acctest.CLI, names map[string]string, stacks ...oneOf) {
	t.Helper()
	text := acctest.Provider(labtest.Host(t))
	for _, s := range stacks {
		if names[s.resource] == "" {
			names[s.resource] = acctest.Name(t)
			sweepStack(t, labtest.Engine(t), names[s.resource])
		}
		if s.image == "" {
			s.image = images.AppV1
		}
		text += fmt.Sprintf("resource \"homelab_stack\" %q {\n  name = %q\n  compose = jsonencode({ services = { web = { image = %q, stop_grace_period = \"1s\", %s } } })\n  %s\n}\n",
			s.resource, names[s.resource], s.image, s.keys, s.depends)
	}
	c.Write(t, "main.tf", text)
}

// requireEach requires for each resource one diagnostic that matches.
func requireEach(t *testing.T, severity string, got []said, want map[string]string) {
	t.Helper()
	for resource, pattern := range want {
		matches := func(one said) bool {
			return one.resource == resource && regexp.MustCompile("^"+pattern+"$").MatchString(one.detail)
		}
		if !slices.ContainsFunc(got, matches) {
			t.Errorf("no %s of %s says %s", severity, resource, pattern)
		}
	}
	if len(got) != len(want) || t.Failed() {
		t.Errorf("got %d of severity %s, want %d:\n%+v", len(got), severity, len(want), got)
	}
}

// pushFor makes, of an image that the registry has, one for s390x: alone, or in an
// index.
func (r *testRegistry) pushFor(t *testing.T, source, ref string, indexed bool) {
	t.Helper()
	own, err := remote.Image(mustParse(t, r.address+"/"+source))
	if err != nil {
		t.Fatal(err)
	}
	config, err := own.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Architecture = "s390x"
	img, err := mutate.ConfigFile(own, config)
	if err != nil {
		t.Fatal(err)
	}
	if !indexed {
		err = remote.Write(mustParse(t, r.address+"/"+ref), img)
	} else {
		err = remote.WriteIndex(mustParse(t, r.address+"/"+ref), mutate.AppendManifests(empty.Index,
			mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}}))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// None of the stacks runs: what they want of the node is seen beforehand, and
// the error of each names what blocks it and says what to do.
func TestAccStack_NodeHasNotWhatStacksWant_PlanNamesBothSides(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	c, r, port, names := acctest.NewCLI(t), startRegistry(t), freePort(t), map[string]string{}
	r.push(t, images.AppV1, "app:1")
	r.forget(t, "app:1")
	r.pushFor(t, "app:1", "index:1", true)
	r.pushFor(t, "app:1", "single:1", false)
	publishes := fmt.Sprintf(`ports = ["%d:8080"]`, port)
	other := fmt.Sprintf(`ports = ["127.0.0.1:%d:8080/udp"]`, port)
	severalStacks(t, c, names,
		oneOf{resource: "port_a", keys: publishes}, oneOf{resource: "port_b", keys: publishes}, oneOf{resource: "port_udp", keys: other},
		oneOf{resource: "memory", keys: `deploy = { resources = { reservations = { memory = "900t" } } }`},
		oneOf{resource: "runtime", keys: `runtime = "nvidia"`},
		oneOf{resource: "gpu", keys: `gpus = "all"`},
		oneOf{resource: "index", image: r.address + "/index:1"},
		oneOf{resource: "single", image: r.address + "/single:1"},
		oneOf{resource: "away", image: "localhost:1/away:1"},
	)
	r.took("")
	result := c.Must(t, []string{"plan", "-json"}, 1)
	errors, warnings := diagnosticsIn(t, result, "error"), diagnosticsIn(t, result, "warning")
	later, earlier := "port_a", "port_b" // Terraform plans both at once
	if slices.ContainsFunc(errors, func(one said) bool { return one.resource == earlier }) {
		later, earlier = earlier, later
	}
	requireEach(t, "error", errors, map[string]string{
		later: fmt.Sprintf(`Service "web" publishes port %d/tcp of node "local", and so does service "web" of stack "%s", which is planned in the same run\. `+
			`Publish another port in one of the two stacks\.`, port, names[earlier]),
		"runtime": fmt.Sprintf(`Service "web" of stack "%s" asks for the runtime "nvidia", and the engine of node "local" has only .*runc.*\. `+
			`It comes with the NVIDIA Container Toolkit \(nvidia-ctk runtime configure\)\. Install the runtime there, or remove the key runtime\.`, names["runtime"]),
		"index": fmt.Sprintf(`Image "%s/index:1" of service "web" of stack "%s" is made for linux/s390x, and node "local" is linux/\w+\. `+
			`Choose another tag or image, or run the service on another node\.`, r.address, names["index"]),
	})
	requireEach(t, "warning", withoutOverrides(warnings), map[string]string{
		"gpu": `Service "web" of stack "` + names["gpu"] + `" asks for a GPU \(gpus, or deploy\.resources\.reservations\.devices\), and the engine of node "local" shows none: .*`,
		"memory": fmt.Sprintf(`Node "local" has .* of memory, and the services that are planned for it reserve 900 TiB \(deploy\.resources\.reservations\.memory\): `+
			`900 TiB by service "web" of stack "%s"\. .*`, names["memory"]),
		"single": fmt.Sprintf(`Image "%s/single:1" of service "web" of stack "%s" is made for linux/s390x, and node "local" is linux/\w+\. `+
			`It runs only where the node emulates that platform\. .*`, r.address, names["single"]),
	})
	for _, one := range errors {
		if one.summary != "Stack cannot be applied" || !strings.HasPrefix(one.at, atCompose) {
			t.Errorf("%q points to %q", one.summary, one.at)
		}
	}
	if n := r.took("/manifests/"); n != 2 {
		t.Errorf("asked for %d manifests of 2 images", n)
	}
}

// withoutOverrides leaves out what Terraform itself warns of.
func withoutOverrides(warnings []said) []said {
	return slices.DeleteFunc(warnings, func(one said) bool { return one.resource == "" })
}

// applyInAnyOrder applies what Terraform may begin with at either end. On a machine
// that is very busy it begins with the giving stack long after the taking one, which
// then fails unchanged; the next apply does it, as documented.
func applyInAnyOrder(t *testing.T, c *acctest.CLI) {
	t.Helper()
	result := c.Must(t, []string{"apply", "-json", "-auto-approve"}, 0, 1)
	if result.Code == 0 {
		return
	}
	for _, one := range diagnosticsIn(t, result, "error") {
		if one.summary != "Stack cannot be applied" || !strings.Contains(one.detail, "holds already") {
			t.Fatalf("got %+v", one)
		}
	}
	c.Apply(t)
}

// A port that a stack of the same run gives up is free for the one that depends on
// it, and for one in whose place another one is destroyed.
func TestAccStack_PortChangesHandsInOneRun_IsNoError(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	c, names := acctest.NewCLI(t), map[string]string{}
	port, next, third := freePort(t), freePort(t), freePort(t)
	on := func(port int) string { return fmt.Sprintf(`ports = ["%d:8080"]`, port) }
	severalStacks(t, c, names, oneOf{resource: "a", keys: on(port)})
	c.Apply(t)
	severalStacks(t, c, names, oneOf{resource: "a", keys: on(next)}, oneOf{resource: "b", keys: on(port), depends: "depends_on = [homelab_stack.a]"})
	givenUp := func(service, stack string) string {
		return fmt.Sprintf(`Service "web" publishes port %d/tcp of node "local", which service "web" of stack "%s" \(container "%s-web-1"\) holds now, and gives up in this run\. `+
			`Let this stack depend on that one \(depends_on\), if it does not yet: .*`, port, stack, stack)
	}
	notPlanned := func(service, stack string) string {
		return fmt.Sprintf(`Service "web" publishes port %d/tcp of node "local", which service "web" of stack %q \(container "%s-web-1"\) holds now, and this run has not planned that stack, or not yet\. .*`,
			port, stack, stack)
	}
	requireEach(t, "warning", withoutOverrides(diagnosticsIn(t, c.Must(t, []string{"plan", "-json"}), "warning")), map[string]string{"b": givenUp("web", names["a"])})
	c.Apply(t)
	c.RequireEmptyPlan(t)
	severalStacks(t, c, names, oneOf{resource: "a", keys: on(next)}, oneOf{resource: "c", keys: on(port)}) // b goes
	requireEach(t, "warning", withoutOverrides(diagnosticsIn(t, c.Must(t, []string{"plan", "-json"}), "warning")), map[string]string{
		"c": "(" + givenUp("web", names["b"]) + "|" + notPlanned("web", names["b"]) + ")"}) // whichever is planned first
	applyInAnyOrder(t, c)
	c.RequireEmptyPlan(t)
	severalStacks(t, c, names, oneOf{resource: "a", keys: on(port)}, oneOf{resource: "c", keys: on(third)}) // they do not depend on each other
	applyInAnyOrder(t, c)
	c.RequireEmptyPlan(t)
	severalStacks(t, c, names, oneOf{resource: "a", keys: on(port)}, oneOf{resource: "c", keys: on(third)}, oneOf{resource: "b", keys: on(port)})
	// The one that is planned second is told.
	keeps := diagnosticsIn(t, c.Must(t, []string{"plan", "-json"}, 1), "error")
	if len(keeps) != 1 {
		t.Fatalf("got %+v", keeps)
	}
	requireEach(t, "error", keeps, map[string]string{keeps[0].resource: map[string]string{
		"a": fmt.Sprintf(`Service "web" keeps port %d/tcp of node "local", and service "web" of stack %q, which is planned in the same run, publishes it, too\. Publish another port in one of the two stacks\.`, port, names["b"]),
		"b": fmt.Sprintf(`Service "web" publishes port %d/tcp of node "local", which service "web" of stack "%s" \(container "%s-web-1"\) holds already\. `+
			`That stack keeps it in this run\. Publish another port in one of the two stacks\.`, port, names["a"], names["a"]),
	}[keeps[0].resource]})
}
