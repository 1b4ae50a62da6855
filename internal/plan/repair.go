package plan

import (
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// repair says what brings a container back that is as it should be, but for
// its condition or name.
func repair(s *desired.Service, c *observed.Container, name string, jobs map[string]bool) (Action, []Difference) {
	state := func(old observed.State) []Difference {
		return []Difference{{Field: "state", Old: string(old), New: goal(s, c, jobs[s.Name])}}
	}
	switch c.State {
	case observed.Paused:
		return Unpause, state(c.State)
	case observed.Unhealthy, observed.Restarting:
		return Restart, state(c.State)
	case observed.Created, observed.Exited:
		if c.State == observed.Exited && c.ExitCode == 0 && mayComplete(s, jobs[s.Name]) {
			break
		}
		return Start, state(c.State)
	default: // up, or done
	}
	if c.Name != name {
		return Rename, []Difference{{Field: "container_name", Old: c.Name, New: name}}
	}
	return "", nil
}

// goal words the state that a repair leads to.
func goal(s *desired.Service, c *observed.Container, awaited bool) string {
	state := Arrived(s, &observed.Image{HasHealthcheck: c.HasHealthcheck}, awaited)
	if state == "" {
		return "running or completed"
	}
	return string(state)
}

// restartWith asks for a restart when a dependency that says so is made again,
// or when the container whose namespaces it shares starts anew: that one gets
// new namespaces, and the old ones, without a network, stay with whoever is in
// them.
func (b *builder) restartWith(s *desired.Service, c *observed.Container) (Action, []Difference) {
	for _, share := range s.Shares() {
		name := share.Service
		for _, parent := range b.slots[name] {
			if share.IsNamespace() && parent.number == 1 && parent.current != nil && c.Up() && startsAnew(&parent, c) {
				return Restart, []Difference{{Field: share.Field, Old: "service:" + name, New: "service:" + name + ", started again"}}
			}
		}
	}
	for _, name := range sortedKeys(s.Dependencies) {
		if !s.Dependencies[name].Restart {
			continue
		}
		for _, dep := range b.slots[name] {
			if dep.action == Recreate {
				return Restart, []Difference{{Field: "depends_on." + name, Old: "running", New: "made again"}}
			}
		}
	}
	return "", nil
}

// startsAnew tells whether a parent starts in this plan, or has since its child
// did.
func startsAnew(parent *slot, child *observed.Container) bool {
	return parent.action == Start || parent.action == Restart || child.StartedAt.Before(parent.current.StartedAt)
}

// mayComplete tells whether a container that ended with exit code 0 is done:
// another service waits for that, or its restart policy was written and does
// not ask for more.
func mayComplete(s *desired.Service, awaited bool) bool {
	policy := desired.RestartText(s.Host.RestartPolicy)
	return awaited || s.RestartExplicit && (policy == "" || strings.HasPrefix(policy, "on-failure"))
}

// Completes tells whether a service is done when it ends with exit code 0.
func Completes(want *desired.Stack, name string) bool {
	return mayComplete(ptr(want.Services[name]), Jobs(want)[name])
}

// jobs are the services that others wait for to complete.
func (b *builder) jobs() map[string]bool { return Jobs(b.want) }

// Jobs names the services that another one waits for to complete.
func Jobs(want *desired.Stack) map[string]bool {
	jobs := map[string]bool{}
	for _, s := range want.Services {
		for name, dep := range s.Dependencies {
			if dep.Condition == desired.Completed {
				jobs[name] = true
			}
		}
	}
	return jobs
}

// Arrived is the state a service is in once it has arrived. The empty state
// means that it can't be told beforehand: the service may run on or complete,
// or its image, which may define a health check, is not on the node yet (nil).
func Arrived(s *desired.Service, img *observed.Image, awaited bool) observed.State {
	checked, known := img != nil && img.HasHealthcheck, img != nil
	if h := s.Config.Healthcheck; h != nil && len(h.Test) > 0 {
		checked, known = h.Test[0] != "NONE", true
	}
	switch {
	case awaited:
		return observed.Completed
	case mayComplete(s, awaited) || !known:
		return ""
	case checked:
		return observed.Healthy
	}
	return observed.Running
}
