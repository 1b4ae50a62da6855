package plan

import (
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// endsWithHooks reports whether a service's containers run something right after they
// started. Such a container keeps a temporary name until that is done: the name shows an
// interrupted change.
func endsWithHooks(s *desired.Service) bool { return s.Hooks != nil && len(s.Hooks.PostStart) > 0 }

// hooksPending reports whether a container that runs was left before its hooks
// had run.
func hooksPending(s *desired.Service, c *observed.Container, final string) bool {
	return endsWithHooks(s) && c.Up() && strings.HasPrefix(c.Name, final+beforeTakeover)
}

// withHooks puts the hooks around a start or restart.
func (b *builder) withHooks(s *slot, op Operation) Operation {
	if s.want.Hooks == nil {
		return op
	}
	op.Hooks = *s.want.Hooks
	if !b.startsAll(s.service) {
		op.Hooks.PreStart = nil
		return op
	}
	if first := b.slots[s.service][0]; s != first { // they run once, before the first container
		op.Hooks.PreStart = nil
		op.Needs = append(op.Needs, first.start)
	}
	return op
}

// startsAll reports whether no container of a service goes on running: then
// its pre_start hooks run, as under Docker Compose.
func (b *builder) startsAll(service string) bool {
	return b.want.Services[service].Hooks != nil && len(b.want.Services[service].Hooks.PreStart) > 0 &&
		!slices.ContainsFunc(b.slots[service], func(s *slot) bool { return s.action != Remove && !s.creates() && s.startAction() != Start })
}

// hooksOfOld are the hooks around the stop of a container. pre_stop is as the document
// has it now, as under Docker Compose, so that a wrong one can be fixed. post_start is as
// it was, for a rollback that starts the container again. For a service that is not
// declared any more, only the container's label has them.
func (b *builder) hooksOfOld(c *observed.Container) desired.Hooks {
	made, complete := desired.ReadHookLabel(c.Labels[desired.LabelHooks]).Hooks()
	if !complete {
		made = desired.Hooks{}
	}
	if service, declared := b.want.Services[c.Service]; declared {
		made.PreStop = nil
		if service.Hooks != nil {
			made.PreStop = service.Hooks.PreStop
		}
	}
	made.PreStart = nil
	return made
}
