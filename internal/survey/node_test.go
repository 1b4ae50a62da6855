package survey_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/survey"
)

// settleLimit is how long a project may take until nothing changes any more.
const settleLimit = 45 * time.Second

// node is a node of the lab for one side of one worker.
type node struct {
	*lab.Node
	*client.Client
	engine *compare.Engine
}

func newNode(t *testing.T, n *lab.Node, stage string) *node {
	t.Helper()
	c := labtest.Client(t, n.Host)
	version, err := c.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &node{n, c, compare.NewEngine(t, n.Socket, version.APIVersion, stage)}
}

// furnish makes what a project expects of a node: images, external networks and
// volumes, and what it mounts.
func (n *node) furnish(ctx context.Context, p *prepared, all []images.Image) error {
	if err := images.Load(ctx, n.Client, all...); err != nil {
		return err
	}
	for _, one := range p.document.Networks {
		if !one.External {
			continue
		}
		if _, err := n.NetworkCreate(ctx, one.Name, network.CreateOptions{}); err != nil && !strings.Contains(err.Error(), "already exists") {
			return err
		}
	}
	for _, one := range p.document.Volumes {
		if one.External {
			if _, err := n.VolumeCreate(ctx, volume.CreateOptions{Name: one.Name}); err != nil {
				return err
			}
		}
	}
	return p.makeAbsolute(n.Root)
}

// settle waits until nothing starts or restarts any more, and names what still does.
func (n *node) settle(t *testing.T, project string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settleLimit)
	defer cancel()
	for tick := time.Tick(200 * time.Millisecond); ; {
		waiting := n.engine.Unsettled(t, project)
		if len(waiting) == 0 {
			return nil
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return fmt.Errorf("still starting or restarting: %s", strings.Join(waiting, ", "))
		}
	}
}

// left lists what a node has of a project that was destroyed: all of it, for every
// project has the node for itself.
func (n *node) left(ctx context.Context, p *prepared) ([]string, error) {
	var out []string
	containers, err := n.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, err
	}
	for _, c := range containers {
		out = append(out, "container "+strings.Join(c.Names, ",")+" is left")
	}
	networks, err := n.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, one := range networks {
		if !slices.Contains([]string{"bridge", "host", "none"}, one.Name) && !isExternal(p.document.Networks, one.Name) {
			out = append(out, "network "+one.Name+" is left")
		}
	}
	volumes, err := n.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, one := range volumes.Volumes {
		if !isExternal(p.document.Volumes, one.Name) {
			out = append(out, "volume "+one.Name+" is left")
		}
	}
	return out, nil
}

func isExternal(all map[string]survey.External, name string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(all)), func(e survey.External) bool { return e.External && e.Name == name })
}

// clear removes everything from a node, other people's images included.
func (n *node) clear(ctx context.Context) error {
	containers, err := n.ContainerList(ctx, container.ListOptions{All: true})
	for _, c := range containers {
		err = errors.Join(err, ignoreGone(n.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})))
	}
	networks, failed := n.NetworkList(ctx, network.ListOptions{})
	err = errors.Join(err, failed)
	for _, one := range networks {
		if !slices.Contains([]string{"bridge", "host", "none"}, one.Name) {
			err = errors.Join(err, n.removeNetwork(ctx, one.ID))
		}
	}
	volumes, failed := n.VolumeList(ctx, volume.ListOptions{})
	err = errors.Join(err, failed)
	for _, one := range volumes.Volumes {
		err = errors.Join(err, ignoreGone(n.VolumeRemove(ctx, one.Name, true)))
	}
	all, failed := n.ImageList(ctx, image.ListOptions{})
	err = errors.Join(err, failed)
	for _, one := range all {
		if !slices.ContainsFunc(one.RepoTags, func(ref string) bool { return strings.HasPrefix(ref, "homelab.test/") }) {
			_, failed := n.ImageRemove(ctx, one.ID, image.RemoveOptions{Force: true})
			err = errors.Join(err, ignoreGone(failed))
		}
	}
	return err
}

func ignoreGone(err error) error {
	if err != nil && strings.Contains(strings.ToLower(err.Error()), "no such") {
		return nil
	}
	return err
}

// removeNetwork takes endpoints off first that an engine of 20.10 keeps of containers
// that are gone.
func (n *node) removeNetwork(ctx context.Context, id string) error {
	err := n.NetworkRemove(ctx, id)
	if err == nil || !strings.Contains(err.Error(), "active endpoints") {
		return ignoreGone(err)
	}
	inspected, err := n.NetworkInspect(ctx, id, network.InspectOptions{})
	if err != nil {
		return err
	}
	for _, endpoint := range inspected.Containers {
		if err := n.NetworkDisconnect(ctx, id, endpoint.Name, true); err != nil {
			return err
		}
	}
	return n.NetworkRemove(ctx, id)
}
