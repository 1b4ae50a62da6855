package execute

import (
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// hooked are the hooks of a service whose containers are named after it.
var hooked = desired.Hooks{
	PreStart:  []desired.Hook{{Image: "tools:1", Command: []string{"migrate"}, User: "7"}, {Command: []string{"own"}}},
	PostStart: []desired.Hook{{Command: []string{"warm", "up"}, User: "1:2", WorkingDir: "/w", Environment: []string{"A=1"}, Privileged: true}, {Command: []string{"second"}}},
	PreStop:   []desired.Hook{{Command: []string{"drain"}}},
}

// around runs one operation on the container c of a service with hooks.
func around(t *testing.T, f *fake, kind plan.Kind, rollback bool) error {
	t.Helper()
	w := &desired.Stack{Name: "home", Services: map[string]desired.Service{"app": {Name: "app", Image: desired.Image{Reference: "app:1"}, Hooks: &hooked,
		Networks: []desired.Attachment{{Network: "lan"}, {Network: "wan"}}}}}
	op := &plan.Operation{ID: "it", Kind: kind, Service: "app", Number: 1, Container: "c", Hooks: hooked, WasUp: true}
	return Run(t.Context(), f, w, &plan.Plan{Operations: []*plan.Operation{op}, Rollback: rollback}, Options{Rollback: rollback})
}

const (
	warmUp = "exec warm up in c user=1:2 dir=/w env=[A=1] privileged=true"
	second = "exec second in c user= dir= env=[] privileged=false"
	drain  = "exec drain in c user= dir= env=[] privileged=false"
)

func TestRun_Start_RunsHooksBesideItBeforeAndInItAfter(t *testing.T) {
	f := &fake{state: map[string]*container.State{"new-": {Status: container.StateExited}}}
	if err := around(t, f, plan.StartContainer, false); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "create  networks=2", "start new-", "remove new-", "create  networks=2", "start new-", "remove new-", "start c", warmUp, second)
}

func TestRun_PreStartOnAnOldEngine_JoinsItsNetworksOneByOne(t *testing.T) {
	f := &fake{api: "1.41", state: map[string]*container.State{"new-": {Status: container.StateExited}}}
	if err := around(t, f, plan.StartContainer, false); err != nil {
		t.Fatal(err)
	}
	if calls := strings.Join(f.called(), ", "); !strings.HasPrefix(calls, "create  networks=1, connect new- to wan, start new-") {
		t.Error(calls)
	}
}

func TestRun_PreStartFails_StartsNothingAndShowsItsWords(t *testing.T) {
	f := &fake{body: "no database\n", state: map[string]*container.State{"new-": {Status: container.StateExited, ExitCode: 3}}}
	err := around(t, f, plan.StartContainer, false)
	if !errors.Is(err, ErrExited) || !strings.Contains(err.Error(), "pre_start hook 1 of service app: exited with code 3") {
		t.Errorf("error: %v", err)
	}
	wantCalls(t, f, "create  networks=2", "start new-", "logs new- tail=20", "remove new-", "logs c tail=20")
}

func TestRun_PostStartFails_IsAFailureWithItsWords(t *testing.T) {
	f := &fake{exits: map[string]int{"warm": 4}, state: map[string]*container.State{"new-": {Status: container.StateExited}}}
	err := around(t, f, plan.StartContainer, false)
	if !errors.Is(err, ErrHook) || !strings.Contains(err.Error(), "post_start hook 1 of service app: exited with code 4, after it wrote:\n  warm says\n  no") {
		t.Errorf("error: %v", err)
	}
}

func TestRun_Restart_RunsHooksBeforeAndAfter(t *testing.T) {
	f := &fake{}
	if err := around(t, f, plan.RestartContainer, false); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, drain, "restart c", warmUp, second)
}

func TestRun_PreStopFails_LeavesTheContainerRunningAndItsOtherHooksAlone(t *testing.T) {
	f := &fake{exits: map[string]int{"drain": 1}, state: map[string]*container.State{"c": up("1")}}
	var failed *Error
	if err := around(t, f, plan.StopContainer, true); !errors.As(err, &failed) || !errors.Is(err, ErrHook) || failed.RollbackErr != nil {
		t.Errorf("error: %v", err)
	}
	wantCalls(t, f, drain)
}

func TestRun_ContainerEndedByItself_NeedsNoPreStop(t *testing.T) {
	f := &fake{fault: failingWith(errConflict, drain)}
	if err := around(t, f, plan.StopContainer, false); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, drain, "stop c")
}
