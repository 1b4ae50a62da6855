package compose

import (
	"reflect"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestLoad_Networks_AreAttachedByPriority(t *testing.T) {
	stack := mustLoad(t, Input{Compose: `
		services:
			web:
				image: x
				mac_address: 02:42:AC:11:00:02
				networks:
					back:
						priority: 10
						aliases: [z, a, web]
						gw_priority: 5
						interface_name: eth9
						driver_opts: {k: v}
					front:
						ipv4_address: 10.1.0.9
						ipv6_address: fd00::9
						link_local_ips: [169.254.1.1]
		networks:
			back: {name: lan, external: true}
			front:
				driver: macvlan
				driver_opts: {parent: eth0}
				internal: true
				attachable: true
				enable_ipv6: true
				labels: [a=b]
				ipam:
					driver: default
					options: {o: p}
					config:
						- {subnet: fd00::/64}
						- {subnet: 10.1.0.1/24, gateway: 10.1.0.1, ip_range: 10.1.0.128/25, aux_addresses: {router: 10.1.0.2}}`})
	s := stack.Services["web"]
	want := []desired.Attachment{
		{Network: "lan", Priority: 10, Settings: network.EndpointSettings{
			Aliases: []string{"web", "a", "z"}, MacAddress: "02:42:ac:11:00:02", GwPriority: 5,
			DriverOpts: map[string]string{"k": "v", "com.docker.network.endpoint.ifname": "eth9"},
		}},
		{Network: "demo_front", Settings: network.EndpointSettings{
			Aliases: []string{"web"},
			IPAMConfig: &network.EndpointIPAMConfig{
				IPv4Address: "10.1.0.9", IPv6Address: "fd00::9", LinkLocalIPs: []string{"169.254.1.1"},
			},
		}},
	}
	if !reflect.DeepEqual(s.Networks, want) {
		t.Errorf("got  %+v\nwant %+v", s.Networks, want)
	}
	if s.Host.NetworkMode != "lan" {
		t.Errorf("network mode %q", s.Host.NetworkMode)
	}
	front := stack.Networks["front"]
	yes := true
	wantFront := desired.Network{
		Key: "front", Name: "demo_front", Driver: "macvlan", Options: map[string]string{"parent": "eth0"},
		Internal: true, Attachable: true, EnableIPv6: &yes, Labels: map[string]string{"a": "b"}, ComposeHash: front.ComposeHash,
		IPAM: &network.IPAM{Driver: "default", Options: map[string]string{"o": "p"}, Config: []network.IPAMConfig{
			{Subnet: "10.1.0.0/24", Gateway: "10.1.0.1", IPRange: "10.1.0.128/25", AuxAddress: map[string]string{"router": "10.1.0.2"}},
			{Subnet: "fd00::/64"},
		}},
	}
	if !reflect.DeepEqual(front, wantFront) {
		t.Errorf("got  %+v\nwant %+v", front, wantFront)
	}
	if back := stack.Networks["back"]; !back.External || back.Name != "lan" || back.ComposeHash != "" {
		t.Errorf("got %+v", back)
	}
}

func TestLoad_UnusedNetworkAndVolume_AreLeftOut(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("networks: [a]") + "networks: {a: {}, b: {}}\nvolumes: {v: {}}\n"})
	if len(stack.Networks) != 1 || len(stack.Volumes) != 0 {
		t.Errorf("networks %v, volumes %v", stack.Networks, stack.Volumes)
	}
}

func TestLoad_Volumes_AreNamedLikeDockerCompose(t *testing.T) {
	stack := mustLoad(t, Input{Compose: `
		services:
			web:
				image: x
				volumes:
					- data:/data
					- type: volume
					  source: media
					  target: /media
					  read_only: true
					  volume: {nocopy: true, subpath: films}
					- shared:/shared
		volumes:
			data:
			media: {name: films, driver: local, driver_opts: {type: nfs, o: "addr=nas", device: ":/x"}, labels: {a: b}}
			shared: {external: true}`})
	want := []desired.Mount{
		{Type: desired.MountVolume, Source: "demo_data", Target: "/data"},
		{Type: desired.MountVolume, Source: "films", Target: "/media", ReadOnly: true, NoCopy: true, Subpath: "films"},
		{Type: desired.MountVolume, Source: "shared", Target: "/shared"},
	}
	if got := stack.Services["web"].Mounts; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	media := stack.Volumes["media"]
	if media.Name != "films" || media.Driver != "local" || media.Options["device"] != ":/x" || media.Labels["a"] != "b" {
		t.Errorf("got %+v", media)
	}
	if shared := stack.Volumes["shared"]; !shared.External || shared.Name != "shared" {
		t.Errorf("got %+v", shared)
	}
}

func TestLoad_CreateHostPath_IsOnUnlessRefused(t *testing.T) {
	s := oneService(t, `
		volumes:
			- /a:/a
			- {type: bind, source: /b, target: /b}
			- {type: bind, source: /c, target: /c, bind: {create_host_path: false}}`)
	for i, want := range []bool{true, true, false} {
		if s.Mounts[i].CreateHostPath != want {
			t.Errorf("%s: %v", s.Mounts[i].Target, s.Mounts[i].CreateHostPath)
		}
	}
}

func TestLoad_Links_NameContainers(t *testing.T) {
	stack := mustLoad(t, Input{Compose: "services:\n  web: {image: x, links: [\"db:sql\"], external_links: [\"other:o\"]}\n  db: {image: x}\n"})
	s := stack.Services["web"]
	want := []string{"demo-db-1:db-1", "demo-db-1:demo-db-1", "demo-db-1:sql", "other:o"}
	if got := s.Networks[0].Settings.Links; !reflect.DeepEqual(got, want) || s.Host.Links != nil {
		t.Errorf("got %q and %q", got, s.Host.Links)
	}
	if _, ok := s.Dependencies["db"]; !ok {
		t.Error("a link is no dependency")
	}
	stack = mustLoad(t, Input{Compose: "services:\n  web: {image: x, links: [db]}\n  db: {image: x, container_name: shop-database}\n"})
	want = []string{"shop-database:db", "shop-database:db-1", "shop-database:demo-db-1"}
	if got := stack.Services["web"].Networks[0].Settings.Links; !reflect.DeepEqual(got, want) {
		t.Errorf("container_name: %q", got)
	}
}

func TestLoad_HostNetworkWithPorts_Warns(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("network_mode: host\nports: [\"80:80\"]")})
	if !contains(stack.Warnings, "ports have no effect with network_mode host") {
		t.Errorf("got %q", stack.Warnings)
	}
}

func TestLoad_NamespaceOfAContainerOfTheProject_IsItsServices(t *testing.T) {
	web := mustLoad(t, Input{Compose: `services:
  vpn: {image: nginx, container_name: tunnel}
  web: {image: nginx, network_mode: "container:tunnel", pid: "container:tunnel", ipc: "container:other"}
`}).Services["web"].Host
	if web.NetworkMode != "service:vpn" || web.PidMode != "service:vpn" || web.IpcMode != "container:other" {
		t.Errorf("network_mode %q, pid %q, ipc %q", web.NetworkMode, web.PidMode, web.IpcMode)
	}
}
