package compose

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// mounts converts a service's volumes, but for relative binds, which are
// delivered (see files). written has the sources as the user wrote them.
func (l *load) mounts(p *types.Project, written types.ServiceConfig) []desired.Mount {
	var mounts []desired.Mount
	for _, v := range written.Volumes {
		l.checkVolume(written, v)
		if isDelivered(v) {
			continue
		}
		mounts = append(mounts, mount(p, v))
	}
	slices.SortFunc(mounts, func(a, b desired.Mount) int { return strings.Compare(a.Target, b.Target) })
	return mounts
}

// isDelivered tells a bind of a relative source, whose files are taken from
// where Terraform runs, from one of the node's own paths.
func isDelivered(v types.ServiceVolumeConfig) bool {
	return v.Type == types.VolumeTypeBind && !filepath.IsAbs(v.Source)
}

func mount(p *types.Project, v types.ServiceVolumeConfig) desired.Mount {
	m := desired.Mount{Type: desired.MountType(v.Type), Source: v.Source, Target: path.Clean(v.Target), ReadOnly: v.ReadOnly}
	switch m.Type {
	case desired.MountBind:
		m.Source = path.Clean(v.Source)
		// Without a bind section, Docker Compose has the engine make the path.
		m.CreateHostPath = v.Bind == nil || bool(v.Bind.CreateHostPath)
		if v.Bind != nil {
			m.Propagation, m.SELinux = v.Bind.Propagation, v.Bind.SELinux
		}
	case desired.MountVolume:
		if volume, ok := p.Volumes[v.Source]; ok {
			m.Source = volume.Name
		}
		if v.Volume != nil {
			m.NoCopy, m.Subpath = v.Volume.NoCopy, v.Volume.Subpath
		}
	case desired.MountTmpfs:
		m.Source = ""
		if v.Tmpfs != nil {
			m.TmpfsSizeBytes, m.TmpfsMode = int64(v.Tmpfs.Size), v.Tmpfs.Mode
		}
	}
	return m
}

// checkVolume reports volumes that the engine would refuse, or that would lose
// an option on the way.
func (l *load) checkVolume(s types.ServiceConfig, v types.ServiceVolumeConfig) {
	switch v.Type {
	case types.VolumeTypeBind, types.VolumeTypeVolume, types.VolumeTypeTmpfs:
	default:
		l.service(s.Name, "volumes", "volumes: type %q is not supported: use volume, bind or tmpfs", v.Type)
		return
	}
	if v.Target == "" {
		l.service(s.Name, "volumes", "volumes: an entry has no target, the path in the container")
	}
	for _, section := range strayOptions(v) {
		l.service(s.Name, "volumes", "volumes: %s has options for type %s, but is of type %s", v.Target, section, v.Type)
	}
	if isDelivered(v) && v.Bind != nil && v.Bind.Propagation != "" {
		l.service(s.Name, "volumes", "volumes: %s cannot have a propagation: a relative source is delivered as files, not mounted from the node", v.Target)
	}
	if v.Type == types.VolumeTypeVolume && v.Bind != nil && v.Bind.SELinux != "" {
		l.warn("service " + quote(s.Name) + ": the SELinux option " + quote(v.Bind.SELinux) + " of " + v.Target + " has no effect: it is for paths of the node, not for volumes")
	}
}

// strayOptions returns the types whose options a volume has without being of
// the type. An SELinux label is none: the short form puts it on any volume.
func strayOptions(v types.ServiceVolumeConfig) []string {
	var stray []string
	if v.Type != types.VolumeTypeBind && v.Bind != nil && v.Bind.Propagation != "" {
		stray = append(stray, types.VolumeTypeBind)
	}
	if v.Type != types.VolumeTypeVolume && v.Volume != nil && (v.Volume.NoCopy || v.Volume.Subpath != "") {
		stray = append(stray, types.VolumeTypeVolume)
	}
	if v.Type != types.VolumeTypeTmpfs && v.Tmpfs != nil && (v.Tmpfs.Size != 0 || v.Tmpfs.Mode != 0) {
		stray = append(stray, types.VolumeTypeTmpfs)
	}
	return stray
}
