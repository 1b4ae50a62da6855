package core

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// publishing is a stack with one service on a port of the node.
func publishing(name, port string) *desired.Stack {
	w := edited(func(s *desired.Service) {
		s.Host.PortBindings = nat.PortMap{"80/tcp": {{HostPort: port}}}
	})
	w.Name = name
	return w
}

// edgeHolds is a node on which the stack "edge" publishes port 8080.
func edgeHolds() *fake {
	f := newFake()
	f.Others = []container.Summary{{ID: strings.Repeat("e", 64), Names: []string{"/edge-app-1"},
		Labels: map[string]string{desired.LabelProject: "edge", desired.LabelStack: "edge", desired.LabelService: "app"},
		Ports:  []container.Port{{IP: "0.0.0.0", PublicPort: 8080, PrivatePort: 80, Type: "tcp"}}}}
	return f
}

func problemsOf(t *testing.T, d *Core, w *desired.Stack) Preview {
	t.Helper()
	p, err := d.Stacks().Preview(t.Context(), "nas", w, Record{}, PreviewOptions{})
	if err != nil {
		t.Error(err)
	}
	return p
}

func TestPreview_TwoStacksWantOnePort_ExactlyOneIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(nodes{newFake()}, registry{})
		previews := make([]Preview, 2)
		var group sync.WaitGroup
		for i, name := range []string{"one", "two"} {
			group.Go(func() { previews[i] = problemsOf(t, d, publishing(name, "8080")) })
		}
		group.Wait()
		first, second := previews[0].Problems, previews[1].Problems
		if len(first)+len(second) != 1 || !strings.Contains(append(first, second...)[0].Detail, "which is planned in the same run") {
			t.Errorf("problems: %v and %v", first, second)
		}
		if p := problemsOf(t, d, publishing("three", "8081")); len(p.Problems) > 0 {
			t.Errorf("another port: %v", p.Problems)
		}
	})
}

// What becomes of a port that another stack holds: known if that one was planned
// before, and a warning in any case if it was not.
func TestPreview_PortOfAnotherStack_SaysWhatBecomesOfIt(t *testing.T) {
	for name, c := range map[string]struct {
		other             func(t *testing.T, d *Core)
		problems, warning string
	}{
		"destroyed":         {func(_ *testing.T, d *Core) { d.Stacks().Leave("nas", "edge") }, "", "and gives up in this run"},
		"moved":             {func(t *testing.T, d *Core) { problemsOf(t, d, publishing("edge", "8081")) }, "", "and gives up in this run"},
		"kept":              {func(t *testing.T, d *Core) { problemsOf(t, d, publishing("edge", "8080")) }, "keeps it in this run", ""},
		"known only later":  {func(_ *testing.T, d *Core) { d.Stacks().Undecided("nas", "edge") }, "", "known only at apply"},
		"of no other stack": {func(*testing.T, *Core) {}, "", "let this stack depend on that one (depends_on)"},
		"on another node":   {func(_ *testing.T, d *Core) { d.Stacks().Leave("pi", "edge") }, "", "this run has not planned that stack, or not yet"},
	} {
		t.Run(name, func(t *testing.T) {
			d := New(nodes{edgeHolds()}, registry{})
			c.other(t, d)
			p := problemsOf(t, d, publishing("home", "8080"))
			requireText(t, detailsOf(p.Problems), c.problems)
			requireText(t, strings.Join(p.Warnings, "|"), c.warning)
		})
	}
}

// requireText requires a part of a text, or none at all for an empty one.
func requireText(t *testing.T, got, want string) {
	t.Helper()
	if got != "" && want == "" || !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func detailsOf(problems []check.Problem) string {
	var texts []string
	for _, problem := range problems {
		texts = append(texts, problem.Detail)
	}
	return strings.Join(texts, "|")
}

// A holder that keeps its port is told, if it is planned after the one that wants it:
// one of the two is refused in any order.
func TestPreview_HolderKeepsItsPort_OneIsRefusedInAnyOrder(t *testing.T) {
	for _, order := range [][]string{{"away", "home"}, {"home", "away"}} {
		f := newFake()
		before := publishing("home", "8080")
		_, record, err := apply(t, New(nodes{f}, registry{}), before, Record{}, ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d := New(nodes{f}, registry{})
		var problems []check.Problem
		for _, name := range order {
			remembered := map[string]Record{"home": record}[name]
			p, err := d.Stacks().Preview(t.Context(), "nas", publishing(name, "8080"), remembered, PreviewOptions{Adopt: name == "home"})
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range p.Problems {
				if strings.Contains(problem.Detail, "8080") {
					problems = append(problems, problem)
				}
			}
		}
		if len(problems) != 1 {
			t.Errorf("%v: %+v", order, problems)
		}
	}
}

// The holder is being destroyed, which Terraform plans no second time when it
// applies: what takes its port waits for the end.
func TestApply_PortBecomesFreeMeanwhile_IsTaken(t *testing.T) {
	for _, freed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := edgeHolds()
			d := New(nodes{f}, registry{})
			ended := d.stacks.run.Write("nas")
			go func() {
				time.Sleep(time.Minute)
				if freed {
					f.Lock()
					f.Others = nil
					f.Unlock()
				}
				d.stacks.forget("nas")
				ended()
			}()
			began := time.Now()
			_, _, err := d.Stacks().Apply(t.Context(), "nas", publishing("home", "8080"), Record{}, ApplyOptions{})
			if took := time.Since(began); took < time.Minute || took > 2*time.Minute {
				t.Errorf("took %s", took)
			}
			if taken := err == nil; taken != freed || err != nil && !strings.Contains(err.Error(), "holds already") {
				t.Errorf("freed: %v, got %v", freed, err)
			}
		})
	}
}

func TestApply_TwoStacksSwapTheirPorts_BothEndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(nodes{edgeHolds()}, registry{})
		began := time.Now()
		var group sync.WaitGroup
		for _, name := range []string{"one", "two"} {
			group.Go(func() {
				if _, _, err := d.Stacks().Apply(t.Context(), "nas", publishing(name, "8080"), Record{}, ApplyOptions{}); err == nil {
					t.Errorf("%s was applied", name)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// roomy is a node with facts, and a registry that offers one platform.
type roomy struct {
	*fake
}

func (r roomy) Info(context.Context) (system.Info, error) {
	defer r.Hold("inspect machine")()
	return system.Info{OSType: "linux", Architecture: "aarch64", MemTotal: 4 << 30, Runtimes: map[string]system.RuntimeWithStatus{"runc": {}}}, nil
}

func (r roomy) ServerVersion(context.Context) (types.Version, error) {
	return types.Version{Arch: "arm64"}, nil
}

type oneRoomy struct{ engine roomy }

func (n oneRoomy) Engine(context.Context, string) (Engine, error) { return n.engine, nil }

type offering struct {
	registry
	offer Offer
	mu    *sync.Mutex // guards asked
	asked *int
}

func (o offering) Offer(ctx context.Context, _ string) (Offer, error) {
	o.mu.Lock()
	*o.asked++
	o.mu.Unlock()
	if len(o.offer.Platforms) == 0 {
		<-ctx.Done() // a registry that the node can reach, and we cannot
		return Offer{}, ctx.Err()
	}
	return o.offer, nil
}

func TestPreview_StacksReserveMoreThanTheNodeHas_IsToldOnce(t *testing.T) {
	f := newFake()
	d := New(oneRoomy{roomy{f}}, registry{})
	var warnings []string
	for _, name := range []string{"one", "two", "three"} {
		w := edited(func(s *desired.Service) { s.Host.MemoryReservation = 3 << 30 })
		w.Name = name
		warnings = append(warnings, problemsOf(t, d, w).Warnings...)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], `reserve 6 GiB`) || !strings.Contains(warnings[0], `service "app" of stack "two"`) {
		t.Errorf("warnings: %q", warnings)
	}
	if n := f.Count("inspect machine"); n != 1 {
		t.Errorf("asked for the facts %d times", n)
	}
}

func TestPreview_ImageToBePulled_IsAskedForOnceAndRefusedForItsPlatform(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			platforms []string
			problems  int
		}{"lacks the platform": {[]string{"linux/amd64"}, 1}, "has it": {[]string{"linux/arm64"}, 0}, "does not answer": {nil, 0}} {
			asked := 0
			d := New(oneRoomy{roomy{newFake()}}, offering{registry{}, Offer{Platforms: c.platforms}, &sync.Mutex{}, &asked})
			for _, stack := range []string{"one", "two"} {
				w := edited(func(s *desired.Service) { s.Image.Reference = "absent:1" })
				w.Name = stack
				if p := problemsOf(t, d, w); len(p.Problems) != c.problems || len(p.Warnings) > 0 {
					t.Errorf("%s: %v, %q", name, p.Problems, p.Warnings)
				}
			}
			if asked != 1 {
				t.Errorf("%s: asked %d times", name, asked)
			}
		}
	})
}

func TestPreview_NothingChanges_AsksNeitherForFactsNorForPlatforms(t *testing.T) {
	_, f, record := applied(t)
	asked := 0
	d := New(oneRoomy{roomy{f}}, offering{registry{}, Offer{Platforms: []string{"linux/s390x"}}, &sync.Mutex{}, &asked})
	if p, err := d.Stacks().Preview(t.Context(), "nas", home(), record, PreviewOptions{}); err != nil || !p.Empty() {
		t.Fatal(p, err)
	}
	if n := f.Count("inspect machine") + asked; n > 0 {
		t.Errorf("asked %d times", n)
	}
}
