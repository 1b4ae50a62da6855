package observed

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

func TestStack_Mounts_HaveTheOptionsThatWereAskedFor(t *testing.T) {
	c := one(t, engineWith(), func(c *container.InspectResponse) {
		c.HostConfig.Mounts = []mount.Mount{
			{Type: mount.TypeImage, Source: "alpine", Target: "/image", ImageOptions: &mount.ImageOptions{Subpath: "etc"}},
			{Type: mount.TypeBind, Source: "/a", Target: "/disabled", BindOptions: &mount.BindOptions{NonRecursive: true}},
			{Type: mount.TypeBind, Source: "/a", Target: "/writable", BindOptions: &mount.BindOptions{ReadOnlyNonRecursive: true}},
			{Type: mount.TypeBind, Source: "/a", Target: "/readonly", BindOptions: &mount.BindOptions{ReadOnlyForceRecursive: true}},
			{Type: mount.TypeBind, Source: "/", Target: "/engines", BindOptions: &mount.BindOptions{}},
			{Type: mount.TypeBind, Source: "/", Target: "/asked", BindOptions: &mount.BindOptions{Propagation: mount.PropagationRSlave}},
			{Type: mount.TypeVolume, Target: "/labels", VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{"a": "b", "com.docker.volume.anonymous": ""}}},
		}
		c.Mounts = []container.MountPoint{
			{Type: mount.TypeImage, Source: "/var/lib/docker/overlay2/x/merged", Destination: "/image", RW: true},
			{Type: mount.TypeBind, Source: "/a", Destination: "/disabled", RW: true},
			{Type: mount.TypeBind, Source: "/a", Destination: "/writable"},
			{Type: mount.TypeBind, Source: "/a", Destination: "/readonly"},
			{Type: mount.TypeBind, Source: "/", Destination: "/engines", Propagation: mount.PropagationRSlave},
			{Type: mount.TypeBind, Source: "/", Destination: "/asked", Propagation: mount.PropagationRSlave},
			{Type: mount.TypeBind, Source: "/", Destination: "/asked-in-short", Mode: "ro,rslave", Propagation: mount.PropagationRSlave},
			{Type: mount.TypeVolume, Name: id("c"), Destination: "/labels", RW: true},
			{Type: mount.TypeVolume, Name: "data", Destination: "/relabelled", Mode: "z", RW: true},
		}
	})
	for target, want := range map[string]string{
		"/image": "image alpine subpath=etc", "/disabled": "bind /a recursive=disabled", "/writable": "bind /a recursive=writable read-only",
		"/readonly": "bind /a recursive=readonly read-only", "/labels": `volume (anonymous) label a="b"`, "/relabelled": "volume data selinux=z",
		"/engines": "bind / read-only", "/asked": "bind / rslave read-only", "/asked-in-short": "bind / rslave read-only",
	} {
		if got := c.Spec["volumes."+target]; got != want {
			t.Errorf("%s is %q, want %q", target, got, want)
		}
	}
}
