package converge

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

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
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
	f.others = []container.Summary{{ID: strings.Repeat("e", 64), Names: []string{"/edge-app-1"},
		Labels: map[string]string{desired.LabelProject: "edge", desired.LabelStack: "edge", desired.LabelService: "app"},
		Ports:  []container.Port{{IP: "0.0.0.0", PublicPort: 8080, PrivatePort: 80, Type: "tcp"}}}}
	return f
}

func problemsOf(t *testing.T, d *Door, w *desired.Stack) Preview {
	t.Helper()
	p, err := d.Preview(t.Context(), "nas", w, Memory{}, PreviewOptions{})
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

// The holder is planned while the other one waits for what becomes of it.
func TestPreview_PortIsGivenUpInTheSameRun_WaitsAndWarns(t *testing.T) {
	for name, c := range map[string]struct {
		other             func(t *testing.T, d *Door)
		problems, warning string
	}{
		"destroyed":         {func(_ *testing.T, d *Door) { d.Leave("nas", "edge") }, "", "and gives up in this run"},
		"moved":             {func(t *testing.T, d *Door) { problemsOf(t, d, publishing("edge", "8081")) }, "", "and gives up in this run"},
		"kept":              {func(t *testing.T, d *Door) { problemsOf(t, d, publishing("edge", "8080")) }, "keeps it in this run", ""},
		"known only later":  {func(_ *testing.T, d *Door) { d.Undecided("nas", "edge") }, "", "known only at apply"},
		"of no other stack": {func(*testing.T, *Door) {}, "let this one depend on it (depends_on)", ""},
		"on another node":   {func(_ *testing.T, d *Door) { d.Leave("pi", "edge") }, "let this one depend on it (depends_on)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := New(nodes{edgeHolds()}, registry{})
				reading := d.claims.work() // the other stack's state is being read
				var group sync.WaitGroup
				group.Go(func() {
					time.Sleep(time.Minute) // on a slow node
					c.other(t, d)
					reading()
				})
				p := problemsOf(t, d, publishing("home", "8080"))
				group.Wait()
				var texts []string
				for _, problem := range p.Problems {
					texts = append(texts, problem.Detail)
				}
				for _, one := range [][2]string{{strings.Join(texts, "|"), c.problems}, {strings.Join(p.Warnings, "|"), c.warning}} {
					if one[0] != "" && one[1] == "" || !strings.Contains(one[0], one[1]) {
						t.Errorf("got %q, want %q", one[0], one[1])
					}
				}
			})
		})
	}
}

// The holder is being destroyed, which Terraform plans no second time when it
// applies: what takes its port waits for the end.
func TestApply_PortBecomesFreeMeanwhile_IsTaken(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, d *Door) error{
		"plan": func(t *testing.T, d *Door) error {
			p, err := d.Preview(t.Context(), "nas", publishing("home", "8080"), Memory{}, PreviewOptions{})
			if len(p.Problems) > 0 {
				err = &ProblemsError{p.Problems}
			}
			return err
		},
		"apply": func(t *testing.T, d *Door) error {
			_, _, err := d.Apply(t.Context(), "nas", publishing("home", "8080"), Memory{}, ApplyOptions{})
			return err
		},
	} {
		for _, freed := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				f := edgeHolds()
				d := New(nodes{f}, registry{})
				ended := d.claims.write("nas")
				go func() {
					time.Sleep(time.Minute)
					if freed {
						f.mu.Lock()
						f.others = nil
						f.mu.Unlock()
					}
					d.forget("nas")
					ended()
				}()
				began := time.Now()
				err := run(t, d)
				if took := time.Since(began); took < time.Minute || took > 2*time.Minute {
					t.Errorf("%s: took %s", name, took)
				}
				if taken := err == nil; taken != freed || err != nil && !strings.Contains(err.Error(), "holds already") {
					t.Errorf("%s: freed: %v, got %v", name, freed, err)
				}
			})
		}
	}
}

func TestApply_TwoStacksSwapTheirPorts_BothEndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(nodes{edgeHolds()}, registry{})
		began := time.Now()
		var group sync.WaitGroup
		for _, name := range []string{"one", "two"} {
			group.Go(func() {
				if _, _, err := d.Apply(t.Context(), "nas", publishing(name, "8080"), Memory{}, ApplyOptions{}); err == nil {
					t.Errorf("%s was applied", name)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took > 3*quiet {
			t.Errorf("took %s", took)
		}
	})
}

// Two stacks that wait for each other, or for one that never comes, must end.
func TestPreview_EverybodyWaits_EndsSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(nodes{edgeHolds()}, registry{})
		began := time.Now()
		var group sync.WaitGroup
		for _, name := range []string{"one", "two"} {
			group.Go(func() { problemsOf(t, d, publishing(name, "8080")) })
		}
		group.Wait()
		if took := time.Since(began); took > 2*quiet {
			t.Errorf("took %s", took)
		}
	})
}

// roomy is a node with facts, and a registry that offers one platform.
type roomy struct {
	*fake
}

func (r roomy) Info(context.Context) (system.Info, error) {
	defer r.lock("inspect machine")()
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
		<-ctx.Done() // a registry that the node can reach, and we can't
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
	if n := f.count("inspect machine"); n != 1 {
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
	_, f, mem := applied(t)
	asked := 0
	d := New(oneRoomy{roomy{f}}, offering{registry{}, Offer{Platforms: []string{"linux/s390x"}}, &sync.Mutex{}, &asked})
	if p, err := d.Preview(t.Context(), "nas", home(), mem, PreviewOptions{}); err != nil || !p.Empty {
		t.Fatal(p, err)
	}
	if n := f.count("inspect machine") + asked; n > 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestClaims_PlannedAgain_KeepsItsPlace(t *testing.T) {
	var c claims
	for _, name := range []string{"one", "two", "one"} {
		c.put("nas", plan.Claim{Stack: name})
	}
	if others := c.others("nas", "one"); len(others) != 1 || others[0].Before {
		t.Errorf("others of the first: %+v", others)
	}
	if others := c.others("nas", "two"); len(others) != 1 || !others[0].Before {
		t.Errorf("others of the second: %+v", others)
	}
}
