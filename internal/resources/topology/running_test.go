package topology

import (
	"reflect"
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

func TestFromInventory_Replicas_AreOneService(t *testing.T) {
	labels := map[string]string{"rank": "high", "caddy": "web.home.arpa"}
	node := fromInventory("atlas", core.Inventory{Containers: []core.RunningContainer{
		{ID: "1", Name: "shop-web-1", Stack: "shop", Service: "web", State: observed.Running, Labels: labels, Networks: []string{"shop_default"}},
		{ID: "2", Name: "shop-web-2", Stack: "shop", Service: "web", State: observed.Starting, Labels: labels, Networks: []string{"shop_default"}},
		{ID: "3", Name: "shop-web-3", Stack: "shop", Service: "web", State: observed.Exited, Labels: labels},
		{ID: "4", Name: "shop-db-1", Stack: "shop", Service: "db", State: observed.Unhealthy, Shares: []observed.RunningShare{{Field: "network_mode", Container: "1"}}},
		{ID: "5", Name: "shop-job-1", Stack: "shop", Service: "job", State: observed.Completed, Links: []string{"by-hand"}},
		{ID: "6", Name: "by-hand", State: observed.Created, NetworkMode: "host", Networks: []string{"host"}},
	}}, "rank")
	found := map[string]diagram.Service{}
	for _, stack := range node.Stacks {
		for _, s := range stack.Services {
			found[stack.Name+"/"+s.Name] = s
		}
	}
	web, db, job, byHand := found["shop/web"], found["shop/db"], found["shop/job"], found["/by-hand"]
	if web.Replicas != 2 || web.Condition != "" || web.Criticality != "high" || !slices.Contains(web.Hosts, "web.home.arpa") {
		t.Errorf("web: %+v", web)
	}
	if db.Condition != "unhealthy" || !reflect.DeepEqual(db.Needs, []diagram.Need{{Kind: diagram.Namespace, Stack: "shop", Service: "web"}}) {
		t.Errorf("db: %+v", db)
	}
	if job.Condition != "" || !reflect.DeepEqual(job.Needs, []diagram.Need{{Kind: diagram.Link, Service: "by-hand"}}) {
		t.Errorf("job: %+v", job)
	}
	if byHand.Condition != "created" || byHand.NetworkMode != "host" || byHand.Networks != nil {
		t.Errorf("by hand: %+v", byHand)
	}
}

func TestHosts_LabelsOfProxies_AreRead(t *testing.T) {
	for name, c := range map[string]struct {
		labels      map[string]string
		virtualHost string
		want        []string
	}{
		"traefik": {map[string]string{
			"traefik.http.routers.a.rule": "Host(`a.home.arpa`) || Host(`b.home.arpa`, `c.home.arpa`) && PathPrefix(`/x`)",
			"traefik.tcp.routers.t.rule":  "HostSNI(`db.home.arpa`)", "traefik.tcp.routers.any.rule": "HostSNI(`*`)",
			"traefik.http.services.a.loadbalancer.server.port": "80", "traefik.http.routers.a.middlewares": "Host(`no.home.arpa`)",
		}, "", []string{"a.home.arpa", "b.home.arpa", "c.home.arpa", "db.home.arpa"}},
		"traefik, off":    {map[string]string{"traefik.enable": "false", "traefik.http.routers.a.rule": "Host(`a.home.arpa`)"}, "", nil},
		"traefik, quotes": {map[string]string{"traefik.http.routers.a.rule": `Host("a.home.arpa")`}, "", []string{"a.home.arpa"}},
		"traefik, others": {map[string]string{"traefik.http.routers.a.rule": "HostRegexp(`^.+$`) && PathPrefix(`/x`)"}, "", nil},
		"caddy":           {map[string]string{"caddy": "a.home.arpa, b.home.arpa", "caddy_1": "c.home.arpa", "caddy_2": "(snippet)", "caddy.reverse_proxy": "{{upstreams}}"}, "", []string{"a.home.arpa", "b.home.arpa", "c.home.arpa"}},
		"nginx-proxy":     {nil, "a.home.arpa,b.home.arpa ~^x.*", []string{"a.home.arpa", "b.home.arpa"}},
		"none":            {nil, "", nil},
	} {
		if got := hosts(c.labels, c.virtualHost); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
