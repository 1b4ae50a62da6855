package property

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// finish makes a project valid: fields that exclude each other, and names that
// nothing declares.
func (g generator) finish(p project) project {
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		s := p.Services[name]
		shares(p, name, s)
		single(s)
		dependencies(p, name, s)
	}
	for name, s := range p.Services {
		exclusive(name, s)
	}
	g.onlyOnes(p)
	g.declare(&p)
	return p
}

// shares drops what points to a service that is not there, or that has no
// container.
func shares(p project, name string, s service) {
	for _, key := range []string{"network_mode", "pid"} {
		target, ok := strings.CutPrefix(text(s[key]), "service:")
		if !ok {
			continue
		}
		parent, exists := p.Services[target]
		if !exists || name == target || parent["scale"] == 0 {
			delete(s, key)
		}
	}
}

// onlyOnes leaves a container name, a host port and a fixed address to the first
// service that asks for it.
func (g generator) onlyOnes(p project) {
	taken := map[string]bool{}
	for _, name := range names {
		taken[fmt.Sprintf("%sprop%d-%s-1", acctest.Prefix, g.worker, name)] = p.Services[name] != nil
	}
	claim := func(s service, key string, wanted ...string) {
		if slices.ContainsFunc(wanted, func(one string) bool { return taken[one] }) {
			delete(s, key)
			return
		}
		for _, one := range wanted {
			taken[one] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		s := p.Services[name]
		if own, named := s["container_name"]; named {
			claim(s, "container_name", text(own))
		}
		ports, _ := s["ports"].([]string)
		claim(s, "ports", ports...)
		joined, _ := s["networks"].(anything)
		if lan, fixed := joined["lan"].(anything); fixed {
			claim(s, "networks", text(lan["ipv4_address"]))
		}
	}
}

// single keeps to one container where a second one could not be.
func single(s service) {
	_, ports := s["ports"]
	_, named := s["container_name"]
	joined, _ := s["networks"].(anything)
	fixed := joined["lan"] != nil
	if scale, ok := s["scale"].(int); ok && scale > 1 && (ports || named || fixed) {
		delete(s, "scale")
	}
}

// exclusive drops what the engine refuses together.
func exclusive(name string, s service) {
	mode := text(s["network_mode"])
	if mode == "" {
		return
	}
	delete(s, "networks")
	if mode != "bridge" {
		delete(s, "ports")
		delete(s, "sysctls")
		delete(s, "expose")
	}
	if strings.HasPrefix(mode, "service:") {
		if name != "job" { // which has to end, for others wait for that
			s["command"] = []string{"sleep"} // two cannot serve on one port
		}
		delete(s, "hostname")
		delete(s, "domainname")
		delete(s, "extra_hosts")
		delete(s, "dns")
	}
}

// dependencies keeps to services that are there and come before, so that there
// is no cycle.
func dependencies(p project, name string, s service) {
	wanted, _ := s["depends_on"].(anything)
	kept := anything{}
	for other, condition := range wanted {
		target, exists := p.Services[other]
		if exists && target["scale"] != 0 && slices.Index(names, other) < slices.Index(names, name) {
			kept[other] = anything{"condition": text(condition)}
			if object, ok := condition.(anything); ok {
				kept[other] = object
			}
		}
	}
	if delete(s, "depends_on"); len(kept) > 0 {
		s["depends_on"] = kept
	}
	if name == "job" { // which is done when it has ended, whether or not anyone waits
		s["restart"] = "no"
	}
}

// declare adds the top-level entries that services use, each in one of a few
// shapes.
func (g generator) declare(p *project) {
	p.Networks, p.Volumes, p.Configs, p.Secrets = map[string]anything{}, map[string]anything{}, map[string]anything{}, map[string]anything{}
	for _, s := range p.Services {
		joined, _ := s["networks"].(anything)
		for network := range joined {
			p.Networks[network] = nil
		}
	}
	for _, network := range slices.Sorted(maps.Keys(p.Networks)) {
		p.Networks[network] = g.network(network)
	}
	all := p.text()
	for _, volume := range []string{"data", "more"} {
		if strings.Contains(all, `"`+volume+`:/`) || strings.Contains(all, `"source": "`+volume+`"`) {
			p.Volumes[volume] = anything{}
		}
	}
	if strings.Contains(all, `"conf"`) {
		p.Configs["conf"] = anything{"content": pick(g, "one\n", "two\n")}
	}
	if strings.Contains(all, `"password"`) {
		p.Secrets["password"] = anything{"environment": "PASSWORD"}
		p.Values["PASSWORD"] = pick(g, "first", "second")
	}
	if strings.Contains(all, `${TOKEN}`) {
		p.Values["TOKEN"] = pick(g, "first", "second")
	}
}

func (g generator) network(name string) anything {
	n := anything{}
	if name == "back" && g.chance(40) {
		n["internal"] = true
	}
	if name == "lan" { // engines choose addresses from the second half
		subnet := fmt.Sprintf("10.218.%d", g.worker)
		n["ipam"] = anything{"config": []any{anything{"subnet": subnet + ".0/24", "ip_range": subnet + ".128/25"}}}
	}
	if name == "own" && g.chance(60) {
		n["labels"] = anything{"kind": pick(g, "a", "b")}
	}
	return n
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
