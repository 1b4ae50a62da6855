package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// failedCreate is a stack of three services whose create failed: "web" is unhealthy.
type failedCreate struct {
	*acctest.CLI
	name   string
	engine *client.Client
}

const (
	sickWeb = `[serve, -unhealthy]`
	wellWeb = `[serve]`
)

func newFailedCreate(t *testing.T) *failedCreate {
	labtest.Require(t)
	t.Parallel()
	f := &failedCreate{CLI: acctest.NewCLI(t), name: acctest.Name(t), engine: labtest.Engine(t)}
	sweepStack(t, f.engine, f.name)
	f.write(t, "test", f.name, sickWeb)
	if r := f.Run(t, "apply", "-no-color", "-auto-approve"); r.Code != 1 || !strings.Contains(oneLine(r), "became unhealthy after") {
		t.Fatalf("the create ended with code %d:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	return f
}

// write writes the configuration of a resource.
func (f *failedCreate) write(t *testing.T, resource, name, web string) {
	t.Helper()
	f.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
resource "homelab_stack" %q {
  name           = %q
  remove_volumes = true
  compose        = <<-YAML
    services:
      web:
        image: homelab.test/app:1
        command: %s
        healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 2}
        stop_grace_period: 1s
      other: {image: "homelab.test/app:1", stop_grace_period: 1s, volumes: ["data:/data"]}
    volumes: {data: {}}
  YAML
}
`, resource, name, web))
}

func (f *failedCreate) id(t *testing.T, service string) string {
	t.Helper()
	return containerID(t, f.engine, f.name+"-"+service+"-1")
}

// requireGone requires that nothing runs any more of a stack, and returns its volumes.
func (f *failedCreate) requireGone(t *testing.T) (volumes []string) {
	t.Helper()
	containers, networks := containersOf(t, f.engine, f.name), networksOf(t, f.engine, f.name)
	if len(containers)+len(networks) > 0 {
		t.Errorf("there are still %d containers and networks %v", len(containers), networks)
	}
	return volumesOf(t, f.engine, f.name)
}

// oneLine is what a run said, without the frame and line breaks of its messages.
func oneLine(r acctest.Result) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(r.Stdout+r.Stderr, "│", "")), " ")
}

func TestAccStack_CreateFailed_NextApplyKeepsWhatIsHealthy(t *testing.T) {
	f := newFailedCreate(t)
	web, other := f.id(t, "web"), f.id(t, "other")
	f.write(t, "test", f.name, wellWeb)
	said := oneLine(f.Must(t, []string{"plan", "-no-color", "-out=next"}))
	for _, part := range []string{fmt.Sprintf("The create of stack %q failed before", f.name), "It removes of that: service web/1."} {
		if !strings.Contains(said, part) {
			t.Errorf("the plan does not say %q:\n%s", part, said)
		}
	}
	if strings.Contains(said, "This removes the volume") {
		t.Errorf("the plan says that the data goes:\n%s", said)
	}
	f.Must(t, []string{"apply", "-no-color", "next"})
	if f.id(t, "other") != other || f.id(t, "web") == web {
		t.Errorf("other is %s and was %s, web is %s and was %s", f.id(t, "other"), other, f.id(t, "web"), web)
	}
	f.RequireEmptyPlan(t)

	// What was made is replaced in full when that is asked for.
	f.Must(t, []string{"taint", "homelab_stack.test"})
	f.Apply(t)
	if f.id(t, "other") == other {
		t.Error("a healthy stack that was tainted is not recreated")
	}
	f.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	f.requireGone(t)
}

func TestAccStack_CreateFailed_DestroyAndRenamingRemoveAllOfIt(t *testing.T) {
	t.Run("destroy", func(t *testing.T) {
		f := newFailedCreate(t)
		f.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
		if volumes := f.requireGone(t); len(volumes) > 0 {
			t.Errorf("there are still volumes %v", volumes)
		}
	})
	t.Run("another name", func(t *testing.T) {
		f := newFailedCreate(t)
		f.write(t, "test", f.name+"-new", wellWeb)
		sweepStack(t, f.engine, f.name+"-new")
		f.Apply(t)
		f.requireGone(t)
		f.RequireEmptyPlan(t)
		f.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	})
	t.Run("another address", func(t *testing.T) {
		f := newFailedCreate(t)
		other := f.id(t, "other")
		f.write(t, "moved", f.name, wellWeb)
		f.Apply(t)
		if f.id(t, "other") == other {
			t.Error("the container of the resource that went is still there")
		}
		f.RequireEmptyPlan(t)
		f.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	})
}
