package observed

import (
	"reflect"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/enginetest"
)

func inventory(t *testing.T, f *enginetest.Engine) Inventory {
	t.Helper()
	n, err := ReadNode(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	have, err := n.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return have
}

func TestInventory_Containers_SayWhatTiesThem(t *testing.T) {
	f := engineWith(
		inspected("b", func(c *container.InspectResponse) {
			c.Config.Labels[desired.LabelDependsOn] = "db:service_healthy:false,cache:service_started:true"
			c.Config.Env = append(c.Config.Env, "VIRTUAL_HOST=web.home.arpa")
			c.HostConfig.Links = []string{"/db:/home-web-1/database"}
			c.HostConfig.VolumesFrom = []string{id("c") + ":ro"}
			c.HostConfig.PidMode = container.PidMode("container:" + id("c"))
			c.NetworkSettings.Networks["home_default"].Links = []string{"cache:kv"}
			c.NetworkSettings.Ports = nat.PortMap{"80/tcp": {{HostIP: "0.0.0.0", HostPort: "8080"}, {HostIP: "::", HostPort: "8080"}}, "53/udp": {{HostIP: "127.0.0.1", HostPort: "53"}}}
		}),
		inspected("c", func(c *container.InspectResponse) {
			c.Name, c.Config.Labels = "/by-hand", nil
			c.State = &container.State{Status: "exited", ExitCode: 3}
			c.HostConfig = &container.HostConfig{NetworkMode: "bridge", PortBindings: nat.PortMap{"80/tcp": {{HostPort: ""}}}}
			c.NetworkSettings = &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{"bridge": nil}}
		}),
		inspected("d", func(c *container.InspectResponse) {
			c.Name = "/migrate"
			c.Config.Labels = map[string]string{"com.docker.swarm.service.name": "shop_migrate", "com.docker.stack.namespace": "shop"}
			c.State = &container.State{Status: "exited"}
		}),
		inspected("e", func(c *container.InspectResponse) { c.Config.Labels[desired.LabelOneOff] = "True" }),
		inspected("f", func(c *container.InspectResponse) { c.Config.Labels[desired.LabelScratch] = "home" }),
	)
	f.Others = vanished(id("9"))
	have := inventory(t, f)
	if len(have.Containers) != 3 {
		t.Fatalf("%+v", have.Containers)
	}
	byHand, web, job := have.Containers[0], have.Containers[1], have.Containers[2]
	labels := web.Labels
	web.Labels = nil
	want := RunningContainer{
		ID: id("b"), Name: "home-web-1", Stack: "home", Service: "web", Image: "nginx:1", State: Running, VirtualHost: "web.home.arpa",
		Ports:       []PublishedPort{{IP: "127.0.0.1", Public: 53, Private: 53, Protocol: "udp"}, {Public: 8080, Private: 80, Protocol: "tcp"}},
		NetworkMode: "home_default", Networks: []string{"home_default"}, DependsOn: []string{"cache", "db"},
		Shares: []RunningShare{{"pid", id("c")}, {"volumes_from", id("c")}}, Links: []string{"cache", "db"},
	}
	if !reflect.DeepEqual(web, want) || labels[desired.LabelProject] != "home" {
		t.Errorf("got  %+v\nwant %+v", web, want)
	}
	if byHand.Stack != "" || byHand.State != Exited || byHand.Labels == nil || !reflect.DeepEqual(byHand.Ports, []PublishedPort{{Private: 80, Protocol: "tcp"}}) {
		t.Errorf("%+v", byHand)
	}
	if job.Stack != "shop" || job.Service != "migrate" || job.State != Completed {
		t.Errorf("%+v", job)
	}
}

func TestInventory_Networks_SayTheirReach(t *testing.T) {
	have := inventory(t, &enginetest.Engine{Networks: networks(
		network.Summary{Name: "iot", ID: "2", Driver: "macvlan", Options: map[string]string{"parent": "eth0.30"}, IPAM: network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.0.30.0/24"}, {}}}},
		network.Summary{Name: "edge", ID: "1", Driver: "overlay", Scope: "swarm", Internal: true, Labels: map[string]string{desired.LabelProject: "home"}},
	)})
	want := []RunningNetwork{
		{Name: "edge", ID: "1", Driver: "overlay", Stack: "home", Internal: true, Shared: true, Labels: map[string]string{desired.LabelProject: "home"}},
		{Name: "iot", ID: "2", Driver: "macvlan", Parent: "eth0.30", Subnets: []string{"10.0.30.0/24"}},
	}
	if !reflect.DeepEqual(have.Networks, want) {
		t.Errorf("got  %+v\nwant %+v", have.Networks, want)
	}
}

func TestInventory_StackWasRead_InspectsNothingAgain(t *testing.T) {
	f := engineWith(inspected("b", nil))
	n, err := ReadNode(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Stack(t.Context(), "home", nil, Cache{}); err != nil {
		t.Fatal(err)
	}
	before := f.Count("inspect container")
	for range 2 {
		if _, err := n.Inventory(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if f.Count("inspect container") != before || f.Count("list containers") != 1 {
		t.Errorf("%d containers were inspected, before: %d", f.Count("inspect container"), before)
	}
}
