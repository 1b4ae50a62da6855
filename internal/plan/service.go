package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// slot is the decision about one replica of a service.
type slot struct {
	service string
	number  int
	// action is empty when the container stays as it is.
	action Action
	causes []Difference
	// current is the container that stands for the replica; nil when missing.
	current *observed.Container
	// leftovers are further containers that claim to be the same replica.
	leftovers []observed.Container
	// missing are the networks to connect in place.
	missing []string
	// renamed is the operation that gives the container its name, if any.
	renamed string
	// secretVersion is what a new container is labelled with.
	secretVersion int
}

func (s *slot) subject() string { return fmt.Sprintf("service %s/%d", s.service, s.number) }

// makes tells whether a container is created for the replica.
func (s *slot) makes() bool { return s.action == Create || s.action == Recreate }

// decideServices decides about every replica, in an order in which a parent
// whose namespaces are shared comes before its children.
func (b *builder) decideServices() {
	for again := true; again; again = b.moveTags() { // a fetched image concerns all who use it
		for _, name := range b.inOrder() {
			service := b.want.Services[name]
			b.slots[name] = b.decide(&service)
		}
	}
	for _, name := range sortedKeys(b.have.Services) {
		service, wanted := b.want.Services[name]
		for i := range b.have.Services[name] {
			c := b.have.Services[name][i]
			if !wanted || c.Number > service.Replicas {
				b.slots[name] = append(b.slots[name], slot{service: name, number: c.Number, action: Remove, current: &c,
					causes: []Difference{{Field: "replicas", Old: "exists", New: "not declared"}}})
			}
		}
	}
	for _, name := range sortedKeys(b.slots) {
		for i := range b.slots[name] {
			b.reportSlot(&b.slots[name][i])
		}
	}
}

func (b *builder) reportSlot(s *slot) {
	if s.action != "" {
		b.change(Change{Subject: s.subject(), Service: s.service, Number: s.number, Action: s.action, Causes: s.causes})
	}
	if len(s.leftovers) > 0 {
		b.change(Change{Subject: s.subject(), Service: s.service, Number: s.number, Action: CleanUp,
			Causes: []Difference{{Field: "replicas", Old: fmt.Sprintf("%d containers", 1+len(s.leftovers)), New: "1 container"}}})
	}
}

// inOrder lists the services so that each comes after those it depends on.
func (b *builder) inOrder() []string {
	var order []string
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if _, ok := b.want.Services[name]; !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, dep := range sortedKeys(b.want.Services[name].Dependencies) {
			visit(dep)
		}
		for _, parent := range parents(b.want.Services[name]) {
			visit(parent)
		}
		order = append(order, name)
	}
	for _, name := range sortedKeys(b.want.Services) {
		visit(name)
	}
	return order
}

// parentsFirst lists all services that have slots, those that are to go last.
func (b *builder) parentsFirst() []string {
	names := b.inOrder()
	for _, name := range sortedKeys(b.slots) {
		if _, wanted := b.want.Services[name]; !wanted {
			names = append(names, name)
		}
	}
	return names
}

// parents are the services whose namespaces a service's containers share: they
// have to be made again together.
func parents(s desired.Service) []string {
	var out []string
	for _, mode := range []string{string(s.Host.NetworkMode), string(s.Host.PidMode), string(s.Host.IpcMode)} {
		if name, ok := strings.CutPrefix(mode, "service:"); ok {
			out = append(out, name)
		}
	}
	return out
}

func (b *builder) decide(s *desired.Service) []slot {
	compare := newComparison(b.want.Name, s, b.have, b.plan.Placements, b.opts)
	byNumber := map[int][]observed.Container{}
	for _, c := range b.have.Services[s.Name] {
		byNumber[c.Number] = append(byNumber[c.Number], c)
	}
	building := compare.needsBuild(b.have.Services[s.Name])
	var slots []slot
	for number := 1; number <= s.Replicas; number++ {
		one := slot{service: s.Name, number: number, secretVersion: 1}
		b.decideSlot(&one, compare, byNumber[number], building)
		slots = append(slots, one)
		b.plan.SecretVersions[s.Name] = max(b.plan.SecretVersions[s.Name], one.secretVersion)
	}
	return slots
}

// decideSlot chooses among the containers that claim to be the replica and
// says what has to happen to it.
func (b *builder) decideSlot(one *slot, compare *comparison, candidates []observed.Container, building bool) {
	if len(candidates) == 0 {
		one.action, one.causes = Create, []Difference{{Field: "state", Old: string(observed.Missing), New: "present"}}
		return
	}
	chosen, causes := choose(compare, candidates)
	one.current = &candidates[chosen]
	for i := range candidates {
		if i != chosen {
			one.leftovers = append(one.leftovers, candidates[i])
		}
	}
	one.secretVersion = SecretVersion(one.current)
	if compare.secretsDiffer(one.current) {
		one.secretVersion++
	}
	causes, missing := splitNetworks(causes, one.current, b)
	causes = append(causes, b.inheritedCauses(compare.service, one.current, building, len(causes))...)
	if one.current.State == observed.Dead {
		causes = append(causes, Difference{Field: "state", Old: string(observed.Dead), New: goal(compare.service, one.current, b.jobs()[compare.service.Name])})
	}
	switch {
	case len(causes) > 0:
		one.action, one.causes = Recreate, causes
	case len(missing) > 0:
		one.action, one.missing = Connect, missing
		for _, network := range missing {
			one.causes = append(one.causes, Difference{Field: "networks." + network, New: "attached"})
		}
	default:
		one.action, one.causes = repair(compare.service, one.current, ContainerName(b.want.Name, compare.service, one.number), b.jobs())
		if one.action == "" {
			one.action, one.causes = b.restartWith(compare.service)
		}
	}
}

// choose prefers a container that already is what is wanted.
func choose(compare *comparison, candidates []observed.Container) (int, []Difference) {
	best, bestCauses := 0, compare.differences(&candidates[0])
	for i := 1; i < len(candidates) && len(bestCauses) > 0; i++ {
		if causes := compare.differences(&candidates[i]); len(causes) == 0 {
			best, bestCauses = i, causes
		}
	}
	return best, bestCauses
}

// splitNetworks takes out of the causes the networks that a running container
// can be connected to as it is.
func splitNetworks(causes []Difference, c *observed.Container, b *builder) (rest []Difference, missing []string) {
	disconnected := map[string]bool{}
	for _, d := range causes {
		if name, ok := strings.CutPrefix(d.Field, "networks."); ok && d.Old == "" && d.New == "attached" {
			if _, exists := b.have.Networks[name]; exists && !b.replacedNetworks[name] {
				disconnected[name] = true
			}
		}
	}
	for _, d := range causes {
		if !belongsTo(d.Field, disconnected) {
			rest = append(rest, d)
		}
	}
	if fine := c.State == observed.Running || c.State == observed.Starting || c.State == observed.Healthy; len(rest) > 0 || !fine {
		return causes, nil
	}
	return nil, sortedKeys(disconnected)
}

func belongsTo(field string, networks map[string]bool) bool {
	for name := range networks {
		if field == "networks."+name || strings.HasPrefix(field, "networks."+name+".") {
			return true
		}
	}
	return false
}

// inheritedCauses are reasons to make a container again that lie outside it:
// its image is built anew, a network it is on is replaced or another one by
// now, or the container whose namespaces it shares is made again.
func (b *builder) inheritedCauses(s *desired.Service, c *observed.Container, building bool, own int) []Difference {
	var out []Difference
	if building && own == 0 {
		out = append(out, Difference{Field: "build", Old: "image is missing", New: s.Image.Build.Hash})
	} else if b.movedTags[s.Image.Reference] && own == 0 {
		out = append(out, Difference{Field: "image", Old: s.Image.Reference, New: s.Image.Reference + ", fetched anew"})
	}
	for _, a := range s.Networks {
		id, attached := c.NetworkIDs[a.Network]
		current, exists := b.have.Networks[a.Network]
		switch {
		case b.replacedNetworks[a.Network]:
			out = append(out, Difference{Field: "networks." + a.Network, Old: "attached", New: "attached to its replacement"})
		case attached && id != "" && (!exists || id != current.ID):
			out = append(out, Difference{Field: "networks." + a.Network, Old: "attached to a network that is gone", New: "attached"})
		}
	}
	for _, parent := range parents(*s) {
		for _, p := range b.slots[parent] {
			switch {
			case p.number != 1:
			case p.makes():
				out = append(out, Difference{Field: "network_mode", Old: "service:" + parent, New: "service:" + parent + ", made again"})
			case p.current != nil && len(c.Shares) > 0 && !slices.Contains(c.Shares, p.current.ID): // an interrupted change left it behind
				out = append(out, Difference{Field: "network_mode", Old: "service:" + parent + ", a container that goes", New: "service:" + parent})
			}
		}
	}
	return out
}

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

// restartWith asks for a restart when a dependency that says so is made again.
func (b *builder) restartWith(s *desired.Service) (Action, []Difference) {
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
