package execute

import (
	"reflect"
	"testing"

	"github.com/docker/docker/api/types/mount"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// TestBindSpec_ShortForm_IsUsedWhereDockerComposeDoes has what Docker Compose
// v5.5.1 writes as text, and what as a mount.
func TestBindSpec_ShortForm_IsUsedWhereDockerComposeDoes(t *testing.T) {
	for want, m := range map[string]desired.Mount{
		"/a:/b:rw":          {Type: desired.MountBind, Source: "/a", Target: "/b", CreateHostPath: true},
		"/a:/b:ro,z":        {Type: desired.MountBind, Source: "/a", Target: "/b", CreateHostPath: true, ReadOnly: true, SELinux: "z"},
		"/a:/b:rw,Z,rslave": {Type: desired.MountBind, Source: "/a", Target: "/b", CreateHostPath: true, SELinux: "Z", Propagation: "rslave"},
		"v:/b:rw,z":         {Type: desired.MountVolume, Source: "v", Target: "/b", SELinux: "z"},
		"v:/b:ro":           {Type: desired.MountVolume, Source: "v", Target: "/b", ReadOnly: true},
	} {
		if got, ok := bindSpec(m); !ok || got != want {
			t.Errorf("%+v: %q", m, got)
		}
	}
}

func TestNewMount_Options_ReachTheEngine(t *testing.T) {
	for _, c := range []struct {
		m    desired.Mount
		want mount.Mount
	}{
		{desired.Mount{Type: desired.MountBind, Source: "/a", Target: "/b", Propagation: "rslave", CreateHostPath: true, Consistency: "cached"},
			mount.Mount{Consistency: "cached", BindOptions: &mount.BindOptions{Propagation: "rslave", CreateMountpoint: true}}},
		{desired.Mount{Type: desired.MountBind, Source: "/a", Target: "/b"}, mount.Mount{BindOptions: &mount.BindOptions{}}},
		{desired.Mount{Type: desired.MountBind, Source: "/a", Target: "/b", Recursive: "disabled"}, mount.Mount{BindOptions: &mount.BindOptions{NonRecursive: true}}},
		{desired.Mount{Type: desired.MountBind, Source: "/a", Target: "/b", Recursive: "writable"}, mount.Mount{BindOptions: &mount.BindOptions{ReadOnlyNonRecursive: true}}},
		{desired.Mount{Type: desired.MountBind, Source: "/a", Target: "/b", Recursive: "readonly"}, mount.Mount{BindOptions: &mount.BindOptions{ReadOnlyForceRecursive: true}}},
		{desired.Mount{Type: desired.MountVolume, Source: "", Target: "/b"}, mount.Mount{}},
		{desired.Mount{Type: desired.MountVolume, Source: "v", Target: "/b", NoCopy: true}, mount.Mount{VolumeOptions: &mount.VolumeOptions{NoCopy: true}}},
		{desired.Mount{Type: desired.MountVolume, Target: "/b", Labels: map[string]string{"a": "b"}}, mount.Mount{VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{"a": "b"}}}},
		{desired.Mount{Type: desired.MountImage, Source: "i", Target: "/b", Subpath: "x"}, mount.Mount{ImageOptions: &mount.ImageOptions{Subpath: "x"}}},
	} {
		if spec, ok := bindSpec(c.m); ok {
			t.Errorf("%+v is written as %s", c.m, spec)
		}
		c.want.Type, c.want.Source, c.want.Target = mount.Type(c.m.Type), c.m.Source, c.m.Target
		if got := newMount(c.m); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %+v", c.m, got)
		}
	}
}
