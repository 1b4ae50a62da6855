package observed

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/go-connections/nat"

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
		Networks: map[string]*network.EndpointSettings{},
	}
	if c.HostConfig != nil {
		host := *c.HostConfig
		for _, mode := range []string{string(host.NetworkMode), string(host.PidMode), string(host.IpcMode)} {
			if id, ok := strings.CutPrefix(mode, "container:"); ok {
				out.Shares = append(out.Shares, id)
			}
		}
		host.NetworkMode = container.NetworkMode(sharedService(string(host.NetworkMode), services))
		host.PidMode = container.PidMode(sharedService(string(host.PidMode), services))
		host.IpcMode = container.IpcMode(sharedService(string(host.IpcMode), services))
		view.Host = &host
	}
	if c.NetworkSettings != nil {
		view.Networks = c.NetworkSettings.Networks
		for name, endpoint := range c.NetworkSettings.Networks {
			out.NetworkIDs[name] = endpoint.NetworkID
		}
	}
	view.Mounts, view.Files = readMounts(c, s, out, mountpoints)
	spec := desired.Extract(view)
	if platform := platformOf(c, s.Images[c.Image]); platform != "" {
		spec["platform"] = platform
	}
	out.Defaults = imageDefaults(spec, s.Images[c.Image])
	if build := s.Images[c.Image].Labels[desired.LabelBuildHash]; build != "" {
		spec["build"] = build
	}
	return spec
}

// platformOf says what a container runs on: engines whose images hold several
// platforms (API 1.48) name the one; with others it is the image's only one.
func platformOf(c container.InspectResponse, img Image) string {
	if d := c.ImageManifestDescriptor; d != nil && d.Platform != nil {
		return platformText(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant)
	}
	return img.Spec["platform"]
}

func platformText(system, architecture, variant string) string {
	if system == "" || architecture == "" {
		return ""
	}
	text := system + "/" + architecture
	if variant != "" {
		text += "/" + variant
	}
	return desired.PlatformText(text)
}

// namesOf are the names that a container has and had: a change under way ("…_after_<id>",
// "<id>_…") or a person may have given it another one than it was made for.
func namesOf(c *Container) []string {
	made, _, _ := strings.Cut(strings.TrimPrefix(c.Name, c.ID[:shortIDLength]+"_"), "_after_")
	return []string{c.Name, made, fmt.Sprintf("%s-%s-%d", c.Labels[desired.LabelProject], c.Service, c.Number)}
}

// sharedService turns "container:<id>" into "service:<name>" for a container
// of the same stack, as the Compose document says it.
func sharedService(mode string, services map[string]string) string {
	id, ok := strings.CutPrefix(mode, "container:")
	if !ok || services[id] == "" {
		return mode
	}
	return "service:" + services[id]
}

// imageDefaults names the fields that have just the value the image gives.
func imageDefaults(spec desired.Spec, img Image) map[string]bool {
	defaults := map[string]bool{}
	for key, value := range img.Spec {
		if spec[key] == value {
			defaults[key] = true
		}
	}
	return defaults
}

// readMounts tells the mounts that a service declares from the files that were
// delivered.
func readMounts(c container.InspectResponse, s *Stack, out *Container, mountpoints map[string]volume.Volume) ([]desired.Mount, []desired.FileView) {
	requested := map[string]mount.Mount{}
	if c.HostConfig != nil {
		for _, m := range c.HostConfig.Mounts {
			requested[m.Target] = m
		}
	}
	var mounts []desired.Mount
	var files []desired.FileView
	seen := map[string]bool{}
	for _, m := range c.Mounts {
		seen[m.Destination] = true
		if file, vol, ok := deliveredFile(m, s, mountpoints); ok {
			out.FileVolumes[m.Destination] = vol
			files = append(files, file)
			continue
		}
		if m.Type == mount.TypeVolume && len(m.Name) == anonymousNameLength {
			out.Anonymous[m.Destination] = m.Name
		}
		if one, ok := newMount(m, requested[m.Destination]); ok {
			mounts = append(mounts, one)
		}
	}
	for target, m := range requested { // the engine lists a tmpfs among the mounts only while it runs
		if m.Type == mount.TypeTmpfs && !seen[target] {
			mounts = append(mounts, tmpfsMount(target, m))
		}
	}
	return mounts, files
}

// deliveredFile recognises a mount of a volume that homelab filled, mounted
// whole or as the path of the one file in it.
func deliveredFile(m container.MountPoint, s *Stack, mountpoints map[string]volume.Volume) (desired.FileView, string, bool) {
	vol, ok := s.Volumes[m.Name]
	if m.Type == mount.TypeBind {
		vol, ok = mountpoints[path.Dir(m.Source)]
	}
	kind := vol.Labels[desired.LabelFile]
	if !ok || kind == "" {
		return desired.FileView{}, "", false
	}
	value := vol.Labels[desired.LabelFileDigest]
	if value == "" {
		version, _ := strconv.Atoi(vol.Labels[desired.LabelFileVersion])
		value = desired.SecretVersion(max(1, version))
	}
	return desired.FileView{Kind: desired.FileKind(kind), Target: m.Destination, Value: value}, vol.Name, true
}

// anonymousNameLength is that of the names the engine gives to volumes nobody named.
const anonymousNameLength = 64

func newMount(m container.MountPoint, requested mount.Mount) (desired.Mount, bool) {
	out := desired.Mount{Target: m.Destination, ReadOnly: !m.RW, Source: m.Source, Type: desired.MountType(m.Type)}
	switch m.Type {
	case mount.TypeVolume:
		out.Source = m.Name
		if len(m.Name) == anonymousNameLength {
			out.Source = "" // as it is asked for: which one it is makes no difference
		}
		if o := requested.VolumeOptions; o != nil {
			out.NoCopy, out.Subpath = o.NoCopy, o.Subpath
		}
		out.NoCopy = out.NoCopy || hasMode(m.Mode, "nocopy")
	case mount.TypeBind:
		out.Propagation = string(m.Propagation)
		for _, label := range []string{"z", "Z"} {
			if hasMode(m.Mode, label) && requested.Target == "" {
				out.SELinux = label
			}
		}
	case mount.TypeTmpfs:
		return tmpfsMount(m.Destination, requested), requested.Target != ""
	default: // shown as the engine calls it
	}
	return out, true
}

func hasMode(modes, mode string) bool {
	for _, one := range strings.Split(modes, ",") {
		if one == mode {
			return true
		}
	}
	return false
}

func tmpfsMount(target string, m mount.Mount) desired.Mount {
	out := desired.Mount{Type: desired.MountTmpfs, Target: target, ReadOnly: m.ReadOnly}
	if o := m.TmpfsOptions; o != nil {
		out.TmpfsSizeBytes, out.TmpfsMode = o.SizeBytes, uint32(o.Mode)
	}
	return out
}

func newImage(resp image.InspectResponse) Image {
	img := Image{ID: resp.ID, Labels: map[string]string{}, Spec: desired.Spec{}}
	if c := resp.Config; c != nil {
		config := container.Config{
			User: c.User, Env: c.Env, Cmd: c.Cmd, Entrypoint: c.Entrypoint, WorkingDir: c.WorkingDir,
			Labels: c.Labels, StopSignal: c.StopSignal, Healthcheck: c.Healthcheck, ExposedPorts: nat.PortSet{},
		}
		for port := range c.ExposedPorts {
			config.ExposedPorts[nat.Port(port)] = struct{}{}
		}
		var mounts []desired.Mount
		for target := range c.Volumes {
			mounts = append(mounts, desired.Mount{Type: desired.MountVolume, Target: target})
		}
		img.Spec = desired.Extract(desired.View{Config: &config, Mounts: mounts})
		img.HasHealthcheck = hasHealthcheck(c.Healthcheck)
		if c.Labels != nil {
			img.Labels = c.Labels
		}
	}
	if platform := platformText(resp.Os, resp.Architecture, resp.Variant); platform != "" {
		img.Spec["platform"] = platform
	}
	for _, digest := range resp.RepoDigests {
		if _, sum, ok := strings.Cut(digest, "@"); ok {
			img.Digest = sum
			break
		}
	}
	return img
}

// holders says who publishes which host port.
func holders(list []container.Summary) map[string]PortHolder {
	ports := map[string]PortHolder{}
	for _, c := range list {
		for _, p := range c.Ports {
			if p.PublicPort == 0 {
				continue
			}
			name := ""
			if len(c.Names) > 0 {
				name = trimName(c.Names[0])
			}
			ports[fmt.Sprintf("%s:%d/%s", p.IP, p.PublicPort, p.Type)] = PortHolder{
				Container: name, Stack: c.Labels[desired.LabelProject], Service: c.Labels[desired.LabelService],
			}
		}
	}
	return ports
}
