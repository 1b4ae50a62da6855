package property

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// history are the labels that tell how a container came to be, not what it is. A
// dependency that is added or dropped makes no container anew, as under Docker
// Compose, whose hash leaves dependencies out too; and its hash goes by the words,
// where a container is not made anew for other words of the same meaning. That new
// containers have the right ones is for the conformance tests.
var history = []string{desired.LabelReplaces, desired.LabelSecretVersion, desired.LabelDependsOn, desired.LabelConfigHash}

var (
	anonymous     = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	secretVersion = regexp.MustCompile(`_v[0-9]+\b`)
)

// things are what an engine has of a project.
type things struct {
	containers []container.InspectResponse
	networks   []network.Inspect
	volumes    []*volume.Volume // of delivered files
	data       []*volume.Volume // the user's
	scratch    int
}

// find asks the engine, by label.
func find(ctx context.Context, engine *client.Client, name string) (things, error) {
	var all things
	by := func(label string) filters.Args { return filters.NewArgs(filters.Arg("label", label+"="+name)) }
	list, err := engine.ContainerList(ctx, container.ListOptions{All: true, Filters: by(desired.LabelProject)})
	if err != nil {
		return all, err
	}
	for _, c := range list {
		one, err := engine.ContainerInspect(ctx, c.ID)
		if err != nil {
			return all, err
		}
		all.containers = append(all.containers, one)
	}
	scratch, err := engine.ContainerList(ctx, container.ListOptions{All: true, Filters: by(desired.LabelScratch)})
	if err != nil {
		return all, err
	}
	all.scratch = len(scratch)
	if all.networks, err = engine.NetworkList(ctx, network.ListOptions{Filters: by(desired.LabelProject)}); err != nil {
		return all, err
	}
	volumes, err := engine.VolumeList(ctx, volume.ListOptions{Filters: by(desired.LabelStack)})
	for _, v := range volumes.Volumes {
		if v.Labels[desired.LabelFile] != "" {
			all.volumes = append(all.volumes, v)
		} else {
			all.data = append(all.data, v)
		}
	}
	return all, err
}

// state is what can be compared: lines, without IDs, times and history.
func (t things) state() string {
	var lines []string
	names := []string{}
	for _, c := range t.containers {
		names = append(names, c.ID, c.Name, c.ID[:12], c.Name)
	}
	rename := strings.NewReplacer(names...)
	for _, c := range t.containers {
		text := rename.Replace(describe(c))
		lines = append(lines, secretVersion.ReplaceAllString(anonymous.ReplaceAllString(text, "<anonymous>"), "_v"))
	}
	for _, n := range t.networks {
		lines = append(lines, encode("network "+n.Name, map[string]any{"driver": n.Driver, "internal": n.Internal, "options": n.Options, "labels": n.Labels}))
	}
	for _, v := range t.volumes {
		delete(v.Labels, desired.LabelSecretCheck) // salted
		delete(v.Labels, desired.LabelFileVersion)
		lines = append(lines, encode("files "+secretVersion.ReplaceAllString(v.Name, "_v"), map[string]any{"labels": v.Labels}))
	}
	if t.scratch > 0 {
		lines = append(lines, fmt.Sprintf("%d scratch containers", t.scratch))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func encode(name string, fields map[string]any) string {
	text, err := json.MarshalIndent(fields, "  ", "  ")
	if err != nil {
		panic(err) // the engine's own values
	}
	return name + "\n  " + string(text)
}

// describe shows a container's configuration, attachments and condition.
func describe(c container.InspectResponse) string {
	for _, label := range history {
		delete(c.Config.Labels, label)
	}
	if c.HostConfig.RestartPolicy.Name == container.RestartPolicyDisabled { // which is what none means
		c.HostConfig.RestartPolicy.Name = ""
	}
	short := c.ID[:12]
	if c.Config.Hostname == short {
		c.Config.Hostname = ""
	}
	slices.Sort(c.Config.Env)
	c.HostConfig.Binds = slices.DeleteFunc(c.HostConfig.Binds, func(b string) bool { return anonymous.MatchString(b) })
	c.HostConfig.Mounts = slices.DeleteFunc(c.HostConfig.Mounts, func(m mount.Mount) bool { return m.Type == mount.TypeVolume && m.Source == "" })
	slices.Sort(c.HostConfig.Binds)
	if len(c.HostConfig.Binds) == 0 { // nothing or an empty list is the same
		c.HostConfig.Binds = nil
	}
	if len(c.HostConfig.Mounts) == 0 {
		c.HostConfig.Mounts = nil
	}
	return encode("container "+c.Name, map[string]any{
		"config": c.Config, "host": c.HostConfig, "mounts": mountsOf(c), "networks": networksOf(c, short), "image": c.Image,
		"state": fmt.Sprintf("running=%t paused=%t code=%d", c.State.Running, c.State.Paused, c.State.ExitCode),
	})
}

func mountsOf(c container.InspectResponse) []string {
	var list []string
	for _, m := range c.Mounts {
		list = append(list, fmt.Sprintf("%s %s at %s rw=%t", m.Type, m.Name, m.Destination, m.RW))
	}
	slices.Sort(list)
	return list
}

func networksOf(c container.InspectResponse, short string) map[string]any {
	joined := map[string]any{}
	for name, e := range c.NetworkSettings.Networks {
		aliases := slices.DeleteFunc(slices.Clone(e.Aliases), func(a string) bool { return a == short })
		slices.Sort(aliases)
		joined[name] = map[string]any{"aliases": slices.Compact(aliases), "ipam": e.IPAMConfig, "options": e.DriverOpts}
	}
	return joined
}

// remove takes all of a project from the engine.
func (t things) remove(ctx context.Context, engine *client.Client) error {
	for _, c := range t.containers {
		if err := engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			return err
		}
	}
	for _, n := range t.networks {
		if err := engine.NetworkRemove(ctx, n.ID); err != nil {
			return err
		}
	}
	for _, v := range slices.Concat(t.volumes, t.data) {
		if err := engine.VolumeRemove(ctx, v.Name, true); err != nil {
			return err
		}
	}
	return nil
}
