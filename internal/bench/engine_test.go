package bench

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"
)

// atOnce is how many requests are under way when the API is used straight.
const atOnce = 8

// requests are what makes a project when they are sent straight to the engine.
type requests struct {
	networks   []network.Inspect
	volumes    []*volume.Volume
	containers []container.InspectResponse
}

// copyOf takes the requests from what is there.
func copyOf(t *testing.T, engine *client.Client, project string) requests {
	t.Helper()
	ctx, mine := context.WithoutCancel(t.Context()), filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+project))
	var r requests
	var err error
	r.networks, err = engine.NetworkList(ctx, network.ListOptions{Filters: mine})
	must(t, err)
	volumes, err := engine.VolumeList(ctx, volume.ListOptions{Filters: mine})
	must(t, err)
	r.volumes = volumes.Volumes
	list, err := engine.ContainerList(ctx, container.ListOptions{All: true, Filters: mine})
	must(t, err)
	for _, c := range list {
		one, err := engine.ContainerInspect(ctx, c.ID)
		must(t, err)
		r.containers = append(r.containers, one)
	}
	return r
}

// send makes the networks and volumes, then creates and starts the containers,
// eight at a time, and returns how long that took.
func (r requests) send(t *testing.T, engine *client.Client) time.Duration {
	t.Helper()
	start := time.Now()
	first, ctx := errgroup.WithContext(t.Context())
	first.SetLimit(atOnce)
	for _, n := range r.networks {
		first.Go(func() error {
			_, err := engine.NetworkCreate(ctx, n.Name, network.CreateOptions{Driver: n.Driver, Labels: n.Labels})
			return err
		})
	}
	for _, v := range r.volumes {
		first.Go(func() error {
			_, err := engine.VolumeCreate(ctx, volume.CreateOptions{Name: v.Name, Labels: v.Labels})
			return err
		})
	}
	must(t, first.Wait())
	second, ctx := errgroup.WithContext(t.Context())
	second.SetLimit(atOnce)
	for _, c := range r.containers {
		second.Go(func() error { return createAndStart(ctx, engine, c) })
	}
	must(t, second.Wait())
	return time.Since(start)
}

// createAndStart makes one container: engines before API 1.44 take one network
// when a container is made, and the others after.
func createAndStart(ctx context.Context, engine *client.Client, c container.InspectResponse) error {
	var names []string
	for name := range c.NetworkSettings.Networks {
		names = append(names, name)
	}
	slices.Sort(names)
	joins := map[string]*network.EndpointSettings{}
	for _, name := range names[:min(1, len(names))] {
		joins[name] = &network.EndpointSettings{Aliases: c.NetworkSettings.Networks[name].Aliases}
	}
	made, err := engine.ContainerCreate(ctx, c.Config, c.HostConfig, &network.NetworkingConfig{EndpointsConfig: joins}, nil, c.Name)
	if err != nil {
		return err
	}
	for _, name := range names[len(joins):] {
		if err := engine.NetworkConnect(ctx, name, made.ID, &network.EndpointSettings{Aliases: c.NetworkSettings.Networks[name].Aliases}); err != nil {
			return err
		}
	}
	return engine.ContainerStart(ctx, made.ID, container.StartOptions{})
}

// replaceOne replaces one container by another one like it, and returns how long
// that took. It waits for nothing.
func replaceOne(t *testing.T, engine *client.Client, project string) time.Duration {
	t.Helper()
	ctx, one := t.Context(), copyOf(t, engine, project).containers[0]
	old, name := one.ID, one.Name
	one.Name += "-next"
	one.Config.Labels["homelab.test.replaced"] = "true"
	start := time.Now()
	must(t, engine.ContainerStop(ctx, old, container.StopOptions{}))
	must(t, createAndStart(ctx, engine, one))
	must(t, engine.ContainerRemove(ctx, old, container.RemoveOptions{}))
	must(t, engine.ContainerRename(ctx, one.Name, name))
	return time.Since(start)
}

// wipe removes a project with all that it has.
func wipe(t *testing.T, engine *client.Client, project string) {
	t.Helper()
	r := copyOf(t, engine, project)
	ctx := context.WithoutCancel(t.Context())
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, c := range r.containers {
		group.Go(func() error {
			return engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		})
	}
	must(t, group.Wait())
	for _, n := range r.networks {
		must(t, removeNetwork(ctx, engine, n.ID))
	}
	for _, v := range r.volumes {
		must(t, engine.VolumeRemove(ctx, v.Name, true))
	}
}

// removeNetwork takes endpoints off first that the engine keeps of containers that
// are gone: one of 20.10 may do so for good when several are killed at once.
func removeNetwork(ctx context.Context, engine *client.Client, id string) error {
	err := engine.NetworkRemove(ctx, id)
	if err == nil || !strings.Contains(err.Error(), "active endpoints") {
		return err
	}
	n, err := engine.NetworkInspect(ctx, id, network.InspectOptions{})
	if err != nil {
		return err
	}
	for _, endpoint := range n.Containers {
		if err := engine.NetworkDisconnect(ctx, id, endpoint.Name, true); err != nil {
			return err
		}
	}
	return engine.NetworkRemove(ctx, id)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
