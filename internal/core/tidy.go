package core

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"

	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// abandoned is how old a container that an apply made for a moment is at least when
// that apply is not under way any more.
const abandoned = 24 * time.Hour

// tidy gives the containers that applies made for themselves their names back if they
// were renamed, and removes those that were replaced by another one, and
// what an interrupted apply left. It is called before a write to the node. Without such
// containers it costs no request of its own.
func (s *shared) tidy(ctx context.Context, node string) error {
	engine, snapshot, err := s.look(ctx, node)
	if err != nil {
		return err
	}
	strays, left := snapshot.Strays(), snapshot.Leftovers()
	if len(left) > 0 {
		strays = append(strays, outdated(ctx, engine, left)...)
	}
	if len(strays) == 0 {
		return nil
	}
	end, err := s.run.Turn(ctx, node, "helpers")
	if err != nil {
		return err
	}
	defer end()
	for _, stray := range strays {
		if stray.Taken {
			err = execute.RemoveScratch(ctx, engine, []string{stray.ID})
		} else {
			err = engine.ContainerRename(ctx, stray.ID, stray.Name)
		}
		if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) { // which means that another run was faster
			return explain(engine, fmt.Errorf("tidy up container %s: %w", cmp.Or(stray.Name, stray.ID), err))
		}
	}
	s.forget(node)
	return nil
}

// outdated are the leftovers that no apply needs any more, by the node's own clock: a
// node without a battery may begin in 1970. One whose clock cannot be read has none.
func outdated(ctx context.Context, engine Engine, left []observed.Leftover) []observed.Stray {
	info, err := engine.Info(ctx)
	if err != nil {
		return nil
	}
	now, err := time.Parse(time.RFC3339Nano, info.SystemTime)
	if err != nil {
		return nil
	}
	var strays []observed.Stray
	for _, one := range left {
		if now.Sub(one.Created) > abandoned {
			strays = append(strays, observed.Stray{ID: one.ID, Taken: true})
		}
	}
	return strays
}
