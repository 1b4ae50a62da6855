package moduletest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// allVariable asks for the tests of all modules; without it only those of Short
// cases run.
const allVariable = "HOMELAB_TEST_MODULES"

// Case is a module with a configuration that uses it.
type Case struct {
	// Module is its name.
	Module string
	// Dir is the configuration below the module's tests; "" means "apply".
	Dir string
	// Uses are other modules whose images the configuration runs, too.
	Uses []string
	// Extra are images of recipes that the configuration runs besides: names of
	// recipes by image.
	Extra map[string]string
	// Inputs are further inputs of the configuration.
	Inputs map[string]any
	// Change is the service whose image gets another version, and Kind its kind, ""
	// for one of the same name.
	Change, Kind string
	// With are services that live in that one's network, and so are recreated with
	// it.
	With []string
	// Next is that other version; "" means one of the pinned image.
	Next string
	// Running are services whose images have nothing to check their health with:
	// they only have to run. All others have to be healthy.
	Running []string
	// Completed are services that do their work and end.
	Completed []string
	// Short cases run in "make check", too.
	Short bool
	// Prepare makes what the configuration expects on the node; nil is nothing.
	Prepare func(t *testing.T, h *Homelabs)
	// Check tests what the applied module does; nil tests no more.
	Check func(t *testing.T, h *Homelabs)
	// Changed tests what it does after the image was changed; nil tests no more.
	Changed func(t *testing.T, h *Homelabs)
}

// Run applies the configuration twice at once, as two homelabs on one node of
// which one is reached by ssh, and requires that every service is healthy, that
// the plan is then empty, that another version of one image recreates that
// service's container and no other, and that destroying leaves nothing but volumes.
func (c Case) Run(t *testing.T) {
	t.Helper()
	if !c.Short && os.Getenv(allVariable) == "" {
		t.Skip("make test-modules runs this test")
	}
	h := c.start(t)
	if c.Prepare != nil {
		c.Prepare(t, h)
	}
	defer h.clean(t)
	h.Apply(t)
	c.requireHealthy(t, h)
	h.RequireEmptyPlan(t)
	if c.Check != nil {
		c.Check(t, h)
	}
	if c.Change != "" {
		c.changeImage(t, h)
		if c.Changed != nil {
			c.Changed(t, h)
		}
	}
	stacks := h.stacks(t)
	h.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	h.requireOnlyVolumes(t, stacks)
}

// clean leaves nothing of a case on the node, and tells what a failed one left.
func (h *Homelabs) clean(t *testing.T) {
	t.Helper()
	if t.Failed() {
		h.report(t)
		h.Run(t, "destroy", "-no-color", "-auto-approve")
	}
	h.removeVolumes(t)
}

// start makes the images and the configuration.
func (c Case) start(t *testing.T) *Homelabs {
	t.Helper()
	labtest.Node(t) // skips where there can be none
	var modules []catalog.Module
	for _, name := range append([]string{c.Module}, c.Uses...) {
		module, err := readModule(name)
		if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, module)
	}
	dir := c.Dir
	if dir == "" {
		dir = "apply"
	}
	h := newHomelabs(t, modules[0], dir, c.Inputs)
	for ref, recipe := range c.Extra {
		if err := loadRecipe(t.Context(), h.Engine, ref, recipe); err != nil {
			t.Fatal(err)
		}
	}
	if err := load(t.Context(), h.Engine, modules, c.kind()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (c Case) kind() string {
	if c.Kind != "" {
		return c.Kind
	}
	return c.Change
}

// requireHealthy checks the state of every service of every stack.
func (c Case) requireHealthy(t *testing.T, h *Homelabs) {
	t.Helper()
	stacks := h.stacks(t)
	if len(stacks) == 0 {
		t.Fatal("the configuration made no stack")
	}
	for _, s := range stacks {
		for name, service := range s.services {
			want := "healthy"
			switch {
			case slices.Contains(c.Running, name):
				want = "running"
			case slices.Contains(c.Completed, name):
				want = "completed"
			}
			if service.State != want {
				t.Errorf("service %s of %s is %q, not %q", name, s.address, service.State, want)
			}
		}
	}
}

// changeImage gives one service of homelab "a" another version, and checks that the
// plan says so and no more, and that every other container is the one it was.
func (c Case) changeImage(t *testing.T, h *Homelabs) {
	t.Helper()
	ref := c.Next
	if ref == "" {
		module, err := readModule(c.Module)
		if err != nil {
			t.Fatal(err)
		}
		ref = module.Pinned[c.kind()] + next
	}
	before := h.containers(t)
	h.SetImage(t, h.A, c.Change, ref)
	h.Must(t, []string{"plan", "-no-color", "-out=change.tfplan"})
	h.requireOneService(t, c.Change, c.With)
	h.Must(t, []string{"apply", "-no-color", "change.tfplan"})
	c.requireHealthy(t, h)
	h.RequireEmptyPlan(t)
	after := h.containers(t)
	changed := 0
	for name, id := range before {
		stack, service, _ := strings.Cut(name, "/")
		switch ours := service == c.Change && h.runs(t, after[name], ref); {
		case ours && after[name] != id:
			changed++
		case slices.Contains(c.With, service) && h.runs(t, after[stack+"/"+c.Change], ref):
			if after[name] == id {
				t.Errorf("the image of %s changed, and %s, which lives in its network, is the container it was", c.Change, name)
			}
		case after[name] != id:
			t.Errorf("the image of %s changed, and container %s is another one", c.Change, name)
		}
	}
	if changed != 1 || len(after) != len(before) {
		t.Errorf("%d containers of %s were recreated, not one; %d containers ran, now %d", changed, c.Change, len(before), len(after))
	}
}

// requireOneService checks that the saved plan changes one service of one stack and
// says of those with it that something happens to them, and nothing else.
func (h *Homelabs) requireOneService(t *testing.T, service string, with []string) {
	t.Helper()
	r := h.Must(t, []string{"show", "-no-color", "-json", "change.tfplan"})
	var plan tfjson.Plan
	if err := json.Unmarshal([]byte(r.Stdout), &plan); err != nil {
		t.Fatal(err)
	}
	stacks := 0
	var following []string
	for _, change := range plan.ResourceChanges {
		if change.Change.Actions.NoOp() || change.Change.Actions.Read() {
			continue
		}
		stacks++
		for _, line := range acctest.Differences(change.Change) {
			field, isState := strings.CutSuffix(line, `.state: "healthy" -> `+acctest.Unknown)
			switch name := strings.TrimPrefix(field, "services."); {
			case line == "compose", strings.HasPrefix(line, "services."+service+"."):
			case isState && slices.Contains(with, name):
				following = append(following, name)
			default:
				t.Errorf("the image of %s changed, and the plan of %s says %s", service, change.Address, line)
			}
		}
	}
	if slices.Sort(following); !slices.Equal(following, with) {
		t.Errorf("the image of %s changed, and the plan says that %v follow, not %v", service, following, with)
	}
	if stacks != 1 {
		t.Errorf("the image of %s changed, and the plan changes %d resources", service, stacks)
	}
}

// requireOnlyVolumes checks what destroying left.
func (h *Homelabs) requireOnlyVolumes(t *testing.T, stacks []stack) {
	t.Helper()
	for name, id := range h.containers(t) {
		c, err := h.Engine.ContainerInspect(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if c.Config.Labels["io.homelab.secret-kept"] == "" { // its value lives as long as the volumes
			t.Errorf("destroying left container %s", name)
		}
	}
	if left := h.networks(t); len(left) > 0 {
		t.Errorf("destroying left networks: %v", left)
	}
	for name, labels := range h.volumes(t) {
		declared := labels["com.docker.compose.volume"] != "" &&
			slices.ContainsFunc(stacks, func(s stack) bool { return s.name == labels["com.docker.compose.project"] })
		if !declared && labels["io.homelab.secret-made"] != "generated" {
			t.Errorf("destroying left volume %s, which no stack declares: %s", name, fmt.Sprint(labels))
		}
	}
}
