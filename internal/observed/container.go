package observed

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const shortIDLength = 12

func trimName(name string) string { return strings.TrimPrefix(name, "/") }

func newContainer(c container.InspectResponse, s *Stack, mountpoints map[string]volume.Volume, services map[string]string) Container {
	labels := map[string]string{}
	if c.Config != nil && c.Config.Labels != nil {
		labels = c.Config.Labels
	}
	number, err := strconv.Atoi(labels[desired.LabelNumber])
	if err != nil || number < 1 {
		number = 1
	}
	out := Container{
		ID: c.ID, Name: trimName(c.Name), Service: labels[desired.LabelService], Number: number,
		ImageID: c.Image, Labels: labels, RestartCount: c.RestartCount, FileVolumes: map[string]string{}, Anonymous: map[string]string{}, NetworkIDs: map[string]string{},
		Binds: map[string]Bind{}, Endpoints: map[string]desired.Endpoint{},
	}
	if c.Config != nil {
		out.Image = c.Config.Image
		out.HasHealthcheck = hasHealthcheck(c.Config.Healthcheck)
	}
	out.Created, _ = time.Parse(time.RFC3339Nano, c.Created)
	out.readState(c.State)
	out.Spec = readSpec(c, s, &out, mountpoints, services)
	return out
}

func hasHealthcheck(h *container.HealthConfig) bool {
	return h != nil && len(h.Test) > 0 && h.Test[0] != "NONE"
}

func (c *Container) readState(state *container.State) {
	if state == nil {
		c.State = Dead
		return
	}
	c.ExitCode, c.OOMKilled, c.Error = state.ExitCode, state.OOMKilled, state.Error
	c.StartedAt, _ = time.Parse(time.RFC3339Nano, state.StartedAt)
	c.State = State(state.Status)
	if state.Health == nil || !c.HasHealthcheck {
		return
	}
	if c.State == Running {
		switch state.Health.Status {
		case container.Starting, container.Healthy, container.Unhealthy:
			c.State = State(state.Health.Status)
		}
	}
	for _, check := range state.Health.Log {
		if check != nil {
			c.Health = append(c.Health, HealthCheck{At: check.Start, ExitCode: check.ExitCode, Output: strings.TrimSpace(check.Output)})
		}
	}
}

// readSpec extracts the container's fields, and notes those its image gave.
func readSpec(c container.InspectResponse, s *Stack, out *Container, mountpoints map[string]volume.Volume, services map[string]string) desired.Spec {
	view := desired.View{
		Config: c.Config, ShortID: c.ID[:shortIDLength], Names: namesOf(out),
		DefaultName: fmt.Sprintf("%s-%s", out.Labels[desired.LabelProject], out.Service),
		Networks:    map[string]*network.EndpointSettings{},
	}
	if c.HostConfig != nil {
		host := *c.HostConfig
		for _, mode := range []string{string(host.NetworkMode), string(host.PidMode), string(host.IpcMode)} {
			if id, ok := strings.CutPrefix(mode, "container:"); ok {
				out.Shares = append(out.Shares, id)
			}
		}
		host.NetworkMode = container.NetworkMode(s.sharedWith(string(host.NetworkMode), services))
		host.PidMode = container.PidMode(s.sharedWith(string(host.PidMode), services))
		host.IpcMode = container.IpcMode(s.sharedWith(string(host.IpcMode), services))
		host.VolumesFrom = s.readVolumesFrom(c, out, services)
		view.Host = &host
	}
	if c.NetworkSettings != nil {
		view.Networks = c.NetworkSettings.Networks
		for name, endpoint := range c.NetworkSettings.Networks {
			out.NetworkIDs[name] = endpoint.NetworkID
			if one, ok := attached(c, name, s.APIVersion); ok {
				out.Endpoints[name] = one.Endpoint
			}
		}
	}
	view.Mounts, view.Files = readMounts(c, s, out, mountpoints)
	spec := desired.Extract(view)
	if platform := platformOf(c, s.Images[c.Image]); platform != "" {
		spec["platform"] = platform
	}
	maps.Copy(spec, desired.ReadHookLabel(out.Labels[desired.LabelHooks]).Spec())
	out.Defaults = s.cache.defaults(c.ID, spec, s.Images[c.Image])
	if build := s.Images[c.Image].Labels[desired.LabelBuildHash]; build != "" {
		spec["build"] = build
	}
	return spec
}

// namesOf are the names that a container has and had: a change under way ("…_after_<id>",
// "<id>_…") or a person may have given it another one than it was made for.
func namesOf(c *Container) []string {
	made, _, _ := strings.Cut(strings.TrimPrefix(c.Name, c.ID[:shortIDLength]+"_"), "_after_")
	return []string{c.Name, made}
}

// readVolumesFrom spells the containers whose volumes are mounted as the Compose
// document does. The engine takes "<container>[:ro]", and keeps what it was given.
func (s *Stack) readVolumesFrom(c container.InspectResponse, out *Container, services map[string]string) []string {
	var list []string
	for _, item := range c.HostConfig.VolumesFrom {
		id, _, _ := strings.Cut(item, ":")
		if len(id) == idLength {
			out.Shares = append(out.Shares, id)
		}
		text := s.sharedWith(desired.ContainerPrefix+id, services)
		if name, ok := strings.CutPrefix(text, desired.ContainerPrefix); ok && s.hasOtherVolumes(c, name) {
			text += ", with other volumes"
		}
		list = append(list, text)
	}
	return list
}

// hasOtherVolumes reports whether a container lacks a volume of the one whose
// volumes it was made with: that was recreated since.
func (s *Stack) hasOtherVolumes(c container.InspectResponse, name string) bool {
	for target, volume := range s.mounted[s.Names[name]] {
		same := func(m container.MountPoint) bool {
			return m.Destination == target && (mounted(m) == volume || !isInherited(c, target))
		}
		if !slices.ContainsFunc(c.Mounts, same) {
			return true
		}
	}
	return false
}

// mounted is what a mount is of: a volume's name, or a path of the node.
func mounted(m container.MountPoint) string { return cmp.Or(m.Name, m.Source) }

const idLength = 64

// sharedWith spells "container:<id>" as the Compose document does: as
// "service:<name>" for a container of the same stack, and else by the container's
// name, of which the engine keeps the ID. One that is gone, or was recreated since,
// has no name.
func (s *Stack) sharedWith(mode string, services map[string]string) string {
	id, ok := strings.CutPrefix(mode, desired.ContainerPrefix)
	switch name := s.nameOfID[id]; {
	case !ok:
		return mode
	case services[id] != "":
		return desired.ServicePrefix + services[id]
	case name != "":
		return desired.ContainerPrefix + name
	case len(id) == idLength:
		return desired.ContainerPrefix + id[:shortIDLength] + ", which is gone"
	}
	return mode
}

// holders says who publishes which host port.
func holders(list []container.Summary) map[string]Holder {
	ports := map[string]Holder{}
	for _, c := range list {
		for _, p := range c.Ports {
			if p.PublicPort != 0 {
				ports[fmt.Sprintf("%s:%d/%s", p.IP, p.PublicPort, p.Type)] = holderOf(c)
			}
		}
	}
	return ports
}

func holderOf(c container.Summary) Holder {
	name := ""
	if len(c.Names) > 0 {
		name = trimName(c.Names[0])
	}
	return Holder{Container: name, Stack: c.Labels[desired.LabelProject], Service: c.Labels[desired.LabelService], Owned: c.Labels[desired.LabelStack] != ""}
}
