package observed

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

func TestStack_Mounts_HaveTheOptionsThatWereAskedFor(t *testing.T) {
	c := one(t, &fake{}, func(c *container.InspectResponse) {
		c.HostConfig.Mounts = []mount.Mount{
			{Type: mount.TypeImage, Source: "alpine", Target: "/image", ImageOptions: &mount.ImageOptions{Subpath: "etc"}},
			{Type: mount.TypeBind, Source: "/a", Target: "/disabled", BindOptions: &mount.BindOptions{NonRecursive: true}},
			{Type: mount.TypeBind, Source: "/a", Target: "/writable", BindOptions: &mount.BindOptions{ReadOnlyNonRecursive: true}},
			{Type: mount.TypeBind, Source: "/a", Target: "/readonly", BindOptions: &mount.BindOptions{ReadOnlyForceRecursive: true}},
			{Type: mount.TypeVolume, Target: "/labels", VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{"a": "b", "com.docker.volume.anonymous": ""}}},
		}
		c.Mounts = []container.MountPoint{
			{Type: mount.TypeImage, Source: "/var/lib/docker/overlay2/x/merged", Destination: "/image", RW: true},
			{Type: mount.TypeBind, Source: "/a", Destination: "/disabled", RW: true},
			{Type: mount.TypeBind, Source: "/a", Destination: "/writable"},
			{Type: mount.TypeBind, Source: "/a", Destination: "/readonly"},
			{Type: mount.TypeVolume, Name: id("c"), Destination: "/labels", RW: true},
			{Type: mount.TypeVolume, Name: "data", Destination: "/relabelled", Mode: "z", RW: true},
		}
	})
	for target, want := range map[string]string{
		"/image": "image alpine subpath=etc", "/disabled": "bind /a recursive=disabled", "/writable": "bind /a recursive=writable read-only",
		"/readonly": "bind /a recursive=readonly read-only", "/labels": `volume (anonymous) label a="b"`, "/relabelled": "volume data selinux=z",
	} {
		if got := c.Spec["volumes."+target]; got != want {
			t.Errorf("%s is %q, want %q", target, got, want)
		}
	}
}
