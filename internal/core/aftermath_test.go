package core

import (
	"strings"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// at is a container by its ID, state and the second in which it started; more is what
// differs otherwise.
func at(id string, state observed.State, started int, more ...func(*observed.Container)) observed.Container {
	c := observed.Container{ID: id, Name: "home-web-1", Service: "web", Image: "app:1", State: state, StartedAt: time.Unix(int64(started), 0)}
	for _, change := range more {
		change(&c)
	}
	return c
}

func TestAftermath_EachFateOfAService_IsToldByTheEngine(t *testing.T) {
	type list = []observed.Container
	code := func(n int) func(*observed.Container) { return func(c *observed.Container) { c.ExitCode = n } }
	limited := func(c *observed.Container) { c.Spec = map[string]string{"mem_limit": "1"} }
	for name, c := range map[string]struct {
		before, after list
		want          string
	}{
		"runs on":                        {list{at("a", observed.Healthy, 1)}, list{at("a", observed.Unhealthy, 1)}, "untouched web is unhealthy"},
		"changed in place":               {list{at("a", observed.Running, 1)}, list{at("a", observed.Running, 1, limited)}, "changed web"},
		"stopped and started":            {list{at("a", observed.Healthy, 1)}, list{at("a", observed.Healthy, 2)}, "again web is healthy"},
		"replaced":                       {list{at("a", observed.Running, 1)}, list{at("b", observed.Running, 2)}, "replaced web"},
		"one of two replaced":            {list{at("a", observed.Running, 1), at("c", observed.Running, 1)}, list{at("b", observed.Running, 2), at("c", observed.Running, 1)}, "replaced web"},
		"new":                            {nil, list{at("a", observed.Running, 1)}, "new web"},
		"started":                        {list{at("a", observed.Exited, 1)}, list{at("a", observed.Running, 2)}, "new web"},
		"stopped":                        {list{at("a", observed.Unhealthy, 1)}, list{at("a", observed.Exited, 1, code(127))}, "down web it exited with code 127"},
		"gone":                           {list{at("a", observed.Running, 1)}, nil, "down web it has no container"},
		"one of two stopped":             {list{at("a", observed.Running, 1), at("b", observed.Running, 1)}, list{at("a", observed.Running, 1), at("b", observed.Exited, 1)}, "down web 1 of 2 containers run"},
		"stopped, its successor waits":   {list{at("a", observed.Running, 1)}, list{at("b", observed.Created, 0)}, "down web it was not started"},
		"crashes again and again":        {list{at("a", observed.Running, 1)}, list{at("a", observed.Restarting, 3)}, "down web it keeps restarting"},
		"new, and ended":                 {nil, list{at("a", observed.Exited, 1, code(3))}, "failed web it exited with code 3"},
		"new, and done":                  {nil, list{at("a", observed.Exited, 1)}, ""},
		"did not run and does not":       {list{at("a", observed.Exited, 1, code(1))}, list{at("a", observed.Exited, 1, code(1))}, ""},
		"paused before and paused after": {list{at("a", observed.Paused, 1)}, list{at("a", observed.Paused, 1)}, ""},
	} {
		stack := func(containers list) *observed.Stack {
			s := &observed.Stack{Services: map[string][]observed.Container{}}
			if containers != nil {
				s.Services["web"] = containers
			}
			return s
		}
		a := aftermath(stack(c.before), stack(c.after))
		var got []string
		for fate, services := range map[string][]ServiceAfter{"untouched": a.Untouched, "changed": a.Changed, "again": a.Again, "replaced": a.Replaced,
			"new": a.New, "down": a.Down, "failed": a.Failed} {
			for _, s := range services {
				got = append(got, strings.TrimSpace(fate+" "+s.Service+" "+s.State))
			}
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
