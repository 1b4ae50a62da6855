package observed

import (
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// readMounts returns the mounts that a service declares, and apart from them the files
// that were delivered.
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
		if isInherited(c, m.Destination) {
			continue
		}
		if file, vol, ok := deliveredFile(m, s, mountpoints); ok {
			out.FileVolumes[m.Destination] = vol
			files = append(files, file)
			continue
		}
		if m.Type == mount.TypeVolume && len(m.Name) == anonymousNameLength {
			out.Anonymous[m.Destination] = m.Name
		}
		if m.Type == mount.TypeBind {
			out.Binds[m.Destination] = Bind{Source: m.Source, ReadOnly: !m.RW}
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

// isInherited reports whether a container has a mount by volumes_from and not for
// itself. One that its image declares too counts as its own: the engine cannot
// distinguish them either.
func isInherited(c container.InspectResponse, target string) bool {
	if c.HostConfig == nil || len(c.HostConfig.VolumesFrom) == 0 {
		return false
	}
	for _, m := range c.HostConfig.Mounts {
		if m.Target == target {
			return false
		}
	}
	for _, bind := range c.HostConfig.Binds {
		if parts := strings.Split(bind, ":"); len(parts) > 1 && path.Clean(parts[1]) == target {
			return false
		}
	}
	if c.Config == nil {
		return true
	}
	_, declared := c.Config.Volumes[target]
	return !declared
}

// deliveredFile recognises a mount of a volume that homelab filled, mounted
// complete or as the path of the one file in it.
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

// propagation is that of a bind mount, "" where the engine chose it: for what its
// own directory lies in, as / and /var/lib/docker, it is rslave.
func propagation(m container.MountPoint, requested mount.Mount) string {
	asked := requested.BindOptions != nil && requested.BindOptions.Propagation != "" || hasMode(m.Mode, string(mount.PropagationRSlave))
	if m.Propagation == mount.PropagationRSlave && !asked {
		return ""
	}
	return string(m.Propagation)
}

func newMount(m container.MountPoint, requested mount.Mount) (desired.Mount, bool) {
	out := desired.Mount{Target: m.Destination, ReadOnly: !m.RW, Source: m.Source, Type: desired.MountType(m.Type)}
	switch m.Type {
	case mount.TypeVolume:
		out.Source = m.Name
		if len(m.Name) == anonymousNameLength {
			out.Source = "" // as it is asked for: which one it is makes no difference
		}
		if o := requested.VolumeOptions; o != nil {
			out.NoCopy, out.Subpath, out.Labels = o.NoCopy, o.Subpath, askedLabels(o.Labels)
		}
		out.NoCopy = out.NoCopy || hasMode(m.Mode, "nocopy")
		out.SELinux = selinux(m, requested)
	case mount.TypeBind:
		out.Propagation = propagation(m, requested)
		out.SELinux, out.Recursive = selinux(m, requested), recursive(requested.BindOptions)
	case mount.TypeImage:
		out.Source, out.ReadOnly = requested.Source, requested.ReadOnly
		if o := requested.ImageOptions; o != nil {
			out.Subpath = o.Subpath
		}
	case mount.TypeTmpfs:
		return tmpfsMount(m.Destination, requested), requested.Target != ""
	default: // shown as the engine calls it
	}
	return out, true
}

// engineLabel is what engines from API 1.42 on add to the labels that a mount
// asks for.
const engineLabel = "com.docker.volume.anonymous"

func askedLabels(labels map[string]string) map[string]string {
	if _, added := labels[engineLabel]; !added {
		return labels
	}
	labels = maps.Clone(labels)
	delete(labels, engineLabel)
	return labels
}

// selinux is the label that only the engine's short form can ask for.
func selinux(m container.MountPoint, requested mount.Mount) string {
	for _, label := range []string{"z", "Z"} {
		if requested.Target == "" && hasMode(m.Mode, label) {
			return label
		}
	}
	return ""
}

// recursive is what happens to mounts below a bind's source, as Compose names it.
func recursive(o *mount.BindOptions) string {
	switch {
	case o == nil:
		return ""
	case o.NonRecursive:
		return "disabled"
	case o.ReadOnlyNonRecursive:
		return "writable"
	case o.ReadOnlyForceRecursive:
		return "readonly"
	}
	return ""
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
