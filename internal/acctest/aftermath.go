package acctest

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Containers is what an engine says of a stack's containers, by service and ID.
type Containers map[string]map[string]Life

// Life is a container's condition. One that the engine restarts by itself may be in
// any other at the next look.
type Life struct {
	Running, Restarting bool
	StartedAt           string
}

// Engine is what looking at a stack takes of an engine.
type Engine interface {
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
}

// LookAt asks an engine for a stack's containers.
func LookAt(ctx context.Context, engine Engine, stack string) (Containers, error) {
	list, err := engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", desired.LabelProject+"="+stack))})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	found := Containers{}
	for _, c := range list {
		one, err := engine.ContainerInspect(ctx, c.ID)
		if err != nil {
			continue // gone since
		}
		service := c.Labels[desired.LabelService]
		if found[service] == nil {
			found[service] = map[string]Life{}
		}
		found[service][c.ID] = Life{Running: one.State.Running && !one.State.Paused && !one.State.Restarting,
			Restarting: one.State.Restarting || one.RestartCount > 0, StartedAt: one.State.StartedAt}
	}
	return found, nil
}

// The fates of a service, and what an error says of them. What follows "; " or ": " up
// to the next "; " or the sentence's end is a clause.
const (
	again, down, failed, replaced, added, changed, untouched = "again", "down", "failed", "replaced", "added", "changed", "untouched"
)

const names = `([a-z0-9_.-]+(?:, [a-z0-9_.-]+)*)`

var claims = map[string]*regexp.Regexp{
	again:    regexp.MustCompile(`the previous containers? of ` + names + ` (?:\(image [^)]*\) )?runs? again`),
	down:     regexp.MustCompile(names + ` ran before and does not run now \(`),
	failed:   regexp.MustCompile(names + ` does not run \(`),
	replaced: regexp.MustCompile(names + ` runs? in (?:a )?new containers?`),
	added:    regexp.MustCompile(names + ` did not run before and runs? now`),
	changed:  regexp.MustCompile(names + ` runs? on and (?:was|were) changed in place`),
}

var (
	leads   = regexp.MustCompile(`(The change was rolled back|What was made so far stays, to be looked at|On the node now): `)
	others  = regexp.MustCompile(`(\d+) other services? (?:was|were) not touched`)
	nothing = regexp.MustCompile(`nothing that ran before was touched|all that ran before was left alone|nothing runs, and nothing ran before`)
	unsent  = regexp.MustCompile(`Nothing (?:was|of the .* was) changed`)
	unseen  = regexp.MustCompile(`it is not known what runs there now`)
)

// Check holds the sentence at the end of an error of a stack against what the engine
// said before and after the apply.
func (before Containers) Check(after Containers, text string) error {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "│", " ")), " ")
	if unseen.MatchString(text) {
		return nil
	}
	lead := leads.FindAllStringIndex(text, -1)
	if lead == nil {
		if !unsent.MatchString(text) {
			return fmt.Errorf("the error does not say what runs now")
		}
		return before.same(after)
	}
	text = text[lead[len(lead)-1][1]:]
	said, is := map[string]string{}, before.fates(after)
	for fate, claim := range claims {
		for _, found := range claim.FindAllStringSubmatch(text, -1) {
			for _, service := range strings.Split(found[1], ", ") {
				said[service] = fate
			}
		}
	}
	return compareFates(said, is, text, before.unsteady(after))
}

func compareFates(said, is map[string]string, text string, unsteady map[string]bool) error {
	left := 0
	for _, service := range slices.Sorted(maps.Keys(is)) {
		fate, claim := is[service], said[service]
		if fate == untouched && claim == "" {
			left++
		}
		switch {
		case unsteady[service], fate == claim, fate == "" && claim == failed, fate == untouched && (claim == "" || claim == changed):
		default:
			return fmt.Errorf("the error says of service %s %q, and on the engine it is %q", service, claim, fate)
		}
	}
	return compareRest(said, is, text, left, len(unsteady) == 0)
}

// compareRest holds what an error says of services that it does not name against the
// number of those that were left alone. steady reports whether that can be counted.
func compareRest(said, is map[string]string, text string, left int, steady bool) error {
	for service := range said {
		if _, known := is[service]; !known {
			return fmt.Errorf("the error speaks of service %s, which has no container and had none", service)
		}
	}
	if count := others.FindStringSubmatch(text); count != nil && steady {
		if n, _ := strconv.Atoi(count[1]); n != left {
			return fmt.Errorf("the error says that %d services were not touched, and %d were not", n, left)
		}
	}
	if nothing.MatchString(text) && len(said) > 0 {
		return fmt.Errorf("the error says that nothing was touched beside %v", said)
	}
	return nil
}

// fates says what became of each service; empty is that it did not run and does not.
func (before Containers) fates(after Containers) map[string]string {
	all := maps.Clone(before)
	maps.Copy(all, after)
	fates := map[string]string{}
	for service := range all {
		was, now := running(before[service]), running(after[service])
		switch {
		case len(was) == 0 && len(now) == 0:
			fates[service] = ""
		case len(was) == 0:
			fates[service] = added
		case len(now) < len(was):
			fates[service] = down
		default:
			fates[service] = untouched
			for id, life := range now {
				if old, known := was[id]; !known {
					fates[service] = replaced
				} else if old.StartedAt != life.StartedAt && fates[service] == untouched {
					fates[service] = again
				}
			}
		}
	}
	return fates
}

func running(list map[string]Life) map[string]Life {
	out := map[string]Life{}
	for id, life := range list {
		if life.Running {
			out[id] = life
		}
	}
	return out
}

// unsteady are the services that the engine restarts by itself.
func (before Containers) unsteady(after Containers) map[string]bool {
	out := map[string]bool{}
	for _, look := range []Containers{before, after} {
		for service, list := range look {
			for _, life := range list {
				if life.Restarting {
					out[service] = true
				}
			}
		}
	}
	return out
}

// same is an error if anything of a stack differs.
func (before Containers) same(after Containers) error {
	unsteady := before.unsteady(after)
	for service, fate := range before.fates(after) {
		sameIDs := slices.Equal(slices.Sorted(maps.Keys(before[service])), slices.Sorted(maps.Keys(after[service])))
		if !unsteady[service] && (!sameIDs || fate != untouched && fate != "") {
			return fmt.Errorf("the error says that nothing was changed, and service %s was", service)
		}
	}
	return nil
}
