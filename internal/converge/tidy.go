package converge

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"

	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
)

// tidy gives the containers that applies made for themselves their names back, if
// somebody renamed them, and removes those whose place another one has taken. It is
// for whoever is about to write to the node. Without any it costs no request of its
// own.
func (d *Door) tidy(ctx context.Context, node string) error {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return err
	}
	snapshot, err := d.snapshot(ctx, node, engine)
	if err != nil {
		return explain(engine, err)
	}
	strays := snapshot.Strays()
	if len(strays) == 0 {
		return nil
	}
	turn := d.turnOf(node, "helpers")
	turn.Lock()
	defer turn.Unlock()
	for _, stray := range strays {
		if stray.Taken {
			err = execute.RemoveScratch(ctx, engine, []string{stray.ID})
		} else {
			err = engine.ContainerRename(ctx, stray.ID, stray.Name)
		}
		if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) { // which means that another run was faster
			return explain(engine, fmt.Errorf("tidy up container %s: %w", stray.Name, err))
		}
	}
	d.forget(node)
	return nil
}
