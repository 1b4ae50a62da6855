package execute

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// mount writes a service's mounts and delivered files into the create request,
// and the anonymous volumes that the container takes over.
func (r *run) mount(ctx context.Context, s *desired.Service, op *plan.Operation, host *container.HostConfig) error {
	host.Binds, host.Mounts = nil, nil
	wanted := map[string]desired.Mount{}
	for _, m := range s.Mounts {
		wanted[m.Target] = m
	}
	for _, target := range slices.Sorted(maps.Keys(op.Inherit)) {
		if m := wanted[target]; len(m.Labels) > 0 || m.NoCopy { // the engine's record of them
			m.Source = op.Inherit[target]
			host.Mounts = append(host.Mounts, newMount(m))
			continue
		}
		host.Binds = append(host.Binds, op.Inherit[target]+":"+target+":rw")
	}
	for _, m := range s.Mounts {
		if _, taken := op.Inherit[m.Target]; taken {
			continue
		}
		if spec, ok := bindSpec(m); ok {
			host.Binds = append(host.Binds, spec)
			continue
		}
		host.Mounts = append(host.Mounts, newMount(m))
	}
	for _, f := range s.Files {
		placement := r.plan.Placements[s.Name][f.Target]
		m, err := r.fileMount(ctx, f, placement.Volume)
		if err != nil {
			return err
		}
		host.Mounts = append(host.Mounts, m)
	}
	return nil
}

// bindSpec writes a mount in the engine's short form, as Docker Compose does
// for all that fits it: the engine makes a missing host path only for that
// form, and relabels for SELinux.
func bindSpec(m desired.Mount) (string, bool) {
	if !fitsBindSpec(m) {
		return "", false
	}
	modes := []string{"rw"}
	if m.ReadOnly {
		modes[0] = "ro"
	}
	for _, mode := range []string{m.SELinux, m.Propagation} {
		if mode != "" {
			modes = append(modes, mode)
		}
	}
	if m.NoCopy {
		modes = append(modes, "nocopy")
	}
	return m.Source + ":" + m.Target + ":" + strings.Join(modes, ","), true
}

func fitsBindSpec(m desired.Mount) bool {
	if m.Source == "" || strings.Contains(m.Source+m.Target, ":") {
		return false
	}
	switch m.Type {
	case desired.MountBind:
		return m.CreateHostPath && m.Recursive == "" && (m.Propagation == "" || m.SELinux != "")
	case desired.MountVolume:
		return m.Subpath == "" && len(m.Labels) == 0 && (!m.NoCopy || m.SELinux != "")
	default:
		return false
	}
}

func newMount(m desired.Mount) mount.Mount {
	out := mount.Mount{Type: mount.Type(m.Type), Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly, Consistency: mount.Consistency(m.Consistency)}
	switch m.Type {
	case desired.MountBind:
		out.BindOptions = &mount.BindOptions{
			Propagation: mount.Propagation(m.Propagation), CreateMountpoint: m.CreateHostPath, NonRecursive: m.Recursive == "disabled",
			ReadOnlyNonRecursive: m.Recursive == "writable", ReadOnlyForceRecursive: m.Recursive == "readonly",
		}
	case desired.MountVolume:
		if m.NoCopy || m.Subpath != "" || len(m.Labels) > 0 {
			out.VolumeOptions = &mount.VolumeOptions{NoCopy: m.NoCopy, Subpath: m.Subpath, Labels: m.Labels}
		}
	case desired.MountTmpfs:
		if m.TmpfsSizeBytes != 0 || m.TmpfsMode != 0 {
			out.TmpfsOptions = &mount.TmpfsOptions{SizeBytes: m.TmpfsSizeBytes, Mode: fs.FileMode(m.TmpfsMode)}
		}
	case desired.MountImage:
		if m.Subpath != "" {
			out.ImageOptions = &mount.ImageOptions{Subpath: m.Subpath}
		}
	}
	return out
}

// fileMount mounts a delivered tree as a volume, and a single file as a path
// in its volume; engines before API 1.45 know no such paths, but can bind the
// file where the volume keeps it.
func (r *run) fileMount(ctx context.Context, f desired.File, vol string) (mount.Mount, error) {
	m := mount.Mount{Type: mount.TypeVolume, Source: vol, Target: f.Target, ReadOnly: true, VolumeOptions: &mount.VolumeOptions{NoCopy: true}}
	switch {
	case f.Directory:
		return m, nil
	case atLeast(r.engine, apiSubpath):
		m.VolumeOptions.Subpath = desired.FileEntry
		return m, nil
	}
	v, err := r.engine.VolumeInspect(ctx, vol)
	if err != nil {
		return mount.Mount{}, fmt.Errorf("inspect volume %s: %w", vol, err)
	}
	return mount.Mount{Type: mount.TypeBind, Source: path.Join(v.Mountpoint, desired.FileEntry), Target: f.Target, ReadOnly: true}, nil
}
