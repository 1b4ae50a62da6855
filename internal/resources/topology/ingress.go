package topology

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The labels and the variable by which reverse proxies get the names to
// serve: Traefik's router rules
// (https://doc.traefik.io/traefik/routing/providers/docker/), caddy-docker-proxy's
// site addresses, and nginx-proxy's VIRTUAL_HOST.
var (
	traefikRule = regexp.MustCompile(`^traefik\.(http|tcp)\.routers\.[^.]+\.rule$`)
	traefikHost = regexp.MustCompile(`\bHost(?:SNI)?\(([^)]*)\)`)
	quoted      = regexp.MustCompile("[`'\"]([^`'\"]+)[`'\"]")
	caddySite   = regexp.MustCompile(`^caddy(_\d+)?$`)
)

// hosts are the names under which a reverse proxy serves a container, sorted.
func hosts(labels map[string]string, virtualHost string) []string {
	found := map[string]bool{}
	for key, value := range labels {
		switch {
		case traefikRule.MatchString(key) && labels["traefik.enable"] != "false":
			for _, call := range traefikHost.FindAllStringSubmatch(value, -1) {
				for _, name := range quoted.FindAllStringSubmatch(call[1], -1) {
					found[name[1]] = true
				}
			}
		case caddySite.MatchString(key):
			for _, site := range splitList(value) {
				if !strings.HasPrefix(site, "(") { // a snippet
					found[site] = true
				}
			}
		}
	}
	for _, name := range splitList(virtualHost) {
		if !strings.HasPrefix(name, "~") { // a regular expression
			found[name] = true
		}
	}
	delete(found, "*") // HostSNI(`*`): whatever comes
	return slices.Sorted(maps.Keys(found))
}

// splitList splits at commas and spaces.
func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
