package execute

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// uncertain reports whether the engine may have done what a call asked for although
// the call failed: its answer was lost, or it failed on the way. An engine that
// refuses has done nothing.
func uncertain(err error) bool {
	return err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) && !errdefs.IsInvalidArgument(err) &&
		!errdefs.IsPermissionDenied(err) && !errdefs.IsUnauthorized(err) && !errdefs.IsNotImplemented(err)
}

// unanswered reports whether a call ended without any answer, so that the engine may
// still be at it.
func unanswered(err error) bool {
	return uncertain(err) && !errdefs.IsInternal(err) && !errdefs.IsUnavailable(err)
}

// How long an engine that may still be making something is asked for it: pauses that
// double, some three seconds together.
const (
	firstLostPause = 50 * time.Millisecond
	lastLostPause  = 1600 * time.Millisecond
)

// seek looks for what a failed call may have made, again and again if the engine may
// still be at it. look reports whether it is there.
func seek(ctx context.Context, cause error, look func() (found bool, err error)) error {
	for pause := firstLostPause; ; pause *= 2 {
		found, err := look()
		if found || err != nil || !unanswered(cause) || pause > lastLostPause || !sleep(ctx, pause) {
			return err
		}
	}
}

// lostContainer is a container whose creation failed without a refusal: it may be
// there.
type lostContainer struct {
	replica replica
	name    string
	labels  map[string]string
	cause   error
}

// lose notes a container that may have been made.
func (r *run) lose(op *plan.Operation, labels map[string]string, cause error) {
	if !uncertain(cause) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = append(r.lost, lostContainer{replica{op.Service, op.Number}, op.Name, labels, cause})
}

// findLost looks for the containers whose creation may have succeeded, by name and
// labels, and takes those that are there for what this run made.
func (r *run) findLost(ctx context.Context) error {
	var still []lostContainer
	for _, l := range r.lost {
		found := false
		err := seek(ctx, l.cause, func() (bool, error) {
			c, err := r.engine.ContainerInspect(ctx, l.name)
			if ignoreNotFound(err) != nil {
				return false, err
			}
			found = err == nil && c.Config != nil && holds(c.Config.Labels, l.labels) && !r.existed(c.ID)
			if found {
				r.created[l.replica] = c.ID
			}
			return found, nil
		})
		if err != nil {
			return fmt.Errorf("look for container %s: %w", l.name, explain(r.engine, err))
		}
		if !found {
			l.cause = nil // it was waited for
			still = append(still, l)
		}
	}
	r.lost = still
	return nil
}

// existed reports whether a container was there before the run, as far as the plan
// mentions it.
func (r *run) existed(id string) bool {
	for i := range r.plan.Operations {
		if r.plan.Operations[i].Container == id {
			return true
		}
	}
	return false
}

// holds reports whether all has every entry of part.
func holds(all, part map[string]string) bool {
	for key, value := range part {
		if all[key] != value {
			return false
		}
	}
	return true
}

// removeMade undoes a [plan.CreateNetwork] of which it is not certain that the engine
// carried it out: the network is looked for by name and labels. Another network of
// the name stays.
func (r *run) removeMade(ctx context.Context, op *plan.Operation, cause error) error {
	n, marks, err := r.networkOf(op)
	if err != nil {
		return err
	}
	labels := maps.Clone(n.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, marks)
	return seek(ctx, cause, func() (bool, error) {
		found, err := r.engine.NetworkInspect(ctx, n.Name, network.InspectOptions{})
		if err != nil || found.Name != n.Name || !holds(found.Labels, labels) {
			return false, ignoreNotFound(err)
		}
		return true, r.removeNetwork(ctx, found.ID)
	})
}

// helperName returns a name for a container that this package makes for a moment, so
// that it can be found when the answer to its creation is lost.
func helperName(kind string) string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	return desired.HelperPrefix + kind + "-" + hex.EncodeToString(random)
}

// removeLost removes a helper container whose creation failed without a refusal, also
// when ctx has ended. Its error says that the container may be left.
func removeLost(ctx context.Context, engine remover, name string, cause error) error {
	if !uncertain(cause) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectLimit)
	defer cancel()
	err := seek(ctx, cause, func() (bool, error) {
		err := engine.ContainerRemove(ctx, name, container.RemoveOptions{Force: true, RemoveVolumes: true})
		return err == nil, ignoreNotFound(err)
	})
	if err != nil {
		return fmt.Errorf("helper container %s may be left on the node: %w", name, err)
	}
	return nil
}

// stopMargin is how long an engine takes for a stop beyond the grace period: it kills
// the container then, and waits for its end.
const stopMargin = 15 * time.Second

// defaultGrace is the engine's own grace period.
const defaultGrace = 10 * time.Second

// grace is how long a container of a service is given to stop.
func (r *run) grace(ctx context.Context, op *plan.Operation) time.Duration {
	if options := r.stopOptions(op.Service); options.Timeout != nil {
		return time.Duration(*options.Timeout) * time.Second
	}
	c, err := r.engine.ContainerInspect(ctx, op.Container)
	if err != nil || c.Config == nil || c.Config.StopTimeout == nil {
		return defaultGrace
	}
	return time.Duration(*c.Config.StopTimeout) * time.Second
}

// awaitStop waits until a stop or restart has ended that the engine may still be
// carrying out, though nobody waits for its answer any more. An engine that never
// got the request is waited for as long as a stop may take.
func (r *run) awaitStop(ctx context.Context, e *entry) error {
	ctx, cancel := context.WithTimeout(ctx, r.grace(ctx, e.Operation)+stopMargin)
	defer cancel()
	for {
		c, err := r.engine.ContainerInspect(ctx, e.Container)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case c.State == nil || !c.State.Running || e.startedAt != "" && c.State.StartedAt != e.startedAt:
			return nil
		}
		if !sleep(ctx, returnPause) {
			return nil
		}
	}
}

// hasName reports whether a container is called so.
func (r *run) hasName(ctx context.Context, id, name string) bool {
	c, err := r.engine.ContainerInspect(ctx, id)
	return err == nil && c.ContainerJSONBase != nil && strings.TrimPrefix(c.Name, "/") == name
}
