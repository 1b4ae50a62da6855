package observed

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/enginetest"
)

// read reads stack home.
func read(t *testing.T, f *enginetest.Engine) *Stack {
	t.Helper()
	node, err := ReadNode(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	s, err := node.Stack(t.Context(), "home", []string{"nginx:1"}, Cache{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// one reads stack home's only container.
func one(t *testing.T, f *enginetest.Engine, change func(*container.InspectResponse)) *Container {
	t.Helper()
	for id, c := range engineWith(inspected("a", change)).Containers {
		if f.Containers == nil {
			f.Containers = map[string]*container.InspectResponse{}
		}
		f.Containers[id] = c
	}
	if f.Images == nil {
		f.Images = images()
	}
	return &read(t, f).Services["web"][0]
}

func TestStack_Container_HasItsIdentityAndWhatItsImageGives(t *testing.T) {
	c := one(t, engineWith(), nil)
	if c.Name != "home-web-1" || c.Number != 1 || c.State != Running || c.RestartCount != 2 || !c.Owned() || c.Created.Nanosecond() != 6 || c.NetworkIDs["home_default"] != "net-id" {
		t.Errorf("container: %+v", c)
	}
	for key, want := range map[string]string{"environment.TZ": "UTC", "networks.home_default": "attached", "networks.home_default.aliases": "web", "platform": "linux/arm64", "hostname": ""} {
		if c.Spec[key] != want {
			t.Errorf("%s: %q", key, c.Spec[key])
		}
	}
	for key, want := range map[string]bool{"environment.PATH": true, "environment.TZ": false, "platform": true, "command": false} {
		if c.Defaults[key] != want {
			t.Errorf("%s from the image: %t", key, c.Defaults[key])
		}
	}
}

func TestStack_ImageOfSeveralPlatforms_TheContainerSaysWhich(t *testing.T) {
	c := one(t, engineWith(), func(c *container.InspectResponse) {
		c.ImageManifestDescriptor = &ocispec.Descriptor{Platform: &ocispec.Platform{OS: "linux", Architecture: "amd64"}}
	})
	if c.Spec["platform"] != "linux/amd64" || c.Defaults["platform"] {
		t.Errorf("platform %q, default %t", c.Spec["platform"], c.Defaults["platform"])
	}
}

func TestStack_ContainerState_IsNamedAsPlansDo(t *testing.T) {
	check := &container.HealthConfig{Test: []string{"CMD", "true"}}
	for want, change := range map[State]func(*container.InspectResponse){
		Dead:       func(c *container.InspectResponse) { c.State = nil },
		Exited:     func(c *container.InspectResponse) { c.State.Status, c.State.ExitCode = container.StateExited, 3 },
		Paused:     func(c *container.InspectResponse) { c.State.Status = container.StatePaused },
		Restarting: func(c *container.InspectResponse) { c.State.Status = container.StateRestarting },
		Created:    func(c *container.InspectResponse) { c.State.Status = container.StateCreated },
		Unhealthy: func(c *container.InspectResponse) {
			c.Config.Healthcheck, c.State.Health = check, &container.Health{Status: "unhealthy", Log: []*container.HealthcheckResult{nil, {ExitCode: 1, Output: " no\n"}}}
		},
		Healthy: func(c *container.InspectResponse) {
			c.Config.Healthcheck, c.State.Health = check, &container.Health{Status: "healthy"}
		},
		Running: func(c *container.InspectResponse) { // of a disabled check, engines keep "none"
			c.Config.Healthcheck, c.State.Health = &container.HealthConfig{Test: []string{"NONE"}}, &container.Health{Status: "unhealthy"}
		},
	} {
		t.Run(string(want), func(t *testing.T) {
			c := one(t, engineWith(), change)
			if c.State != want {
				t.Errorf("state %s", c.State)
			}
			if want == Unhealthy && (len(c.Health) != 1 || c.Health[0].Output != "no") {
				t.Errorf("checks: %+v", c.Health)
			}
		})
	}
}

func TestStack_DeliveredFiles_AreToldFromMounts(t *testing.T) {
	f := &enginetest.Engine{Volumes: volumes(
		volume.Volume{Name: "home_configs_conf_1", Mountpoint: "/var/lib/docker/volumes/home_configs_conf_1/_data", Labels: map[string]string{desired.LabelFile: "configs", desired.LabelFileDigest: "sha256:1"}},
		volume.Volume{Name: "home_secrets_pw_v3", Mountpoint: "/var/lib/docker/volumes/home_secrets_pw_v3/_data", Labels: map[string]string{desired.LabelFile: "secrets", desired.LabelFileVersion: "3"}},
		volume.Volume{Name: "home_data", Mountpoint: "/var/lib/docker/volumes/home_data/_data"},
	)}
	c := one(t, f, func(c *container.InspectResponse) {
		c.HostConfig.Mounts = []mount.Mount{
			{Type: mount.TypeVolume, Source: "home_secrets_pw_v3", Target: "/run/secrets/pw", VolumeOptions: &mount.VolumeOptions{NoCopy: true, Subpath: "content"}},
			{Type: mount.TypeVolume, Source: "home_data", Target: "/data", VolumeOptions: &mount.VolumeOptions{Subpath: "web"}},
			{Type: mount.TypeTmpfs, Target: "/tmp", TmpfsOptions: &mount.TmpfsOptions{SizeBytes: 64}},
		}
		c.Mounts = []container.MountPoint{
			// As engines before API 1.45 have a single file: the path in the volume, bound.
			{Type: mount.TypeBind, Source: "/var/lib/docker/volumes/home_configs_conf_1/_data/content", Destination: "/etc/conf"},
			{Type: mount.TypeVolume, Name: "home_secrets_pw_v3", Source: "/var/lib/docker/volumes/home_secrets_pw_v3/_data", Destination: "/run/secrets/pw"},
			{Type: mount.TypeVolume, Name: "home_data", Destination: "/data", RW: true},
			{Type: mount.TypeBind, Source: "/srv", Destination: "/srv", Mode: "z", RW: false, Propagation: "rprivate"},
			{Type: mount.TypeVolume, Name: id("f"), Destination: "/cache", RW: true},
		}
	})
	for key, want := range map[string]string{
		"configs./etc/conf": "sha256:1", "secrets./run/secrets/pw": "secret (version 3)", "volumes./data": "volume home_data subpath=web",
		"volumes./srv": "bind /srv selinux=z read-only", "volumes./tmp": "tmpfs size=64", "volumes./cache": "volume (anonymous)",
		"volumes./etc/conf": "", "volumes./run/secrets/pw": "",
	} {
		if c.Spec[key] != want {
			t.Errorf("%s: %q, want %q", key, c.Spec[key], want)
		}
	}
	if c.FileVolumes["/etc/conf"] != "home_configs_conf_1" || c.FileVolumes["/run/secrets/pw"] != "home_secrets_pw_v3" || len(c.FileVolumes) != 2 {
		t.Errorf("file volumes: %v", c.FileVolumes)
	}
	if c.Anonymous["/cache"] != id("f") {
		t.Errorf("anonymous volumes: %v", c.Anonymous)
	}
}

func TestStack_SharedNamespace_IsNamedByService(t *testing.T) {
	f := engineWith(inspected("b", func(c *container.InspectResponse) {
		c.Name, c.Config.Labels[desired.LabelService] = "/home-vpn-1", "vpn"
	}))
	c := one(t, f, func(c *container.InspectResponse) {
		c.HostConfig.NetworkMode, c.HostConfig.PidMode = container.NetworkMode("container:"+id("b")), container.PidMode("container:"+id("9"))
	})
	if c.Spec["network_mode"] != "service:vpn" || c.Spec["pid"] != "container:999999999999, which is gone" || len(c.Shares) != 2 || c.Shares[0] != id("b") {
		t.Errorf("network %q, pid %q, shares %v", c.Spec["network_mode"], c.Spec["pid"], c.Shares)
	}
}

func TestStack_SeveralContainersForAReplica_TheOneThatStandsForItIsFirst(t *testing.T) {
	at := func(created string, number string, status container.ContainerState) func(*container.InspectResponse) {
		return func(c *container.InspectResponse) {
			c.Created, c.Config.Labels[desired.LabelNumber], c.State.Status = created, number, status
		}
	}
	s := read(t, engineWith(
		inspected("1", at("2026-01-01T00:00:00Z", "2", container.StateRunning)),
		inspected("2", at("2026-01-04T00:00:00Z", "1", container.StateExited)),
		inspected("3", at("2026-01-02T00:00:00Z", "1", container.StateRunning)),
		inspected("4", at("2026-01-03T00:00:00Z", "1", container.StateRunning)),
		inspected("5", at("2026-01-03T00:00:00Z", "1", container.StateExited)),
	))
	var order strings.Builder
	for _, c := range s.Services["web"] {
		order.WriteString(c.ID[:1])
	}
	if order.String() != "43251" {
		t.Errorf("order %s", &order)
	}
}

func TestStack_ContainerVanishesAfterTheList_IsSimplyNotThere(t *testing.T) {
	s := read(t, &enginetest.Engine{Others: vanished(id("e"))})
	if len(s.Services) != 0 {
		t.Errorf("services: %v", s.Services)
	}
}

func TestStack_OthersAndOneOffContainers_AreNotIts(t *testing.T) {
	s := read(t, engineWith(
		inspected("1", func(c *container.InspectResponse) { c.Config.Labels[desired.LabelProject] = "other" }),
		inspected("2", func(c *container.InspectResponse) { c.Config.Labels[desired.LabelOneOff] = "True" }),
		inspected("3", func(c *container.InspectResponse) {
			c.Config.Labels = map[string]string{desired.LabelScratch: "home"}
		}),
	))
	if len(s.Services) != 0 || len(s.Scratch) != 1 || !s.Owned || s.Names["home-web-1"] == "" {
		t.Errorf("stack: %+v", s)
	}
}

func TestReadNode_ListFails_IsNamed(t *testing.T) {
	refused := errors.New("refused")
	for method, says := range map[string]string{"list containers": "list containers: refused", "list networks": "list networks: refused", "list volumes": "list volumes: refused"} {
		_, err := ReadNode(t.Context(), &enginetest.Engine{Fault: refusing(method, refused)})
		if err == nil || err.Error() != says || !errors.Is(err, refused) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestStack_InspectionFails_IsNamed(t *testing.T) {
	for method, says := range map[string]string{"inspect container": "inspect container aaaaaaaaaaaa: refused", "inspect image": "inspect image"} {
		f := engineWith(inspected("a", nil))
		f.Fault = refusing(method, errors.New("refused"))
		node, err := ReadNode(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := node.Stack(t.Context(), "home", []string{"nginx:1"}, Cache{}); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// Somebody else may wait for the same image, so the inspection goes on.
func TestStack_CancelledWhileAnImageIsInspected_ReturnsAtOnce(t *testing.T) {
	f, answering := engineWith(inspected("a", nil)), make(chan struct{})
	defer close(answering)
	f.Fault = func(call string) error {
		if call == "inspect image" {
			<-answering
		}
		return nil
	}
	node, err := ReadNode(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := node.image(ctx, "nginx:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStack_ReadTwice_InspectsOnce(t *testing.T) {
	f := withImages(engineWith(inspected("a", nil)))
	node, err := ReadNode(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := node.Stack(t.Context(), "home", nil, Cache{}); err != nil {
			t.Fatal(err)
		}
	}
	if f.Count("inspect container") != 1 || f.Count("inspect image") != 1 {
		t.Errorf("%d containers and %d images were inspected", f.Count("inspect container"), f.Count("inspect image"))
	}
}

func TestHolders_PublishedPorts_AreThoseOfTheNode(t *testing.T) {
	got := holders([]container.Summary{
		{Names: []string{"/proxy"}, Labels: map[string]string{desired.LabelProject: "edge", desired.LabelService: "proxy"},
			Ports: []container.Port{{IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp"}, {IP: "::", PublicPort: 8080, Type: "tcp"}, {PrivatePort: 9, Type: "tcp"}}},
		{Ports: []container.Port{{IP: "192.0.2.1", PublicPort: 53, Type: "udp"}}},
	})
	want := Holder{Container: "proxy", Stack: "edge", Service: "proxy"}
	if len(got) != 3 || got["0.0.0.0:8080/tcp"] != want || got[":::8080/tcp"] != want || got["192.0.2.1:53/udp"] != (Holder{}) {
		t.Errorf("holders: %v", got)
	}
}

func TestStack_VolumesFromAnother_AreNotItsOwnMounts(t *testing.T) {
	parent := inspected("a", func(c *container.InspectResponse) {
		c.Config.Labels = map[string]string{desired.LabelProject: "home", desired.LabelService: "db"}
	})
	child := inspected("b", func(c *container.InspectResponse) {
		c.HostConfig.VolumesFrom = []string{id("a"), "other:ro"}
		c.HostConfig.Binds = []string{"mine:/mine:rw"}
		c.Mounts = []container.MountPoint{
			{Type: mount.TypeVolume, Name: "data", Destination: "/data", RW: true},
			{Type: mount.TypeVolume, Name: id("c"), Destination: "/anonymous", RW: true},
			{Type: mount.TypeVolume, Name: "mine", Destination: "/mine", RW: true},
		}
	})
	s := read(t, engineWith(parent, child))
	got := s.Services["web"][0]
	if from := got.Spec["volumes_from"]; from != "container:other, service:db" {
		t.Errorf("volumes_from is %q", from)
	}
	if len(got.Shares) != 1 || got.Shares[0] != id("a") {
		t.Errorf("it shares %v", got.Shares)
	}
	for key, want := range map[string]string{"volumes./data": "", "volumes./anonymous": "", "volumes./mine": "volume mine"} {
		if got.Spec[key] != want {
			t.Errorf("%s is %q, want %q", key, got.Spec[key], want)
		}
	}
	if len(got.Anonymous) > 0 {
		t.Errorf("its own anonymous volumes are %v", got.Anonymous)
	}
}

func TestStack_HookLabel_IsFields(t *testing.T) {
	hooks := desired.Service{Hooks: &desired.Hooks{PostStart: []desired.Hook{{Command: []string{"a"}}}}}
	label, err := hooks.HookLabel()
	if err != nil {
		t.Fatal(err)
	}
	s := read(t, engineWith(inspected("a", func(c *container.InspectResponse) {
		c.Config.Labels[desired.LabelHooks] = label
	})))
	if got := s.Services["web"][0].Spec["post_start.0.command"]; got != `["a"]` {
		t.Errorf("%q", got)
	}
}
