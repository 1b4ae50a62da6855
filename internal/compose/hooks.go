package compose

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// hookKeys are a service's keys that hold hooks.
var hookKeys = []string{"pre_start", "post_start", "pre_stop"}

// hooks converts the commands that run around the life of a service's
// containers; nil means none.
func (l *load) hooks(s types.ServiceConfig) *desired.Hooks {
	hooks := &desired.Hooks{
		PreStart: l.hookList(s, "pre_start", s.PreStart), PostStart: l.hookList(s, "post_start", s.PostStart), PreStop: l.hookList(s, "pre_stop", s.PreStop),
	}
	if hooks.IsEmpty() {
		return nil
	}
	return hooks
}

func (l *load) hookList(s types.ServiceConfig, key string, list []types.ServiceHook) []desired.Hook {
	var out []desired.Hook
	for _, h := range list {
		if len(h.Command) == 0 && key != "pre_start" {
			l.addServiceError(s.Name, key, "%s: a hook has no command", key)
		}
		hook := desired.Hook{Command: h.Command, Image: h.Image, User: h.User, WorkingDir: h.WorkingDir, Privileged: h.Privileged, Environment: l.hookEnvironment(s, key, h)}
		if hook.Image == s.Image { // compose-go fills it in
			hook.Image = ""
		}
		if _, err := reference.ParseAnyReference(h.Image); h.Image != "" && err != nil {
			l.addServiceError(s.Name, key, "%s: %q is not an image name: %v", key, h.Image, err)
		}
		out = append(out, hook)
	}
	return out
}

func (l *load) hookEnvironment(s types.ServiceConfig, key string, h types.ServiceHook) []string {
	var env []string
	for name, value := range h.Environment {
		if value == nil {
			l.warn("service " + quote(s.Name) + ": " + key + " names the variable " + quote(name) + " without a value; Docker Compose gives a hook none from outside, so it is not set")
			env = append(env, name)
			continue
		}
		env = append(env, name+"="+*value)
	}
	slices.Sort(env)
	return env
}
