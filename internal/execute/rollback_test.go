package execute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// recreation is the plan that puts a new container, with a new file, in an old
// one's place.
func recreation() (*desired.Stack, *plan.Plan) {
	file := desired.File{Kind: desired.FileConfig, Name: "conf", Target: "/conf", Digest: "sha256:0"}
	placement := plan.Placement{Volume: "conf-2", File: file}
	w := &desired.Stack{Name: "home", Services: map[string]desired.Service{"app": {Name: "app", Replicas: 1, Image: desired.Image{Reference: "app:1"}, Files: []desired.File{file}}}}
	op := func(id string, kind plan.Kind, needs ...string) *plan.Operation {
		return &plan.Operation{ID: id, Kind: kind, Service: "app", Number: 1, Needs: named(needs...)}
	}
	ops := []*plan.Operation{op("volume", plan.CreateVolume), op("deliver", plan.DeliverFiles, "volume"), op("create", plan.CreateContainer, "deliver"),
		op("stop", plan.StopContainer, "create"), op("aside", plan.RenameContainer, "stop"), op("take", plan.RenameContainer, "aside"),
		op("start", plan.StartContainer, "take"), op("await", plan.AwaitContainer, "start"), op("remove", plan.RemoveContainer, "await"),
		op("clean", plan.RemoveVolume, "remove")}
	ops[0].Name, ops[0].File, ops[1].Name, ops[1].File = "conf-2", &placement, "conf-2", &placement
	ops[2].Name = "app_after_old"
	ops[3].Container, ops[3].WasUp = "old", true
	ops[4].Container, ops[4].Name, ops[4].OldName = "old", "old_app", "app"
	ops[5].Name = "app"
	ops[7].Await = plan.AwaitRunning
	ops[8].Container = "old"
	ops[9].Name = "conf-1"
	return w, &plan.Plan{Operations: linked(ops), Rollback: true, Placements: plan.Placements{"app": {"/conf": placement}}}
}

// forward are the calls up to the wait.
var forward = []string{"create volume conf-2", "create scratch networks=0", "copy to new-scratch:/", "remove new-scratch",
	"create app_after_old networks=0", "stop old", "rename old to old_app", "rename new-app_after_old to app", "start new-app_after_old"}

// recreate runs the plan under a clock of its own.
func recreate(t *testing.T, f *fake, rollback bool) (failed *Error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, p := recreation()
		err := Run(t.Context(), f, w, p, Options{Rollback: rollback})
		if err != nil && !errors.As(err, &failed) {
			t.Errorf("error: %v", err)
		}
	})
	return failed
}

func TestRun_NewContainerArrives_OldOneGoes(t *testing.T) {
	f := &fake{state: map[string]*container.State{"new-app_after_old": up("1")}}
	if failed := recreate(t, f, true); failed != nil {
		t.Fatal(failed)
	}
	wantCalls(t, f, append(slices.Clone(forward), "remove old", "remove volume conf-1")...)
}

func TestRun_NewContainerExits_PutsTheOldOneBack(t *testing.T) {
	f := &fake{state: map[string]*container.State{"old": up("1"), "new-app_after_old": {Status: container.StateExited, ExitCode: 127}}}
	failed := recreate(t, f, true)
	if failed == nil || !errors.Is(failed, ErrExited) || !failed.RolledBack || failed.RollbackErr != nil || !slices.Equal(failed.Restored, []string{"app"}) {
		t.Fatalf("error: %+v", failed)
	}
	wantCalls(t, f, append(slices.Clone(forward), "logs new-app_after_old tail=20", "remove new-app_after_old", "rename old to app", "start old",
		"remove volume conf-2")...)
}

func TestRun_WithoutRollback_LeavesTheNewContainerForInspection(t *testing.T) {
	f := &fake{state: map[string]*container.State{"new-app_after_old": {Status: container.StateExited, ExitCode: 1}}}
	if failed := recreate(t, f, false); failed == nil || failed.RolledBack {
		t.Fatalf("error: %+v", failed)
	}
	wantCalls(t, f, append(slices.Clone(forward), "logs new-app_after_old tail=20")...)
}

func TestRun_RollbackFails_IsReportedBesideTheCause(t *testing.T) {
	f := &fake{state: map[string]*container.State{}, fault: failing("start new-app_after_old", "start old", "remove volume conf-2")}
	failed := recreate(t, f, true)
	if failed == nil || failed.RollbackErr == nil || len(failed.Restored) != 0 {
		t.Fatalf("error: %+v", failed)
	}
	for _, text := range []string{"undo stop: start old refused", "undo volume: remove volume conf-2 refused"} {
		if !strings.Contains(failed.RollbackErr.Error(), text) {
			t.Errorf("%q is not in: %v", text, failed.RollbackErr)
		}
	}
	if len(failed.Failures) != 1 || failed.Failures[0].Operation.ID != "start" {
		t.Errorf("failures: %+v", failed.Failures)
	}
}

func TestRun_CreationFails_TouchesNothingThatRuns(t *testing.T) {
	f := &fake{fault: failing("create app_after_old networks=0")}
	if failed := recreate(t, f, true); failed == nil || failed.RollbackErr != nil {
		t.Fatalf("error: %+v", failed)
	}
	wantCalls(t, f, append(slices.Clone(forward[:5]), "remove volume conf-2")...)
}

// What was replaced is gone by then: undoing would leave nothing that runs.
func TestRun_CleaningUpFails_KeepsTheNewContainer(t *testing.T) {
	for _, call := range []string{"remove old", "remove volume conf-1"} {
		t.Run(call, func(t *testing.T) {
			f := &fake{state: map[string]*container.State{"new-app_after_old": up("1")}, fault: failing(call)}
			failed := recreate(t, f, true)
			if failed == nil || failed.RolledBack || len(failed.Failures) != 1 {
				t.Fatalf("error: %+v", failed)
			}
			if slices.Contains(f.called(), "remove new-app_after_old") {
				t.Error("the new container was removed")
			}
		})
	}
}

func TestRun_StopIsCutOff_StartsTheOldContainerAgain(t *testing.T) {
	f := &fake{state: map[string]*container.State{"old": up("1")}, fault: failing("stop old")}
	failed := recreate(t, f, true)
	if failed == nil || !failed.RolledBack || failed.RollbackErr != nil || !slices.Equal(failed.Restored, []string{"app"}) {
		t.Fatalf("error: %+v", failed)
	}
	if calls := f.called(); !slices.Contains(calls, "start old") {
		t.Errorf("the engine may have stopped the old container all the same, and nobody started it: %v", calls)
	}
}

// engineGoesOn is a stop that is given up, which the engine completes some time later.
type engineGoesOn struct {
	*fake

	after  time.Duration
	cancel context.CancelFunc
}

func (e *engineGoesOn) ContainerStop(ctx context.Context, id string, options container.StopOptions) error {
	_ = e.fake.ContainerStop(ctx, id, options)
	begun := time.Now()
	state := e.state[id]
	e.state[id] = &container.State{Status: state.Status, Running: true, StartedAt: state.StartedAt}
	e.stopped = func() bool { return time.Since(begun) >= e.after }
	e.cancel()
	return ctx.Err()
}

func TestRun_InterruptedInAStop_WaitsForItAndStartsTheContainerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := &engineGoesOn{fake: &fake{state: map[string]*container.State{"old": up("1")}}, after: 9 * time.Second, cancel: cancel}
		f.fault = func(_ context.Context, call string) error {
			if call == "start old" {
				if !f.stopped() {
					t.Error("the container was started before the engine had stopped it")
				}
				f.stopped = nil
				f.state["old"] = up("2")
			}
			return nil
		}
		w, p := recreation()
		var failed *Error
		if err := Run(ctx, f, w, p, Options{Rollback: true}); !errors.As(err, &failed) || !errors.Is(err, context.Canceled) {
			t.Fatalf("error: %v", err)
		}
		if failed.RollbackErr != nil || !slices.Equal(failed.Restored, []string{"app"}) || f.stopped != nil {
			t.Errorf("restored %v: %v", failed.Restored, failed.RollbackErr)
		}
	})
}

func TestRun_RestartFails_TriesToBringTheContainerBack(t *testing.T) {
	for name, startFails := range map[string]bool{"it starts": false, "it does not": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{state: map[string]*container.State{"c": up("1")}}
				f.fault = func(_ context.Context, call string) error {
					switch {
					case call == "restart c":
						f.state["c"] = &container.State{Status: container.StateExited}
						return errors.New("refused")
					case call == "start c" && startFails:
						return errors.New("refused")
					case call == "start c":
						f.state["c"] = up("2")
					}
					return nil
				}
				p := &plan.Plan{Rollback: true, Operations: []*plan.Operation{{ID: "restart", Kind: plan.RestartContainer, Service: "app", Container: "c", WasUp: true}}}
				var failed *Error
				if err := Run(t.Context(), f, &desired.Stack{Name: "home"}, p, Options{Rollback: true}); !errors.As(err, &failed) {
					t.Fatalf("error: %v", err)
				}
				if (failed.RollbackErr != nil) != startFails || (len(failed.Restored) == 1) == startFails {
					t.Errorf("restored %v: %v", failed.Restored, failed.RollbackErr)
				}
			})
		})
	}
}

// away is an engine that is out of reach for some calls, as while it restarts.
type away struct {
	*fake
	calls int // still to be lost
}

var errAway = errors.New("cannot connect")

type explained struct{ error }

func (explained) Detail() string { return "The engine is away." }

func (a *away) Explain(err error) error {
	if errors.Is(err, errAway) {
		return &explained{err}
	}
	return err
}

func (a *away) lost() error {
	if a.calls == 0 {
		return nil
	}
	a.calls--
	return errAway
}

func (a *away) ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error) {
	if err := a.lost(); err != nil && id != "old" {
		return container.InspectResponse{}, err
	}
	return a.fake.ContainerInspect(ctx, id)
}

func (a *away) ImageInspect(ctx context.Context, ref string) (image.InspectResponse, error) {
	if err := a.lost(); err != nil && ref == scratchImage {
		return image.InspectResponse{}, err
	}
	return a.fake.ImageInspect(ctx, ref)
}

func TestRun_EngineRestarts_IsWaitedForAndTheChangeUndone(t *testing.T) {
	f := &away{fake: &fake{state: map[string]*container.State{"old": up("1")}}, calls: 5}
	synctest.Test(t, func(t *testing.T) {
		w, p := recreation()
		var failed *Error
		if err := Run(t.Context(), f, w, p, Options{Rollback: true}); !errors.As(err, &failed) {
			t.Fatalf("error: %v", err)
		}
		if failed.RollbackErr != nil || !slices.Equal(failed.Restored, []string{"app"}) || f.calls != 0 {
			t.Errorf("restored %v: %v, %d calls not lost", failed.Restored, failed.RollbackErr, f.calls)
		}
	})
}

func TestDiscardNew_ManyFail_ReportsThemInOrder(t *testing.T) {
	f := &fake{}
	r := &run{engine: f, created: map[replica]string{}}
	var calls []string
	for i := range 20 {
		id := fmt.Sprintf("new%02d", i)
		r.created[replica{"web", i}] = id
		calls = append(calls, "remove "+id)
	}
	f.fault = failing(calls...)
	var texts []string
	for _, err := range r.discardNew(t.Context()) {
		texts = append(texts, err.Error())
	}
	if len(texts) != len(calls) || !slices.IsSorted(texts) {
		t.Errorf("the errors are not in order: %q", texts)
	}
}
