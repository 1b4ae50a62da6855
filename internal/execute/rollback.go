package execute

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// rollbackLimit bounds the way back, which starts when the time for the change
// may be up already.
const rollbackLimit = 5 * time.Minute

// rollBack undoes what the journal holds, newest first: new containers go, old
// ones get their names back and run again. What says which containers belong on a
// network stays if not all are back on it. It names the services whose
// previous containers run.
func (r *run) rollBack(ctx context.Context) ([]string, error) {
	asking, asked := cleaning(ctx)
	limit := rollbackLimit + r.longestStop(asking)
	asked()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	r.waitForEngine(ctx)
	var errs []error
	if err := r.findLost(ctx); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, r.discardNew(ctx)...)
	restored := map[string]bool{}
	for i := len(r.journal) - 1; i >= 0; i-- {
		e := r.journal[i]
		if len(errs) > 0 && e.Made != nil && e.Made.IsReattachNote() {
			continue // for a later apply, which attaches whom this one does not
		}
		if err := r.undo(ctx, e, restored); err != nil {
			errs = append(errs, fmt.Errorf("undo %s: %w", e.ID, explain(r.engine, err)))
		}
	}
	if len(r.lost) > 0 { // an engine that was slow has made them by now
		errs = append(append(errs, r.findLost(ctx)), r.discardNew(ctx)...)
	}
	var names []string
	for name := range restored {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, errors.Join(errs...)
}

// longestStop is the longest grace period of the stops that the engine may still be
// carrying out.
func (r *run) longestStop(ctx context.Context) time.Duration {
	var longest time.Duration
	for _, e := range r.journal {
		if !e.done && (e.Kind == plan.StopContainer || e.Kind == plan.RestartContainer) {
			longest = max(longest, r.grace(ctx, e.Operation)+stopMargin)
		}
	}
	return longest
}

// explain lets an engine that knows its node describe the error of a call that did not
// get through to it.
func explain(engine any, err error) error {
	if explainer, ok := engine.(interface{ Explain(err error) error }); ok && err != nil {
		return explainer.Explain(err)
	}
	return err
}

// returnLimit bounds the wait for an engine that is being restarted, and
// returnPause is how often it is asked.
const (
	returnLimit = 2 * time.Minute
	returnPause = 250 * time.Millisecond
)

// waitForEngine waits until an engine answers again that went out of reach while
// the change was made: nothing can be undone before.
func (r *run) waitForEngine(ctx context.Context) {
	if !slices.ContainsFunc(r.failures, func(f Failure) bool { return f.unreached }) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, returnLimit)
	defer cancel()
	tick := time.NewTicker(returnPause)
	defer tick.Stop()
	for {
		if _, err := r.engine.ImageInspect(ctx, scratchImage); err == nil || errdefs.IsNotFound(err) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// discardNew removes every container that this run made: its names and ports
// are needed by the one it was to replace.
func (r *run) discardNew(ctx context.Context) []error {
	var errs []error
	for _, id := range slices.Sorted(maps.Values(r.created)) {
		if err := ignoreNotFound(r.engine.ContainerRemove(ctx, id, container.RemoveOptions{Force: true})); err != nil {
			errs = append(errs, fmt.Errorf("remove new container %.12s: %w", id, explain(r.engine, err)))
		}
	}
	return errs
}

func (r *run) undo(ctx context.Context, e *entry, restored map[string]bool) error {
	op := e.Operation
	switch op.Kind {
	case plan.StopContainer:
		return r.startAgain(ctx, e, restored)
	case plan.RestartContainer:
		if !e.done {
			return r.startAgain(ctx, e, restored)
		}
	case plan.RenameContainer:
		return r.renameBack(ctx, op)
	case plan.CreateVolume:
		if op.File != nil {
			return seek(ctx, e.cause, func() (bool, error) {
				err := r.engine.VolumeRemove(ctx, op.Name, false)
				return err == nil, ignoreNotFound(err)
			})
		}
	default:
		return r.undoNetwork(ctx, e)
	}
	return nil
}

// undoNetwork undoes what was done to a network, or to a container's place on it.
func (r *run) undoNetwork(ctx context.Context, e *entry) error {
	op := e.Operation
	switch {
	case op.Kind == plan.CreateNetwork && !e.done:
		return r.removeMade(ctx, op, e.cause)
	case op.Kind == plan.CreateNetwork:
		return r.removeNetwork(ctx, op.Name)
	case op.Kind == plan.RemoveNetwork && op.Made != nil:
		return r.makeAgain(ctx, op.Made)
	case op.Kind == plan.DisconnectContainer && op.Endpoint != nil:
		return r.attach(ctx, op)
	case op.Kind == plan.ConnectContainer && op.Endpoint != nil:
		return r.detachAgain(ctx, op)
	}
	return nil // nothing to undo, or gone with the new containers
}

// startAgain starts a container that ran before. A stop that the engine may still be
// carrying out would end it afterwards, so that is waited for.
func (r *run) startAgain(ctx context.Context, e *entry, restored map[string]bool) error {
	op := e.Operation
	if !op.WasUp {
		return nil
	}
	if !e.done {
		if err := r.awaitStop(ctx, e); err != nil {
			return err
		}
	}
	before := r.startedAt(ctx, op)
	if err := r.engine.ContainerStart(ctx, op.Container, container.StartOptions{}); err != nil {
		return err
	}
	if r.startedAt(ctx, op) != before { // else it never stopped
		if err := r.runInside(ctx, op.Container, op.Service, "post_start", op.Hooks.PostStart); err != nil {
			return err
		}
	}
	if err := r.await(ctx, op.Container, plan.AwaitRunning); err != nil {
		return err
	}
	restored[op.Service] = true
	return nil
}

// startedAt identifies a run of a container with hooks.
func (r *run) startedAt(ctx context.Context, op *plan.Operation) string {
	if len(op.Hooks.PostStart) == 0 {
		return ""
	}
	c, err := r.engine.ContainerInspect(ctx, op.Container)
	if err != nil || c.State == nil {
		return ""
	}
	return c.State.StartedAt
}

// renameBack gives an old container the name back that it had made room with.
// A new container's renaming needs no undoing: it is gone.
func (r *run) renameBack(ctx context.Context, op *plan.Operation) error {
	if op.Container == "" || op.OldName == "" || r.hasName(ctx, op.Container, op.OldName) {
		return nil
	}
	return r.engine.ContainerRename(ctx, op.Container, op.OldName)
}
