package plan

import (
	"fmt"
	"maps"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// requirement is what only newer engines have: an older one refuses it, or
// ignores it without an error.
type requirement struct {
	field string
	// api is the version of the engine's API that brought it, engine the first
	// release with that.
	api, engine string
	used        func(*desired.Service) bool
}

var requirements = []requirement{
	{"volumes: type image", "1.48", "28.0", anyMount(func(m desired.Mount) bool { return m.Type == desired.MountImage })},
	{"volumes: volume.subpath", "1.45", "26.0", anyMount(func(m desired.Mount) bool { return m.Type == desired.MountVolume && m.Subpath != "" })},
	{"volumes: bind.recursive readonly", "1.44", "25.0", anyMount(func(m desired.Mount) bool { return m.Recursive == "readonly" })},
	{"volumes: bind.recursive writable", "1.44", "25.0", anyMount(func(m desired.Mount) bool { return m.Recursive == "writable" })},
	{"networks: gw_priority", "1.48", "28.0", anyNetwork(func(a desired.Attachment) bool { return a.Settings.GwPriority != 0 })},
	{"networks: interface_name", "1.49", "28.1", anyNetwork(func(a desired.Attachment) bool {
		return a.Settings.DriverOpts["com.docker.network.endpoint.ifname"] != ""
	})},
}

func anyMount(is func(desired.Mount) bool) func(*desired.Service) bool {
	return func(s *desired.Service) bool {
		for _, m := range s.Mounts {
			if is(m) {
				return true
			}
		}
		return false
	}
}

func anyNetwork(is func(desired.Attachment) bool) func(*desired.Service) bool {
	return func(s *desired.Service) bool {
		for _, a := range s.Networks {
			if is(a) {
				return true
			}
		}
		return false
	}
}

// checkVersion reports what the node's engine is too old for.
func (b *builder) checkVersion() {
	for _, name := range sortedKeys(b.want.Services) {
		s := b.want.Services[name]
		for _, r := range requirements {
			if check.OlderThan(b.have.APIVersion, r.api) && r.used(&s) {
				b.addProblem(fmt.Sprintf("Service %q uses %s, which needs Docker Engine %s (API %s) or newer; the node speaks API %s. "+
					"Update the engine, or remove that key.", name, r.field, r.engine, r.api, b.have.APIVersion))
			}
		}
	}
}

// startIntervalAPI is the version of the engine's API that brought
// healthcheck.start_interval.
const startIntervalAPI = "1.44"

// forEngine returns the stack as an engine with a version of the API can have it, and
// warnings. It omits healthcheck.start_interval where the engine would ignore it without
// an error, as it does for Docker Compose: the service runs, and its health is checked
// less often while it starts. Everything else that an engine is too old for is a problem
// of the plan.
func forEngine(want *desired.Stack, api string) (*desired.Stack, []string) {
	if !check.OlderThan(api, startIntervalAPI) {
		return want, nil
	}
	var warnings []string
	out := *want
	out.Services = maps.Clone(want.Services)
	for _, name := range sortedKeys(want.Services) {
		s := want.Services[name]
		if s.Config.Healthcheck == nil || s.Config.Healthcheck.StartInterval == 0 {
			continue
		}
		health := *s.Config.Healthcheck
		health.StartInterval = 0
		s.Config.Healthcheck = &health
		out.Services[name] = s
		warnings = append(warnings, fmt.Sprintf("Service %q uses healthcheck.start_interval, which has no effect: it needs Docker Engine 25.0 (API %s) or newer, "+
			"and the node speaks API %s. While the service starts, its health is checked at the usual interval.", name, startIntervalAPI, api))
	}
	return &out, warnings
}
