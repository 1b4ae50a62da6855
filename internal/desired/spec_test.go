package desired

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

const shortID = "0123456789ab"

// Each case is a create request and what engines (20.10 to 29) answer for the
// container that it makes.
func TestExtract_WhatTheEngineAnswers_EqualsWhatWasAskedFor(t *testing.T) {
	pids, swappiness, no := int64(-1), int64(-1), false
	for name, c := range map[string]struct{ asked, answered View }{
		"nothing": {
			View{},
			View{
				ShortID: shortID,
				Config:  &container.Config{Hostname: shortID, Env: []string{}, Labels: map[string]string{"com.docker.compose.project": "home", LabelStack: "home"}},
				Host: &container.HostConfig{NetworkMode: "home_default", RestartPolicy: container.RestartPolicy{Name: "no"}, IpcMode: "private",
					CgroupnsMode: "", ShmSize: 64 << 20, Runtime: "runc", Isolation: "default", Resources: container.Resources{PidsLimit: &pids,
						MemorySwappiness: &swappiness, OomKillDisable: &no}},
			},
		},
		"host name with dots, before API 1.44": {
			View{Config: &container.Config{Hostname: "a.b"}, Networks: map[string]*network.EndpointSettings{"n": {Aliases: []string{"web"}}}},
			View{Config: &container.Config{Hostname: "a.b"}, ShortID: shortID,
				Networks: map[string]*network.EndpointSettings{"n": {Aliases: []string{"web", "a.b", shortID}}}},
		},
		"links that Docker Compose sent twice": {
			View{Networks: map[string]*network.EndpointSettings{"n": {Links: []string{"db-1:db", "db-1:db-1"}}}},
			View{Networks: map[string]*network.EndpointSettings{"n": {Links: []string{"db-1:db-1", "db-1:db", "db-1:db-1"}}}},
		},
		"environment": {
			View{Config: &container.Config{Env: []string{"B=x=y", "A=", "C"}}},
			View{Config: &container.Config{Env: []string{"A=", "B=x=y", "C"}}},
		},
		"ports": {
			View{Host: &container.HostConfig{PortBindings: nat.PortMap{"53/udp": {{HostIP: "2001:db8::1", HostPort: "53"}, {HostPort: "5353"}}, "80/tcp": {{}}}}},
			View{
				Config: &container.Config{ExposedPorts: nat.PortSet{"53/udp": {}, "80/tcp": {}}},
				Host: &container.HostConfig{PortBindings: nat.PortMap{"53/udp": {{HostIP: "0.0.0.0", HostPort: "5353"}, {HostIP: "2001:db8::1", HostPort: "53"}},
					"80/tcp": {{HostPort: "0"}}}},
			},
		},
		"capabilities": {
			View{Host: &container.HostConfig{CapAdd: []string{"net_admin", "SYS_TIME"}, CapDrop: []string{"ALL"}}},
			View{Host: &container.HostConfig{CapAdd: []string{"CAP_SYS_TIME", "CAP_NET_ADMIN"}, CapDrop: []string{"ALL"}}},
		},
		"security options": {
			View{Host: &container.HostConfig{SecurityOpt: []string{"no-new-privileges", "apparmor=unconfined"}}},
			View{Host: &container.HostConfig{SecurityOpt: []string{"apparmor:unconfined", "no-new-privileges:true"}}},
		},
		"privileged": {
			View{Host: &container.HostConfig{Privileged: true}},
			View{Host: &container.HostConfig{Privileged: true, SecurityOpt: []string{"label=disable"}}},
		},
		"processes of the node": {
			View{Host: &container.HostConfig{PidMode: "host", SecurityOpt: []string{"no-new-privileges:true"}}},
			View{Host: &container.HostConfig{PidMode: "host", SecurityOpt: []string{"no-new-privileges:true", "label=disable"}}},
		},
		"memory": {
			View{Host: &container.HostConfig{Resources: container.Resources{Memory: 1 << 30}}},
			View{Host: &container.HostConfig{Resources: container.Resources{Memory: 1 << 30, MemorySwap: 2 << 30}}},
		},
		"disabled health check": {
			View{Config: &container.Config{Healthcheck: &container.HealthConfig{Test: []string{"NONE"}}}},
			View{Config: &container.Config{Healthcheck: &container.HealthConfig{Test: []string{"NONE"}, Interval: time.Second}}},
		},
		"aliases": {
			View{Networks: map[string]*network.EndpointSettings{"n": {Aliases: []string{"web", "www"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "192.0.2.2"}}}},
			View{ShortID: shortID, Names: []string{"home-web-1"}, Networks: map[string]*network.EndpointSettings{"n": {
				Aliases: []string{"home-web-1", "www", "web", "web", shortID}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "192.0.2.2"}, NetworkID: "x"}}},
		},
		"host network": {
			View{Host: &container.HostConfig{NetworkMode: "host"}},
			View{Host: &container.HostConfig{NetworkMode: "host"}, Networks: map[string]*network.EndpointSettings{"host": {}}},
		},
		"mounts": {
			View{Mounts: []Mount{{Type: MountVolume, Source: "data", Target: "/data", CreateHostPath: true}, {Type: MountBind, Source: "/srv", Target: "/srv", ReadOnly: true}}},
			View{Mounts: []Mount{{Type: MountBind, Source: "/srv", Target: "/srv", ReadOnly: true, Propagation: "rprivate"}, {Type: MountVolume, Source: "data", Target: "/data"}},
				Host: &container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeVolume}}}},
		},
		"hosts": {
			View{Host: &container.HostConfig{ExtraHosts: []string{"a=192.0.2.1", "b:2001:db8::1"}}},
			View{Host: &container.HostConfig{ExtraHosts: []string{"b:2001:db8::1", "a:192.0.2.1"}}},
		},
		"tmpfs": {
			View{Host: &container.HostConfig{Tmpfs: map[string]string{"/tmp": "", "/run": "size=64m"}}},
			View{Host: &container.HostConfig{Tmpfs: map[string]string{"/tmp": "", "/run": "size=64m"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if asked, answered := Extract(c.asked), Extract(c.answered); !maps.Equal(asked, answered) {
				t.Errorf("asked for %v\nanswered  %v", asked, answered)
			}
		})
	}
}

func TestExtract_Values_AreSpelledAsInCompose(t *testing.T) {
	limit, grace, yes := int64(100), 90, true
	spec := Extract(View{
		Config: &container.Config{Cmd: []string{"sh", "-c", "a && b"}, Entrypoint: []string{}, StopTimeout: &grace, Env: []string{"A=b=c"},
			ExposedPorts: nat.PortSet{"9/tcp": {}}, Healthcheck: &container.HealthConfig{Test: []string{"CMD-SHELL", "x"}, Interval: 90 * time.Second, Retries: 2}},
		Host: &container.HostConfig{Init: &yes, RestartPolicy: container.RestartPolicy{Name: "on-failure", MaximumRetryCount: 3}, ShmSize: 1 << 20,
			PortBindings: nat.PortMap{"53/udp": {{HostIP: "2001:db8::1", HostPort: "53"}}, "80/tcp": {{}}}, IpcMode: "shareable", CgroupnsMode: "private",
			Resources: container.Resources{NanoCPUs: 1_500_000_000, PidsLimit: &limit, Memory: 5, MemorySwap: -1,
				Ulimits: []*container.Ulimit{{Name: "nofile", Soft: 1, Hard: 2}}, Devices: []container.DeviceMapping{{PathOnHost: "/dev/a", PathInContainer: "/dev/b", CgroupPermissions: "rwm"}},
				DeviceRequests: []container.DeviceRequest{{Driver: "nvidia", Count: -1, Capabilities: [][]string{{"gpu", "compute"}}}}}},
		Mounts: []Mount{{Type: MountTmpfs, Target: "/t", TmpfsSizeBytes: 9, TmpfsMode: 0o1777}, {Type: MountVolume, Target: "/anon"},
			{Type: MountVolume, Source: "v", Target: "/v", NoCopy: true, Subpath: "s", ReadOnly: true}},
	})
	for key, want := range map[string]string{
		"command": `["sh","-c","a && b"]`, "entrypoint": "[]", "stop_grace_period": "1m30s", "environment.A": "b=c", "expose.9/tcp": "exposed",
		"healthcheck.test": `["CMD-SHELL","x"]`, "healthcheck.interval": "1m30s", "healthcheck.retries": "2", "init": "true", "restart": "on-failure:3",
		"shm_size": "1048576", "ports.53/udp": "[2001:db8::1]:53", "ports.80/tcp": "chosen by the engine", "ipc": "shareable", "cgroup": "private",
		"deploy.resources.limits.cpus": "1.5", "deploy.resources.limits.pids": "100", "memswap_limit": "-1", "ulimits.nofile": "1:2",
		"devices./dev/b": "/dev/a:rwm", "deploy.resources.reservations.devices.0": "driver=nvidia count=-1 ids= capabilities=gpu+compute options=",
		"volumes./t": "tmpfs size=9 mode=1777", "volumes./anon": "volume (anonymous)", "volumes./v": "volume v subpath=s nocopy read-only",
	} {
		if spec[key] != want {
			t.Errorf("%s: %q, want %q", key, spec[key], want)
		}
	}
}

func TestIsClosed_OnlyFieldsThatNoEngineInvents(t *testing.T) {
	for key, want := range map[string]bool{"environment.A": true, "labels.x": true, "ports.80/tcp": true, "volumes./v": true, "tmpfs./t": true,
		"networks.n": true, "restart": true, "cpu_shares": true, "memswap_limit": true, "command": false, "shm_size": false, "mem_swappiness": false,
		"expose.80/tcp": false} {
		if got := IsClosed(key, "attached"); got != want {
			t.Errorf("%s: %t", key, got)
		}
	}
	if IsClosed("memswap_limit", "-1") {
		t.Error("what an engine that cannot limit swap fills in is closed")
	}
	if IsClosed("networks.n.aliases", "web") {
		t.Error("what is special about an attachment is closed")
	}
}

func TestUpdate_Fields_AreBroughtToWhatTheServiceHas(t *testing.T) {
	pids := int64(50)
	limits := Service{Host: container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "always"}, Resources: container.Resources{
		Memory: 64, MemoryReservation: 32, NanoCPUs: 5, PidsLimit: &pids, CPUShares: 6, CPUQuota: 7, CPUPeriod: 8, CPURealtimePeriod: 9,
		CPURealtimeRuntime: 10, CpusetCpus: "0", BlkioWeight: 11}}}
	var all []string
	for field := range updatable {
		all = append(all, field)
	}
	got, want := limits.Update(all), container.UpdateConfig{Resources: limits.Host.Resources, RestartPolicy: limits.Host.RestartPolicy}
	if want.MemorySwap = 128; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	none := (&Service{}).Update([]string{"restart", "deploy.resources.limits.pids"})
	if none.RestartPolicy.Name != "no" || none.PidsLimit == nil || *none.PidsLimit != -1 {
		t.Errorf("taken away: %+v", none)
	}
	if got := limits.Update(nil); !reflect.DeepEqual(got, container.UpdateConfig{}) {
		t.Errorf("no field: %+v", got)
	}
}

func TestPlatformText_Spellings_AreOne(t *testing.T) {
	for platform, want := range map[string]string{"": "", "linux/amd64": "linux/amd64", "linux/arm64/v8": "linux/arm64", "Linux/ARM64": "linux/arm64", "linux/arm/v7": "linux/arm/v7"} {
		if got := PlatformText(platform); got != want {
			t.Errorf("%q: %q", platform, got)
		}
	}
}
