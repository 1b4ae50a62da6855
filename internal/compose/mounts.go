package compose

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// mounts converts a service's volumes, except for relative binds, which are
// delivered, and files of secrets (see files). written has the sources as the user wrote them.
func (l *load) mounts(p *types.Project, written types.ServiceConfig) []desired.Mount {
	var mounts []desired.Mount
	for _, v := range written.Volumes {
		l.checkVolume(written, v)
		if _, secret := mountedSecret(v); secret || isDelivered(v) {
			continue
		}
		mounts = append(mounts, mount(p, v))
	}
	slices.SortFunc(mounts, func(a, b desired.Mount) int { return strings.Compare(a.Target, b.Target) })
	return mounts
}

// expandHome replaces "~" at the beginning of a bind's source by the variable
// HOME. Docker Compose takes the home of the person who runs it, of which a plan must
// not depend.
func (l *load) expandHome(tree map[string]any) {
	home := l.in.Variables["HOME"]
	services, _ := tree["services"].(map[string]any)
	for _, service := range services {
		keys, _ := service.(map[string]any)
		volumes, _ := keys["volumes"].([]any)
		for _, volume := range volumes {
			v, _ := volume.(map[string]any)
			source, _ := v["source"].(string)
			rest, ok := strings.CutPrefix(source, "~")
			if ok && home != "" && (rest == "" || rest[0] == '/') && v["type"] == types.VolumeTypeBind {
				v["source"] = path.Join(home, rest)
			}
		}
	}
}

// isDelivered reports whether a bind has a relative source. Its files are taken
// from where Terraform runs, not from the node's own paths.
func isDelivered(v types.ServiceVolumeConfig) bool {
	return v.Type == types.VolumeTypeBind && !filepath.IsAbs(v.Source)
}

func mount(p *types.Project, v types.ServiceVolumeConfig) desired.Mount {
	m := desired.Mount{Type: desired.MountType(v.Type), Source: v.Source, Target: path.Clean(v.Target), ReadOnly: v.ReadOnly}
	m.Consistency = v.Consistency
	if v.Bind != nil { // the short form puts the label on any volume
		m.SELinux = v.Bind.SELinux
	}
	switch m.Type {
	case desired.MountBind:
		m.Source = path.Clean(v.Source)
		// Without a bind section, Docker Compose has the engine make the path.
		m.CreateHostPath = v.Bind == nil || bool(v.Bind.CreateHostPath)
		if v.Bind != nil {
			m.Propagation, m.Recursive = v.Bind.Propagation, v.Bind.Recursive
		}
	case desired.MountVolume:
		if volume, ok := p.Volumes[v.Source]; ok {
			m.Source = volume.Name
		}
		if v.Volume != nil {
			m.NoCopy, m.Subpath, m.Labels = v.Volume.NoCopy, v.Volume.Subpath, notEmpty(v.Volume.Labels)
		}
	case desired.MountImage:
		m.Source = imageSource(p, v.Source)
		if v.Image != nil {
			m.Subpath = v.Image.SubPath
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
	case types.VolumeTypeImage:
		if v.Source == "" {
			l.addServiceError(s.Name, "volumes", "volumes: %s is of type image and has no source: name the image", v.Target)
		}
	default:
		l.addServiceError(s.Name, "volumes", "volumes: type %q is not supported: use volume, bind, tmpfs or image", v.Type)
		return
	}
	if v.Target == "" {
		l.addServiceError(s.Name, "volumes", "volumes: an entry has no target, the path in the container")
	}
	for _, section := range strayOptions(v) {
		l.addServiceError(s.Name, "volumes", "volumes: %s has options for type %s, but is of type %s", v.Target, section, v.Type)
	}
	if isDelivered(v) && v.Bind != nil && v.Bind.Propagation != "" {
		l.addServiceError(s.Name, "volumes", "volumes: %s cannot have a propagation: a relative source is delivered as files, not mounted from the node", v.Target)
	}
	if v.Type == types.VolumeTypeBind && v.Bind != nil && v.Bind.Recursive == "readonly" && !v.ReadOnly {
		l.addServiceError(s.Name, "volumes", "volumes: %s: bind.recursive readonly needs read_only: true", v.Target)
	}
	if v.Volume != nil {
		l.checkLabels(fieldPath{"services", s.Name, "volumes"}, types.Labels(v.Volume.Labels))
	}
}

// imageSource is the image that a mount of type image means: one of that name,
// or what is built for the service of that name, as under Docker Compose.
func imageSource(p *types.Project, source string) string {
	switch service, ok := p.Services[source]; {
	case !ok || service.Build == nil:
		return source
	case service.Image != "":
		return service.Image
	}
	return p.Name + "-" + source
}

// strayOptions returns the types whose options a volume has without being of
// the type. An SELinux label is none: the short form puts it on any volume.
func strayOptions(v types.ServiceVolumeConfig) []string {
	var stray []string
	for _, section := range []struct {
		kind string
		set  bool
	}{
		{types.VolumeTypeBind, v.Bind != nil && (v.Bind.Propagation != "" || v.Bind.Recursive != "")},
		{types.VolumeTypeVolume, v.Volume != nil && (v.Volume.NoCopy || v.Volume.Subpath != "" || len(v.Volume.Labels) > 0)},
		{types.VolumeTypeImage, v.Image != nil && v.Image.SubPath != ""},
		{types.VolumeTypeTmpfs, v.Tmpfs != nil && (v.Tmpfs.Size != 0 || v.Tmpfs.Mode != 0)},
	} {
		if section.set && v.Type != section.kind {
			stray = append(stray, section.kind)
		}
	}
	return stray
}
