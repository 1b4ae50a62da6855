package property

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// project is a random Compose project; its text is JSON, which is YAML too.
type project struct {
	Services map[string]service  `json:"services"`
	Networks map[string]anything `json:"networks,omitempty"`
	Volumes  map[string]anything `json:"volumes,omitempty"`
	Configs  map[string]anything `json:"configs,omitempty"`
	Secrets  map[string]anything `json:"secrets,omitempty"`
	// Values are those of the stack's secrets.
	Values map[string]string `json:"-"`
}

type (
	anything = map[string]any
	service  = map[string]any
)

func (p project) text() string {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(err) // plain values only
	}
	return string(text)
}

// generator makes projects; ports and subnets are its worker's own.
type generator struct {
	*rand.Rand
	worker int
}

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// names are in the order in which services may depend on each other.
var names = []string{"web", "api", "job", "box"}

// project makes one from nothing.
func (g generator) project() project {
	p := project{Services: map[string]service{}, Values: map[string]string{}}
	for _, name := range names {
		if g.chance(45) {
			p.Services[name] = g.service(name)
		}
	}
	return g.finish(p)
}

// next changes a project here and there, as people do.
func (g generator) next(from project) project {
	if g.chance(15) {
		return g.project()
	}
	if g.chance(20) {
		return g.finish(g.handOver(from))
	}
	p := project{Services: map[string]service{}, Values: map[string]string{}}
	for _, name := range names {
		old, exists := from.Services[name]
		switch {
		case exists && g.chance(12), !exists && !g.chance(25): // goes, or stays away
		case !exists || g.chance(10):
			p.Services[name] = g.service(name)
		default:
			p.Services[name] = g.edit(name, old)
		}
	}
	return g.finish(p)
}

// handOver has two services swap what only one can have, or gives a service another
// name under which it keeps all that.
func (g generator) handOver(from project) project {
	p := project{Services: map[string]service{}, Values: map[string]string{}}
	for name, s := range from.Services {
		p.Services[name] = maps.Clone(s)
	}
	present := slices.Sorted(maps.Keys(p.Services))
	if len(present) == 0 {
		return p
	}
	one, other := pick(g, present...), pick(g, names...)
	if p.Services[other] == nil && one != "job" && other != "job" {
		p.Services[other] = p.Services[one]
		delete(p.Services, one)
		return p
	}
	if p.Services[other] == nil {
		return p
	}
	for _, key := range []string{"container_name", "ports", "networks"} {
		a, b := p.Services[one], p.Services[other]
		a[key], b[key] = b[key], a[key]
		for _, s := range []service{a, b} {
			if s[key] == nil {
				delete(s, key)
			}
		}
	}
	return p
}

// edit takes some fields of a service from another one.
func (g generator) edit(name string, old service) service {
	s, other := maps.Clone(old), g.service(name)
	for _, key := range slices.Sorted(maps.Keys(other)) {
		if g.chance(15) {
			s[key] = other[key]
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if _, kept := other[key]; !kept && g.chance(15) && key != "image" {
			delete(s, key)
		}
	}
	return s
}

// service makes a service whose container starts and stops at once.
func (g generator) service(name string) service {
	s := service{"image": pick(g, images.AppV1, images.AppV2), "stop_grace_period": "1s"}
	if name == "job" {
		s["command"] = []string{"job"}
	} else {
		s["command"] = pick(g, []string{"sleep"}, []string{"sleep", "-log", "up"}, []string{"serve"})
	}
	g.identity(s)
	g.process(s)
	g.host(s)
	g.attachments(s, name)
	return s
}

func (g generator) some(s service, percent int, key string, values ...any) {
	if g.chance(percent) {
		s[key] = pick(g, values...)
	}
}

func (g generator) identity(s service) {
	g.some(s, 50, "environment", anything{"A": "1"}, anything{"A": "2", "B": "x"}, anything{"PATH": "/app"}, anything{"EMPTY": ""}, anything{"TOKEN": "${TOKEN}"})
	g.some(s, 25, "labels", anything{"one": "1"}, anything{"one": "2", "two": ""})
	g.some(s, 30, "scale", 0, 1, 2, 3)
	g.some(s, 15, "hostname", "host-a", "host-b")
	g.some(s, 10, "domainname", "lan")
}

func (g generator) process(s service) {
	g.some(s, 15, "user", "1000", "1000:1000")
	g.some(s, 15, "working_dir", "/", "/tmp")
	g.some(s, 10, "init", true, false)
	g.some(s, 10, "read_only", true, false)
	g.some(s, 10, "tty", true)
	g.some(s, 10, "stop_signal", "SIGINT", "SIGTERM")
	g.some(s, 20, "cap_drop", []string{"ALL"}, []string{"NET_RAW", "CHOWN"})
	g.some(s, 10, "cap_add", []string{"NET_ADMIN"})
	g.some(s, 10, "security_opt", []string{"no-new-privileges:true"})
	g.some(s, 10, "ulimits", anything{"nofile": 1024}, anything{"nofile": anything{"soft": 512, "hard": 1024}})
	g.some(s, 8, "healthcheck", anything{"disable": true})
}

func (g generator) host(s service) {
	g.some(s, 20, "mem_limit", "64m", "96m")
	g.some(s, 10, "cpus", 0.5, 1)
	g.some(s, 10, "pids_limit", 50)
	g.some(s, 20, "restart", "no", "always", "unless-stopped", "on-failure:3")
	g.some(s, 10, "extra_hosts", []string{"a.lan:192.0.2.1"}, []string{"a.lan:192.0.2.2", "b.lan:192.0.2.3"})
	g.some(s, 10, "dns", []string{"192.0.2.53"})
	g.some(s, 10, "shm_size", "32m")
	g.some(s, 10, "logging", anything{"driver": "json-file", "options": anything{"max-size": "1m"}}, anything{"driver": "none"})
	g.some(s, 10, "sysctls", anything{"net.core.somaxconn": "256"})
	g.some(s, 10, "oom_score_adj", 100)
}

func (g generator) attachments(s service, name string) {
	fixed := fmt.Sprintf("10.218.%d.%d", g.worker, 5+g.IntN(2))
	g.some(s, 20, "networks", anything{"lan": anything{"ipv4_address": fixed}}, anything{"lan": anything{"ipv4_address": fixed}, "front": nil}, anything{"lan": nil})
	g.some(s, 45, "networks",
		anything{"front": nil}, anything{"front": nil, "back": nil}, anything{"back": anything{"aliases": []string{name + "-alias"}}},
		anything{"own": anything{"priority": 10}, "front": nil}, anything{"back": anything{"aliases": []string{"x", "y"}}, "default": nil})
	g.some(s, 35, "volumes",
		[]string{"data:/data"}, []string{"data:/data:ro", "more:/more"}, []string{"/cache"}, []string{"/srv:/srv:ro"},
		[]any{anything{"type": "tmpfs", "target": "/run", "tmpfs": anything{"size": "1m"}}}, []any{anything{"type": "volume", "source": "more", "target": "/m", "volume": anything{"nocopy": true}}})
	g.some(s, 12, "tmpfs", []string{"/tmp"})
	g.some(s, 20, "configs", []string{"conf"}, []any{anything{"source": "conf", "target": "/etc/conf"}})
	g.some(s, 8, "secrets", []string{"password"})
	g.some(s, 20, "expose", []string{"9000"}, []string{"9000", "9001/udp"})
	port := 20000 + 100*g.worker + 10*slices.Index(names, name)
	g.some(s, 25, "ports", []string{fmt.Sprintf("%d:8080", port)}, []string{fmt.Sprintf("127.0.0.1:%d:8080", port+1)},
		[]string{fmt.Sprintf("%d:8080", port), fmt.Sprintf("%d:53/udp", port+2)})
	g.some(s, 10, "container_name", fmt.Sprintf("named-%d-%s", g.worker, name), fmt.Sprintf("one-%d", g.worker), fmt.Sprintf("two-%d", g.worker), fmt.Sprintf("%sprop%d-web-1", acctest.Prefix, g.worker))
	g.some(s, 12, "network_mode", "service:web", "none", "bridge")
	g.some(s, 8, "pid", "service:web")
	g.some(s, 30, "depends_on", anything{"web": "service_started"}, anything{"job": "service_completed_successfully"},
		anything{"web": "service_started", "api": "service_started"})
}
