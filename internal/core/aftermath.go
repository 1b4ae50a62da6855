package core

import (
	"fmt"
	"maps"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// AftermathError is how a change ended that failed after something was written, with
// what the engine has since.
type AftermathError struct {
	Err   error
	After Aftermath
}

func (e *AftermathError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *AftermathError) Unwrap() error { return e.Err }

// Aftermath is what runs of a stack after a change that failed, held against what ran
// before it. It comes from two looks at the engine, not from what was asked of it. A
// service is in one list at most; the lists are in order.
type Aftermath struct {
	// Unseen reports that the node cannot be looked at any more: all else is empty.
	Unseen bool
	// Untouched are the services whose containers run on as they were, and Changed
	// those of which something was changed in place, but not their run.
	Untouched, Changed []ServiceAfter
	// Again are those whose previous containers were stopped meanwhile and run.
	Again []ServiceAfter
	// Replaced are those that ran before and run in other containers now, and New
	// those that run and did not before.
	Replaced, New []ServiceAfter
	// Down are those that ran before and do not run now, or in fewer containers.
	Down []ServiceAfter
	// Failed are those that have a container since that does not run.
	Failed []ServiceAfter
}

// ServiceAfter is the state of one service after a change that failed.
type ServiceAfter struct {
	Service string
	// Image is what its first container runs.
	Image string
	// State is a phrase: "is healthy", "exited with code 1"; empty where there is
	// nothing to add.
	State string
}

// aftermath compares what there is of a stack with what there was.
func aftermath(before, after *observed.Stack) Aftermath {
	var out Aftermath
	names := maps.Clone(before.Services)
	maps.Copy(names, after.Services)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, now := runningOf(before.Services[name]), runningOf(after.Services[name])
		one := serviceAfter(name, after.Services[name])
		switch {
		case len(was) == 0 && len(now) == 0:
			if fails(before.Services[name], after.Services[name]) {
				out.Failed = append(out.Failed, one)
			}
		case len(was) == 0:
			out.New = append(out.New, one)
		case len(now) == 0:
			out.Down = append(out.Down, one)
		case len(now) < len(was):
			one.State = fmt.Sprintf("%d of %d containers run", len(now), len(was))
			out.Down = append(out.Down, one)
		default:
			switch compareRuns(was, now) {
			case otherContainers:
				out.Replaced = append(out.Replaced, one)
			case otherRuns:
				out.Again = append(out.Again, one)
			case otherFields:
				out.Changed = append(out.Changed, one)
			case same:
				out.Untouched = append(out.Untouched, one)
			}
		}
	}
	return out
}

// continuity is how much of a service's containers is as it was.
type continuity int

const (
	same continuity = iota
	otherFields
	otherRuns
	otherContainers
)

func compareRuns(was, now map[string]*observed.Container) continuity {
	worst := same
	for id, c := range now {
		old, known := was[id]
		switch {
		case !known:
			worst = max(worst, otherContainers)
		case !old.StartedAt.Equal(c.StartedAt):
			worst = max(worst, otherRuns)
		case !maps.Equal(old.Spec, c.Spec) || old.Name != c.Name:
			worst = max(worst, otherFields)
		}
	}
	return worst
}

// runningOf are the containers that run, by ID. One that is between two runs, or
// paused, does not.
func runningOf(list []observed.Container) map[string]*observed.Container {
	running := map[string]*observed.Container{}
	for i := range list {
		if c := &list[i]; c.Up() && c.State != observed.Restarting {
			running[c.ID] = c
		}
	}
	return running
}

// fails reports whether a service that did not run has a container that is new or
// changed its condition, and is not done.
func fails(before, after []observed.Container) bool {
	known := map[string]observed.State{}
	for i := range before {
		known[before[i].ID] = before[i].State
	}
	return slices.ContainsFunc(after, func(c observed.Container) bool {
		return known[c.ID] != c.State && (c.State != observed.Exited || c.ExitCode != 0)
	})
}

// serviceAfter describes the state of a service's containers.
func serviceAfter(name string, list []observed.Container) ServiceAfter {
	if len(list) == 0 {
		return ServiceAfter{Service: name, State: "it has no container"}
	}
	worst := &list[0]
	for i := range list {
		if list[i].State.Worse(worst.State) {
			worst = &list[i]
		}
	}
	out := ServiceAfter{Service: name, Image: worst.Image}
	switch worst.State {
	case observed.Healthy:
		out.State = "is healthy"
	case observed.Unhealthy:
		out.State = "is unhealthy"
	case observed.Exited:
		out.State = fmt.Sprintf("it exited with code %d", worst.ExitCode)
	case observed.Created:
		out.State = "it was not started"
	case observed.Restarting:
		out.State = "it keeps restarting"
	case observed.Running, observed.Starting:
	default:
		out.State = "it is " + string(worst.State)
	}
	return out
}
