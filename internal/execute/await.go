package execute

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

const (
	// minUptime is how long a container without a health check has to stay up to
	// count as running: a wrong command or a missing file ends it sooner.
	minUptime = 500 * time.Millisecond
	// maxRestarts is how often a container may end and be restarted before it is
	// given up: the engine doubles its pause each time, so this takes about two
	// minutes, in which what it waits for may start.
	maxRestarts = 10
	// The pauses between two looks at a container grow from the first to the
	// second.
	firstPause, lastPause = 25 * time.Millisecond, 500 * time.Millisecond
)

// Why a container did not arrive.
var (
	// ErrUnhealthy means the engine gave up on the health check.
	ErrUnhealthy = errors.New("became unhealthy")
	// ErrExited means the container ended.
	ErrExited = errors.New("exited")
	// ErrTimeout means time ran out first.
	ErrTimeout = errors.New("did not arrive in time")
)

// await looks at a container until it has arrived, can no longer arrive, or
// time is up.
func (r *run) await(ctx context.Context, id string, goal plan.Await) error {
	w := watch{goal: goal, now: time.Now}
	pause := firstPause
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return w.timedOut(ctx.Err())
		}
		c, err := r.engine.ContainerInspect(ctx, id)
		switch {
		case ctx.Err() != nil:
			return w.timedOut(ctx.Err())
		case err != nil:
			return fmt.Errorf("inspect container: %w", err)
		}
		if done, err := w.look(c.State, c.RestartCount); done || err != nil {
			return err
		}
		timer.Reset(w.until(pause))
		pause = min(2*pause, lastPause)
	}
}

// watch follows one container's state.
type watch struct {
	goal plan.Await
	now  func() time.Time

	startedAt string // the start that upSince belongs to
	upSince   time.Time
	settling  bool   // up, and only time is missing
	last      string // as text, for a timeout
}

// look says whether the container has arrived; an error means it never will.
func (w *watch) look(state *container.State, restarts int) (bool, error) {
	w.settling = false
	if state == nil {
		return false, nil
	}
	switch state.Status {
	case container.StateExited, container.StateDead:
		return w.ended(state)
	case container.StateRunning:
		return w.running(state)
	case container.StateRestarting:
		if restarts >= maxRestarts {
			return false, fmt.Errorf("%w again and again: %d restarts, last exit %s", ErrExited, restarts, exit(state))
		}
		w.last = fmt.Sprintf("it keeps restarting (%d times so far, last exit %s)", restarts, exit(state))
	default:
		w.last = fmt.Sprintf("it is %s", state.Status)
	}
	return false, nil
}

// until is when to look again: of a container that is up, not before it may have
// arrived, because an engine that starts others has no time for looks.
func (w *watch) until(pause time.Duration) time.Duration {
	if !w.settling {
		return pause
	}
	return max(0, minUptime-w.now().Sub(w.upSince))
}

func (w *watch) ended(state *container.State) (bool, error) {
	if state.ExitCode == 0 && w.goal != plan.AwaitRunning && state.Status == container.StateExited {
		return true, nil
	}
	why := ""
	if state.Error != "" {
		why = ": " + state.Error
	}
	return false, fmt.Errorf("%w with %s%s", ErrExited, exit(state), why)
}

// exit says how a container ended: its code, and what that means where the
// kernel killed it.
//
// Engine 20.10 learns of memory that ran out and of the end by two messages of
// the kernel. Where the second is first, its flag stays unset, and the code of a
// killed process is all that is left.
func exit(state *container.State) string {
	const killed = 128 + 9 // SIGKILL
	switch {
	case state.OOMKilled:
		return fmt.Sprintf("code %d (killed because it ran out of memory)", state.ExitCode)
	case state.ExitCode == killed:
		return fmt.Sprintf("code %d (killed, most often because it ran out of memory)", state.ExitCode)
	default:
		return fmt.Sprintf("code %d", state.ExitCode)
	}
}

func (w *watch) running(state *container.State) (bool, error) {
	if w.startedAt != state.StartedAt { // measured on our own clock: the node's may differ
		w.startedAt, w.upSince = state.StartedAt, w.now()
	}
	if w.goal == plan.AwaitCompleted {
		w.last = "it still runs"
		return false, nil
	}
	if h := state.Health; h != nil && h.Status != container.NoHealthcheck && h.Status != "" {
		w.last = fmt.Sprintf("its health check says %q", h.Status)
		switch h.Status {
		case container.Healthy:
			return true, nil
		case container.Unhealthy:
			return false, fmt.Errorf("%w after %d failed checks", ErrUnhealthy, h.FailingStreak)
		}
		return false, nil
	}
	w.last, w.settling = "it does not stay up", true
	return w.now().Sub(w.upSince) >= minUptime, nil
}

func (w *watch) timedOut(cause error) error {
	if w.last == "" {
		w.last = "nothing is known of it"
	}
	if errors.Is(cause, context.Canceled) {
		return fmt.Errorf("the wait ended while %s: %w", w.last, cause)
	}
	return fmt.Errorf("%w: %s", ErrTimeout, w.last)
}
