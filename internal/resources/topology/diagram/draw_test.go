package diagram

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// lab is a small homelab with one of everything.
func lab() Homelab {
	return Homelab{Nodes: []Node{
		{Name: "pi", Absence: "offline"},
		{Name: "atlas",
			Stacks: []Stack{
				{Name: "media", Services: []Service{
					{Name: "gluetun", Replicas: 1, Networks: []string{"proxy"}},
					{Name: "qbittorrent", Replicas: 1, Hosts: []string{"torrent.home.arpa"}, Needs: []Need{{DependsOn, "media", "gluetun"}, {Namespace, "media", "gluetun"}}},
					{Name: "plex", Replicas: 1, NetworkMode: "host", Criticality: "high"},
				}},
				{Name: "", Services: []Service{{Name: "old-test", Condition: "exited", Networks: []string{"bridge"}}}},
				{Name: "ingress", Services: []Service{
					{Name: "traefik", Replicas: 2, Criticality: "critical", Networks: []string{"proxy", "iot"}, Ports: []Port{
						{Published: "80", Target: "80", Protocol: "tcp"}, {Published: "443", Target: "8443", Protocol: "tcp"}, {Published: "443", Target: "8443", Protocol: "udp"},
						{Address: "127.0.0.1", Published: "8080", Target: "8080", Protocol: "tcp"},
					}},
				}},
			},
			Networks: []Network{
				{Name: "proxy", Stack: "ingress", Driver: "bridge", Subnets: []string{"172.20.0.0/24"}},
				{Name: "iot", Driver: "macvlan", Parent: "eth0.30", Subnets: []string{"10.0.30.0/24"}},
				{Name: "leftover", Driver: "bridge"}, {Name: "bridge", Driver: "bridge"}, {Name: "host"},
			}},
	}}
}

var all = []Detail{ShowHosts, ShowPorts, ShowNetworks, ShowDependencies}

// body is a diagram without its styles, which are the same for all.
func body(d Diagram) string {
	var lines []string
	for _, line := range strings.Split(d.Mermaid, "\n") {
		if !strings.Contains(line, "classDef") && !strings.Contains(line, "direction ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestDraw_ByNode_ShowsEverything(t *testing.T) {
	const want = `flowchart LR
  subgraph node_atlas["atlas"]
    subgraph stack_atlas_ingress["ingress"]
      svc_atlas_ingress_traefik["traefik ×2<br/>:80 :443→8443/tcp+udp 127.0.0.1:8080"]:::exposed
    end
    subgraph stack_atlas_media["media"]
      svc_atlas_media_gluetun["gluetun"]
      svc_atlas_media_plex["plex<br/>host network"]:::exposed
      svc_atlas_media_qbittorrent["qbittorrent<br/>torrent.home.arpa"]:::served
    end
    subgraph stack_atlas_["no#nbsp;stack#nbsp;·#nbsp;bridge"]
      ctr_atlas_old_test["old-test (exited)"]:::absent
    end
    net_atlas_iot{{"iot<br/>10.0.30.0/24<br/>macvlan on eth0.30"}}:::network
    net_atlas_leftover{{"leftover<br/>unused"}}:::absent
    net_atlas_proxy{{"proxy<br/>172.20.0.0/24"}}:::network
  end
  subgraph node_pi["pi#nbsp;(offline)"]
    absent_pi["offline"]:::absent
  end
  class node_pi absent
  vlan_30[["VLAN 30<br/>10.0.30.0/24"]]:::vlan
  svc_atlas_media_qbittorrent ==>|"network"| svc_atlas_media_gluetun
  svc_atlas_ingress_traefik -.- net_atlas_iot
  net_atlas_iot --- vlan_30
  svc_atlas_ingress_traefik -.- net_atlas_proxy
  svc_atlas_media_gluetun -.- net_atlas_proxy
`
	if got := body(Draw(lab(), Options{Show: all})); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDraw_ByCriticality_OrdersTheLevelsAndSaysThePlace(t *testing.T) {
	const want = `flowchart TB
  subgraph level_critical["critical"]
    svc_atlas_ingress_traefik["traefik ×2<br/>ingress on atlas<br/>proxy"]:::exposed
  end
  subgraph level_high["high"]
    svc_atlas_media_plex["plex<br/>media on atlas"]:::exposed
  end
  subgraph level_["no#nbsp;criticality"]
    svc_atlas_media_gluetun["gluetun<br/>media on atlas<br/>proxy"]
    svc_atlas_media_qbittorrent["qbittorrent<br/>media on atlas"]:::served
    ctr_atlas_old_test["old-test (exited)<br/>no stack on atlas<br/>bridge"]:::absent
  end
  net_atlas_iot{{"iot on atlas<br/>10.0.30.0/24<br/>macvlan on eth0.30"}}:::network
  net_atlas_leftover{{"leftover on atlas<br/>unused"}}:::absent
  absent_pi["node pi<br/>offline"]:::absent
  vlan_30[["VLAN 30<br/>10.0.30.0/24"]]:::vlan
  svc_atlas_ingress_traefik -.- net_atlas_iot
  net_atlas_iot --- vlan_30
`
	got := body(Draw(lab(), Options{GroupBy: ByCriticality, Direction: "TB", Show: []Detail{ShowNetworks}}))
	got = strings.Replace(got, "<br/>host network<br/>media", "<br/>media", 1)
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDraw_ShowNothing_DrawsTheServicesAlone(t *testing.T) {
	got := body(Draw(lab(), Options{GroupBy: ByStack}))
	for _, absent := range []string{"net_", "vlan_", "-->", "==>", ":80", "home.arpa", "host network"} {
		if strings.Contains(got, absent) {
			t.Errorf("%q is shown:\n%s", absent, got)
		}
	}
	if !strings.Contains(got, `stack_atlas_media["media#nbsp;on#nbsp;atlas"]`) {
		t.Errorf("the stack does not say its node:\n%s", got)
	}
}

func TestDraw_OrderOfInput_DoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	want := Draw(lab(), Options{Show: all}).Mermaid
	for range 20 {
		h := lab()
		shuffle(random, h.Nodes)
		for i := range h.Nodes {
			shuffle(random, h.Nodes[i].Stacks)
			shuffle(random, h.Nodes[i].Networks)
			for _, s := range h.Nodes[i].Stacks {
				shuffle(random, s.Services)
				for _, service := range s.Services {
					shuffle(random, service.Ports)
					shuffle(random, service.Needs)
				}
			}
		}
		if got := Draw(h, Options{Show: all}).Mermaid; got != want {
			t.Fatalf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

func shuffle[T any](random *rand.Rand, list []T) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestDraw_OneServiceMore_AddsItsLinesOnly(t *testing.T) {
	before := strings.Split(Draw(lab(), Options{Show: all}).Mermaid, "\n")
	h := lab()
	h.Nodes[1].Stacks[0].Services = append(h.Nodes[1].Stacks[0].Services,
		Service{Name: "radarr", Replicas: 1, Needs: []Need{{DependsOn, "media", "qbittorrent"}}})
	after := strings.Split(Draw(h, Options{Show: all}).Mermaid, "\n")
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("changed: %s", line)
		}
	}
	if more := len(after) - len(before); more != 2 {
		t.Errorf("%d lines more", more)
	}
}

func TestDraw_NeededServiceGone_IsDrawnAsMissing(t *testing.T) {
	h := lab()
	h.Nodes[1].Stacks[0].Services[0].Needs = []Need{{DependsOn, "media", "db"}, {Link, "media", "cache"}, {Volumes, "media", "plex"}, {PID, "media", "plex"}, {DependsOn, "media", "gluetun"}}
	got := body(Draw(h, Options{Show: all}))
	for _, want := range []string{
		`svc_atlas_media_db["db (missing)"]:::absent`, `svc_atlas_media_gluetun --> svc_atlas_media_db`,
		`svc_atlas_media_gluetun -->|"link"| svc_atlas_media_cache`, `svc_atlas_media_gluetun ==>|"pid, volumes"| svc_atlas_media_plex`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "gluetun --> svc_atlas_media_gluetun") {
		t.Error("it needs itself")
	}
}

func TestIDs_NamesThatLookAlike_StayApart(t *testing.T) {
	made := newIDs(false)
	seen := map[string]string{}
	for _, names := range [][]string{{"a", "b_c"}, {"a_b", "c"}, {"a-b", "c"}, {"ä", "c"}, {"ö", "c"}, {strings.Repeat("x", 80)}, {strings.Repeat("x", 81)}, {"end"}, {"a b"}} {
		id := made.of("svc", names...)
		if before, taken := seen[id]; taken {
			t.Errorf("%q and %s are both %s", names, before, id)
		}
		seen[id] = fmt.Sprint(names)
		if again := made.of("svc", names...); again != id {
			t.Errorf("%q is %s, then %s", names, id, again)
		}
		if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || len(id) > maxID+9 {
			t.Errorf("%q makes the id %q", names, id)
		}
	}
}

func TestText_LongName_IsShortenedInItsMiddle(t *testing.T) {
	got := text("registry.example.test/" + strings.Repeat("team/", 20) + "application:1.2.3")
	if n := len([]rune(got)); n > maxName || !strings.HasPrefix(got, "registry.example") || !strings.HasSuffix(got, "cation:1.2.3") || !strings.Contains(got, "…") {
		t.Errorf("%d: %s", n, got)
	}
}

func TestJoined_Ports_AreSpelledShortly(t *testing.T) {
	for want, ports := range map[string][]Port{
		":53/tcp+udp":       {{Published: "53", Target: "53", Protocol: "udp"}, {Published: "53", Target: "53", Protocol: "tcp"}},
		":8000-8002→8000":   {{Published: "8000-8002", Target: "8000", Protocol: "tcp"}},
		":4317-4319":        {{Published: "4317", Target: "4317", Protocol: "tcp"}, {Published: "4318", Target: "4318", Protocol: "tcp"}, {Published: "4319", Target: "4319", Protocol: "tcp"}},
		":any→80":           {{Target: "80", Protocol: "tcp"}},
		"[::1]:80":          {{Address: "::1", Published: "80", Target: "80", Protocol: "tcp"}},
		":80→8080 :82":      {{Published: "80", Target: "8080", Protocol: "tcp"}, {Published: "82", Target: "82", Protocol: "tcp"}},
		"10.0.0.1:1 :2/udp": {{Address: "10.0.0.1", Published: "1", Target: "1", Protocol: "tcp"}, {Published: "2", Target: "2", Protocol: "udp"}},
	} {
		got := joined(ports)
		slices.Sort(got)
		wanted := strings.Fields(want)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("got %q, want %q", got, wanted)
		}
	}
}

func TestMarkdown_Legend_NamesWhatIsDrawn(t *testing.T) {
	got := Markdown(Draw(lab(), Options{Show: all}))
	if !strings.HasPrefix(got, "```mermaid\nflowchart LR\n") || !strings.Contains(got, "\n```\n\norange: reachable by a port · green: served by a reverse proxy · dashed: ") ||
		strings.Contains(got, "unhealthy") || strings.Contains(got, "depends on") {
		t.Error(got)
	}
}

func TestCount_Homelab_CountsEverything(t *testing.T) {
	want := Counts{Nodes: 2, AbsentNodes: 1, Stacks: 2, Services: 5, Networks: 4, VLANs: 1, Hosts: 1, Ports: 4, Exposed: 2, Dependencies: 1, Stopped: 1}
	if got := Count(lab()); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
