package plan

import (
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// repair is one action that repairs a container that stays.
type repair struct {
	action Action
	causes []Difference
	// inherited reports that the causes lie outside the container.
	inherited bool
}

// repairs lists the actions for a container whose differences the engine can repair in
// place, with the least disturbance.
func (b *builder) repairs(compare *comparison, s *slot, here repairable) []repair {
	var out []repair
	add := func(action Action, causes []Difference) {
		if len(causes) > 0 {
			out = append(out, repair{action: action, causes: causes})
		}
	}
	add(TagImage, here.image)
	add(Update, here.limits)
	add(Connect, here.connections())
	service := compare.service
	action, causes := startRepair(service, s.current.Container, Jobs(b.want))
	add(action, causes)
	final := b.finalName(s)
	if action == "" && hooksPending(service, s.current.Container, final) {
		action = Restart
		add(Restart, []Difference{{Field: "post_start", Old: "interrupted", New: "run"}})
	}
	if action == "" {
		if action, causes = b.restartWith(service, s.current.Container); action != "" {
			out = append(out, repair{action: action, causes: causes, inherited: true})
		}
	}
	if s.current.Name != final {
		add(Rename, []Difference{{Field: "container_name", Old: s.current.Name, New: final}})
	}
	return out
}

// startAction is the repair by which a container that stays is started again, if any.
func (s *slot) startAction() Action {
	for _, r := range s.repairs {
		switch r.action {
		case Start, Restart, Unpause:
			return r.action
		default: // it is up, or stays as it is
		}
	}
	return ""
}

// startRepair returns the repair that starts a container without other differences.
func startRepair(s *desired.Service, c *observed.Container, jobs map[string]bool) (Action, []Difference) {
	state := []Difference{{Field: "state", Old: string(c.State), New: goal(s, c, jobs[s.Name])}}
	switch c.State {
	case observed.Paused:
		return Unpause, state
	case observed.Unhealthy, observed.Restarting:
		return Restart, state
	case observed.Created, observed.Exited:
		if c.State == observed.Exited && c.ExitCode == 0 && mayComplete(s, jobs[s.Name]) {
			return "", nil
		}
		return Start, state
	default: // up, or done
		return "", nil
	}
}

// goal is the state that a repair leads to, as text.
func goal(s *desired.Service, c *observed.Container, awaited bool) string {
	state := Arrived(s, &observed.Image{HasHealthcheck: c.HasHealthcheck}, awaited)
	if state == "" {
		return "running or completed"
	}
	return string(state)
}

// restartWith asks for a restart when a dependency that says so is recreated, or when
// the container whose namespaces it shares starts again. That one gets new namespaces;
// the old ones stay, without a network, with the containers that share them.
func (b *builder) restartWith(s *desired.Service, c *observed.Container) (Action, []Difference) {
	for _, share := range s.Shares() {
		name := share.Service
		for _, parent := range b.slots[name] {
			if share.IsNamespace() && parent.number == 1 && parent.current != nil && c.Up() && startsAnew(parent, c) {
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
				return Restart, []Difference{{Field: "depends_on." + name, Old: "running", New: "recreated"}}
			}
		}
	}
	return "", nil
}

// startsAnew reports whether a parent starts in this plan, or has since its child
// did.
func startsAnew(parent *slot, child *observed.Container) bool {
	up := parent.startAction()
	return up == Start || up == Restart || child.StartedAt.Before(parent.current.StartedAt)
}

// mayComplete reports whether a container that ended with exit code 0 is done:
// another service waits for that, or its restart policy was written and does
// not ask for more.
func mayComplete(s *desired.Service, awaited bool) bool {
	policy := desired.RestartText(s.Host.RestartPolicy)
	return awaited || s.RestartExplicit && (policy == "" || strings.HasPrefix(policy, "on-failure"))
}

// Completes reports whether a service is done when it ends with exit code 0.
func Completes(want *desired.Stack, name string) bool {
	return mayComplete(ptr(want.Services[name]), Jobs(want)[name])
}

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
// means that it cannot be told beforehand: the service may run on or complete,
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
