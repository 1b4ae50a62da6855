package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestWatch_Look_TellsArrivedFromLost(t *testing.T) {
	exited := func(code int) *container.State {
		return &container.State{Status: container.StateExited, ExitCode: code}
	}
	killed := exited(137)
	killed.OOMKilled, killed.Error = true, "out of memory"
	for name, c := range map[string]struct {
		goal  plan.Await
		state *container.State
		done  bool
		err   error
		says  string
	}{
		"healthy":                    {plan.AwaitRunning, withHealth("healthy"), true, nil, ""},
		"starting":                   {plan.AwaitRunning, withHealth("starting"), false, nil, ""},
		"unhealthy":                  {plan.AwaitRunning, withHealth("unhealthy"), false, ErrUnhealthy, "3 failed checks"},
		"just started":               {plan.AwaitRunning, up("1"), false, nil, ""},
		"exited though it is to run": {plan.AwaitRunning, exited(0), false, ErrExited, "code 0"},
		"exited well, may":           {plan.AwaitRunningOrDone, exited(0), true, nil, ""},
		"exited badly, may":          {plan.AwaitRunningOrDone, exited(2), false, ErrExited, "code 2"},
		"completed":                  {plan.AwaitCompleted, exited(0), true, nil, ""},
		"job failed":                 {plan.AwaitCompleted, exited(1), false, ErrExited, "code 1"},
		"job still runs":             {plan.AwaitCompleted, up("1"), false, nil, ""},
		"healthy job still runs":     {plan.AwaitCompleted, withHealth("healthy"), false, nil, ""},
		"killed":                     {plan.AwaitRunning, killed, false, ErrExited, "exited with code 137 (killed because it ran out of memory): out of memory"},
		"killed, flag unset":         {plan.AwaitRunning, exited(137), false, ErrExited, "exited with code 137 (killed, most often because it ran out of memory)"},
		"dead":                       {plan.AwaitCompleted, &container.State{Status: container.StateDead}, false, ErrExited, ""},
		"no state yet":               {plan.AwaitRunning, nil, false, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch{goal: c.goal, now: time.Now}
			done, err := w.look(c.state, 0)
			if done != c.done || !errors.Is(err, c.err) {
				t.Errorf("done %t, error %v", done, err)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestWatch_Restarted_StartsItsClockAgain(t *testing.T) {
	clock := time.Unix(0, 0)
	w := watch{goal: plan.AwaitRunning, now: func() time.Time { return clock }}
	look := func(startedAt string, later time.Duration) bool {
		clock = clock.Add(later)
		done, err := w.look(up(startedAt), 0)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if look("1", 0) || look("1", minUptime-1) || look("2", 1) || look("2", minUptime-1) {
		t.Error("arrived too soon")
	}
	if !look("2", 1) {
		t.Error("did not arrive")
	}
}

// waitFor waits under a clock of its own.
func waitFor(t *testing.T, f *fake, limit time.Duration) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		err = (&run{engine: f}).await(ctx, "x", plan.AwaitRunning)
	})
	return err
}

func TestAwait_CrashLoop_TimesOutAndSaysWhatItSaw(t *testing.T) {
	f := &fake{state: map[string]*container.State{"x": {Status: container.StateRestarting, ExitCode: 3}}}
	err := waitFor(t, f, time.Minute)
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "it keeps restarting (0 times so far, last exit code 3)") {
		t.Errorf("error: %v", err)
	}
	if n := len(f.calls); n < 50 || n > 250 {
		t.Errorf("looked %d times in a minute", n)
	}
}

func TestAwait_StaysUp_ArrivesAfterAMoment(t *testing.T) {
	f := &fake{state: map[string]*container.State{"x": up("1")}}
	if err := waitFor(t, f, time.Minute); err != nil {
		t.Error(err)
	}
	if n := len(f.calls); n != 2 {
		t.Errorf("looked %d times: once more than at the start is enough", n)
	}
}

func TestAwait_Cancelled_IsNoTimeout(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{state: map[string]*container.State{"x": withHealth("starting")}, fault: func(context.Context, string) error { cancel(); return nil }}
	if err := (&run{engine: f}).await(ctx, "x", plan.AwaitRunning); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
		t.Errorf("error: %v", err)
	}
}

func TestAwait_InspectionFails_IsReported(t *testing.T) {
	err := waitFor(t, &fake{fault: failing("inspect x")}, time.Minute)
	if err == nil || err.Error() != "inspect container: inspect x refused" {
		t.Errorf("error: %v", err)
	}
}

func TestLogs_Multiplexed_AreReadAsLines(t *testing.T) {
	var body bytes.Buffer
	for i := range 30 {
		w := stdcopy.NewStdWriter(&body, []stdcopy.StdType{stdcopy.Stdout, stdcopy.Stderr}[i%2])
		fmt.Fprintf(w, "line %d\n", i)
	}
	f := &fake{body: body.String()}
	lines := (&run{engine: f}).logs(t.Context(), "x", false)
	if len(lines) != logLines || lines[0] != "line 10" || lines[logLines-1] != "line 29" {
		t.Errorf("lines: %q", lines)
	}
	wantCalls(t, f, "logs x tail=20")
}

func TestLogs_Terminal_AreReadAsTheyAre(t *testing.T) {
	lines := (&run{engine: &fake{body: "one\r\ntwo\r\n"}}).logs(t.Context(), "x", true)
	if strings.Join(lines, "|") != "one|two" {
		t.Errorf("lines: %q", lines)
	}
}

func TestLogs_HugeLine_DoesNotHideTheOthers(t *testing.T) {
	lines := (&run{engine: &fake{body: "first\n" + strings.Repeat("x", 1<<20) + "\nlast\n"}}).logs(t.Context(), "x", true)
	if len(lines) != 3 || lines[0] != "first" || lines[2] != "last" || len(lines[1]) > 1<<13 {
		t.Errorf("%d lines", len(lines))
	}
}
