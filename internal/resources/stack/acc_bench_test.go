package stack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// address is the stack in the configurations of a bench.
const address = "homelab_stack.test"

// patience bounds every wait for the engine.
const patience = 2 * time.Minute

// bench is an acceptance test's own stack on the shared engine, looked at and
// meddled with through a client that the provider knows nothing of.
type bench struct {
	*testing.T
	name   string
	host   string // what the provider is given
	engine *client.Client
}

// newBench lets the test run beside others, and removes with it what it left.
func newBench(t *testing.T) *bench {
	t.Helper()
	requireAcceptance(t)
	t.Parallel()
	b := &bench{T: t, name: acctest.Name(t), host: labtest.Host(t), engine: labtest.Engine(t)}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		err := sweep(ctx, b.engine, func(stack, name string) bool { return stack == b.name || strings.HasPrefix(name, b.name) })
		if err != nil {
			t.Error(err)
		}
	})
	return b
}

// record puts a recorder between the provider and the engine.
func (b *bench) record() *acctest.Recorder {
	b.Helper()
	recorder := acctest.Record(b, b.host)
	b.host = recorder.Host
	return recorder
}

// test runs the steps.
func (b *bench) test(steps ...resource.TestStep) {
	b.Helper()
	resource.Test(b.T, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
}

// config is the stack with a Compose document and further arguments, a line
// each.
func (b *bench) config(compose string, arguments ...string) string {
	return fmt.Sprintf("%s\nresource \"homelab_stack\" \"test\" {\n  name = %q\n  compose = %s\n  %s\n}\n",
		acctest.Provider(b.host), b.name, heredoc(compose), strings.Join(arguments, "\n  "))
}

// showAll asks for all values of a stack's fields, in tests that look at some.
const showAll = `show_values = ["*"]`

func heredoc(text string) string {
	return "<<YAML\n" + strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strings.TrimSpace(text)) + "\nYAML\n"
}

// must fails the test on an error of the engine.
func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// containers lists the stack's containers by "service/number"; one that claims a
// place that is taken is listed as "service/number+".
func (b *bench) containers() map[string]container.InspectResponse {
	b.Helper()
	list, err := b.engine.ContainerList(b.Context(), container.ListOptions{All: true,
		Filters: filters.NewArgs(filters.Arg("label", desired.LabelProject+"="+b.name))})
	b.must(err)
	found := map[string]container.InspectResponse{}
	for _, c := range list {
		one, err := b.engine.ContainerInspect(b.Context(), c.ID)
		b.must(err)
		key := c.Labels[desired.LabelService] + "/" + c.Labels[desired.LabelNumber]
		for _, taken := found[key]; taken; _, taken = found[key] {
			key += "+"
		}
		found[key] = one
	}
	return found
}

// container is the first container of a service.
func (b *bench) container(service string) container.InspectResponse {
	b.Helper()
	c, ok := b.containers()[service+"/1"]
	if !ok {
		b.Fatalf("service %s has no container", service)
	}
	return c
}

// lives returns every container of the stack with its run: the same text means the
// same container that was not restarted.
func (b *bench) lives() map[string]string {
	b.Helper()
	lives := map[string]string{}
	for key, c := range b.containers() {
		lives[key] = c.ID[:12] + " since " + c.State.StartedAt
	}
	return lives
}

// expectContinuity compares two of lives: only the named containers are others
// now, gone, or new.
func expectContinuity(before, after map[string]string, changed ...string) error {
	all := maps.Clone(before)
	maps.Copy(all, after)
	var got []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if before[key] != after[key] {
			got = append(got, key)
		}
	}
	if slices.Sort(changed); !slices.Equal(got, changed) {
		return fmt.Errorf("the containers of %v were touched, and only those of %v should be\nbefore %v\nafter %v", got, changed, before, after)
	}
	return nil
}

// witness remembers the stack's containers between steps.
type witness struct {
	b      *bench
	before map[string]string
}

// look notes the containers as they are now.
func (w *witness) look() { w.before = w.b.lives() }

// onlyTouched is a state in which just the named containers changed since look.
func (w *witness) onlyTouched(changed ...string) acctest.StateCheck {
	return func(*tfjson.State) error { return expectContinuity(w.before, w.b.lives(), changed...) }
}

// step applies a configuration and looks at the containers afterwards.
func (b *bench) step(config string, checks ...acctest.StateCheck) resource.TestStep {
	step := resource.TestStep{Config: config}
	for _, check := range checks {
		step.ConfigStateChecks = append(step.ConfigStateChecks, check)
	}
	return step
}

// expecting adds checks of the plan that is applied.
func expecting(step resource.TestStep, checks ...plancheck.PlanCheck) resource.TestStep {
	step.ConfigPlanChecks.PreApply = append(step.ConfigPlanChecks.PreApply, checks...)
	return step
}

// after runs something by hand before a step.
func after(byHand func(), step resource.TestStep) resource.TestStep {
	step.PreConfig = byHand
	return step
}

// planOnly plans a configuration that means a change, and checks both the plan
// from state as it is and the one from what the node has.
func planOnly(config string, checks ...plancheck.PlanCheck) resource.TestStep {
	return resource.TestStep{Config: config, PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: resource.ConfigPlanChecks{
		PostApplyPreRefresh: checks, PostApplyPostRefresh: checks,
	}}
}

// unchanged plans a configuration that means nothing new.
func unchanged(config string) resource.TestStep {
	return resource.TestStep{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}}
}

// holds turns a look at the engine into a check.
func holds(look func() error) acctest.StateCheck {
	return func(*tfjson.State) error { return look() }
}

// wording matches a diagnostic's text, however Terraform breaks its lines.
func wording(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i := range words {
		words[i] = regexp.QuoteMeta(words[i])
	}
	return regexp.MustCompile(strings.Join(words, `[\s│]+`))
}

// wordings matches texts that follow each other in a diagnostic.
func wordings(texts ...string) *regexp.Regexp {
	var parts []string
	for _, text := range texts {
		parts = append(parts, wording(text).String())
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}

// eventually polls until the condition holds.
func (b *bench) eventually(what string, condition func() bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.Fatalf("%s did not come about in %s", what, patience)
		}
	}
}

// exec runs a command in a service's first container and returns what it printed.
func (b *bench) exec(service string, command ...string) (string, error) {
	b.Helper()
	id := b.container(service).ID
	created, err := b.engine.ContainerExecCreate(b.Context(), id, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return "", fmt.Errorf("exec in %s: %w", service, err)
	}
	attached, err := b.engine.ContainerExecAttach(b.Context(), created.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", fmt.Errorf("exec in %s: %w", service, err)
	}
	defer attached.Close()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, attached.Reader); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("exec in %s: %w", service, err)
	}
	return out.String(), nil
}

// fileIn reads a file as the process in a service's first container sees it. The
// service serves HTTP.
func (b *bench) fileIn(service, path string) (string, error) {
	b.Helper()
	return b.exec(service, "/app", "health", "-url", "http://127.0.0.1:8080/file?path="+path)
}

// expectFile is a file's content in a service's container.
func (b *bench) expectFile(service, path, want string) acctest.StateCheck {
	return holds(func() error {
		var got string
		var err error
		b.eventually("an answer of "+service, func() bool {
			got, err = b.fileIn(service, path)
			return err != nil || !strings.HasPrefix(got, "unhealthy:")
		})
		if err == nil && got != want {
			err = fmt.Errorf("%s in %s is %q, want %q", path, service, got, want)
		}
		return err
	})
}
