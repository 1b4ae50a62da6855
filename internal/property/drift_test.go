package property

import (
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// drift does something by hand to one of the project's containers.
func (c *chain) drift() {
	c.Helper()
	all := c.state(c.chained)
	if len(all.containers) == 0 {
		return
	}
	target := all.containers[c.IntN(len(all.containers))]
	ctx, engine, id := c.Context(), c.chained.engine, target.ID
	stop := 1
	ways := []struct {
		name string
		do   func() error
	}{
		{"stop", func() error { return engine.ContainerStop(ctx, id, container.StopOptions{Timeout: &stop}) }},
		{"pause", func() error { return engine.ContainerPause(ctx, id) }},
		{"remove", func() error { return engine.ContainerRemove(ctx, id, container.RemoveOptions{Force: true}) }},
		{"rename", func() error { return engine.ContainerRename(ctx, id, fmt.Sprintf("byhand%d", c.worker)) }},
		{"swap names", func() error {
			other := all.containers[c.IntN(len(all.containers))]
			if other.ID == id {
				return nil
			}
			for _, to := range []struct{ id, name string }{{id, fmt.Sprintf("byhand%d", c.worker)}, {other.ID, target.Name}, {id, other.Name}} {
				if err := engine.ContainerRename(ctx, to.id, to.name); err != nil {
					return err
				}
			}
			return nil
		}},
		{"restart", func() error { return engine.ContainerRestart(ctx, id, container.StopOptions{Timeout: &stop}) }},
		{"update", func() error {
			_, err := engine.ContainerUpdate(ctx, id, container.UpdateConfig{Resources: container.Resources{Memory: 80 << 20, MemorySwap: 160 << 20}})
			return err
		}},
		{"disconnect", func() error {
			for name := range target.NetworkSettings.Networks {
				return engine.NetworkDisconnect(ctx, name, id, false)
			}
			return nil
		}},
	}
	way := ways[c.IntN(len(ways))]
	err := way.do()
	c.log = append(c.log, fmt.Sprintf("by hand: %s %s: %v", way.name, target.Name, err))
	if err != nil && !errdefs.IsConflict(err) && !errdefs.IsInternal(err) && !errdefs.IsInvalidArgument(err) && !errdefs.IsPermissionDenied(err) {
		c.report("by hand: %v", err)
	}
}
