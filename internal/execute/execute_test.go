package execute

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestRun_Prerequisites_AreDoneBeforeAnOperationStarts(t *testing.T) {
	w, p := pulls(pull("c", "a", "b"), pull("b", "a"), pull("a"))
	f := &fake{}
	if err := Run(t.Context(), f, w, p, Options{}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "pull a", "pull b", "pull c")
}

func TestRun_OperationFails_SkipsItsDependentsAndReportsOnlyItself(t *testing.T) {
	w, p := pulls(pull("a"), pull("b", "a"), pull("c", "b"), pull("other"))
	f := &fake{fault: failing("pull a")}
	err := Run(t.Context(), f, w, p, Options{})
	var failed *Error
	if !errors.As(err, &failed) || len(failed.Failures) != 1 || failed.Failures[0].Operation.ID != "a" {
		t.Fatalf("error: %v", err)
	}
	calls := f.called()
	slices.Sort(calls)
	if !slices.Equal(calls, []string{"pull a", "pull other"}) {
		t.Errorf("calls: %v", calls)
	}
	if failed.RolledBack {
		t.Error("rolled back, though nobody asked")
	}
}

func TestRun_TwoFail_ReportsBothInOrder(t *testing.T) {
	w, p := pulls(pull("b"), pull("a"))
	f := &fake{fault: failing("pull a", "pull b")}
	err := Run(t.Context(), f, w, p, Options{})
	if err == nil || err.Error() != "a: pull image a: pull a refused\nb: pull image b: pull b refused" {
		t.Errorf("error: %v", err)
	}
}

func TestRun_ManyOperationsOfSeveralRuns_AtMostSoManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ops []*plan.Operation
		for _, id := range strings.Split("abcdefghij", "") {
			ops = append(ops, pull(id))
		}
		w, p := pulls(ops...)
		var now, most atomic.Int32
		f := &fake{fault: func(context.Context, string) error {
			n := now.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(time.Second) // of the bubble's clock
			now.Add(-1)
			return nil
		}}
		slots := NewSlots(3)
		var runs sync.WaitGroup
		for range 2 {
			runs.Go(func() {
				if err := Run(t.Context(), f, w, p, Options{Slots: slots}); err != nil {
					t.Error(err)
				}
			})
		}
		runs.Wait()
		if most.Load() != 3 {
			t.Errorf("%d at once", most.Load())
		}
	})
}

func TestRun_Waiting_DoesNotHoldOthersUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := pulls(pull("a"))
		p.Operations = append([]*plan.Operation{{ID: "await", Kind: plan.AwaitContainer, Container: "x", Await: plan.AwaitRunning}}, p.Operations...)
		f := &fake{state: map[string]*container.State{"x": withHealth("starting")}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := Run(ctx, f, w, p, Options{Slots: NewSlots(1)})
		if !errors.Is(err, ErrTimeout) || !slices.Contains(f.called(), "pull a") {
			t.Errorf("error %v, calls %v", err, f.called())
		}
	})
}

func TestRun_Cancelled_StartsNothingMoreAndSaysSo(t *testing.T) {
	w, p := pulls(pull("a"), pull("b", "a"))
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{fault: func(ctx context.Context, _ string) error {
		cancel()
		return ctx.Err()
	}}
	err := Run(ctx, f, w, p, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	wantCalls(t, f, "pull a")
}

func TestRun_CancelledWhenAllIsDone_Succeeds(t *testing.T) {
	w, p := pulls(pull("a"))
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{fault: func(context.Context, string) error { cancel(); return nil }}
	if err := Run(ctx, f, w, p, Options{Rollback: true}); err != nil {
		t.Errorf("error: %v", err)
	}
}

func TestRun_StreamCarriesAnError_FailsTheOperation(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"error detail": {`{"status":"Pulling"}` + "\n" + `{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}`, "manifest unknown"},
		"error only":   {`{"error":"denied"}`, "denied"},
		"cut off":      {`{"status":"Pul`, "read progress"},
		"no JSON":      {`<html>`, "read progress"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, p := pulls(pull("a"))
				err := Run(t.Context(), &fake{body: c.body}, w, p, Options{})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error: %v", err)
				}
			})
		})
	}
}

func TestRun_Progress_TellsOperationsAndTheirSteps(t *testing.T) {
	w, p := pulls(pull("a"))
	var told []string
	opts := Options{Progress: func(_ context.Context, message string) { told = append(told, message) }}
	if err := Run(t.Context(), &fake{body: `{"status":"Pulling","id":"layer"}{"stream":"Step 1\n"}{"status":"Done"}`}, w, p, opts); err != nil {
		t.Fatal(err)
	}
	want := []string{"a", "pull image a: layer: Pulling", "pull image a: Step 1", "pull image a: Done"}
	if !slices.Equal(told, want) {
		t.Errorf("told: %q", told)
	}
}

func TestRun_DigestKnown_PullsJustThatAndTagsIt(t *testing.T) {
	w, p := pulls(pull("nginx:1"))
	s := w.Services["nginx:1"]
	s.Image.Digest = "sha256:" + strings.Repeat("a", 64)
	w.Services["nginx:1"] = s
	f := &fake{}
	if err := Run(t.Context(), f, w, p, Options{}); err != nil {
		t.Fatal(err)
	}
	source := "docker.io/library/nginx@" + s.Image.Digest
	wantCalls(t, f, "pull "+source, "tag "+source+" as nginx:1")
}

func TestRun_RepairsInPlace_AreOneCallEach(t *testing.T) {
	w := &desired.Stack{Name: "home", Services: map[string]desired.Service{"app": {Name: "app", Networks: []desired.Attachment{{Network: "lan"}}}}}
	s := w.Services["app"]
	s.Host.Memory = 64
	w.Services["app"] = s
	ops := []*plan.Operation{
		{ID: "1", Kind: plan.UpdateContainer, Service: "app", Container: "c", Fields: []string{"deploy.resources.limits.memory", "restart"}},
		{ID: "2", Kind: plan.DisconnectContainer, Service: "app", Container: "c", Network: "lan", Needs: named("1")},
		{ID: "3", Kind: plan.ConnectContainer, Service: "app", Number: 1, Container: "c", Network: "lan", Needs: named("2")},
		{ID: "4", Kind: plan.RetagImage, Image: "sha256:1", Name: "app:1", Needs: named("3")},
	}
	f := &fake{}
	if err := Run(t.Context(), f, w, &plan.Plan{Operations: linked(ops), Rollback: true}, Options{}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "update c memory=64 restart=no", "disconnect c from lan force=true", "connect c to lan", "tag sha256:1 as app:1")
}
