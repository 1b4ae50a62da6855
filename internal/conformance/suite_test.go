package conformance_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
)

// atOnce is how many Docker Composes run at a time.
const atOnce = 4

// projectsDir is where the projects are.
var projectsDir = filepath.Join("testdata", "conformance")

// suite is one run over all projects.
type suite struct {
	engine  *engine
	compose *compare.DockerCompose
	all     []conformance.Project
}

func TestAccConformance(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	e := newEngine(t)
	s := &suite{engine: e, compose: compare.NewDockerCompose(t, e.node.Host), all: stage(t, e)}
	used := make([]int, len(compare.Differences))
	s.compare(t, s.choose(t, func(p conformance.Project) bool { return !e.fails(p) && p.Refused+p.More == "" }), used)
	lap := laps(t)
	s.fails(t, s.choose(t, func(p conformance.Project) bool { return e.fails(p) }), used)
	s.more(t, s.choose(t, func(p conformance.Project) bool { return p.More != "" }))
	s.refused(t, s.choose(t, func(p conformance.Project) bool { return p.Refused != "" }))
	lap("tried what fails or is refused")
	for i, d := range compare.Differences {
		if used[i] == 0 && !d.Chance && os.Getenv("HOMELAB_CONFORMANCE") == "" {
			t.Errorf("no project needs the difference %q of %s: remove it", d.Reason, d.Field)
		}
	}
}

// stage copies the projects to where both the programs and the node find them.
func stage(t *testing.T, e *engine) []conformance.Project {
	t.Helper()
	dir := t.TempDir()
	e.Stage = dir
	for _, target := range []string{dir, filepath.Join(e.node.Root, dir)} {
		if err := os.MkdirAll(target, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "cp", "-a", projectsDir+"/.", target).CombinedOutput(); err != nil {
			t.Fatalf("copy projects: %v: %s", err, out)
		}
	}
	all, err := conformance.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// choose leaves out the projects that the engine is too old for, and says so.
// HOMELAB_CONFORMANCE has names, for work on a few of them.
func (s *suite) choose(t *testing.T, wanted func(conformance.Project) bool) []conformance.Project {
	t.Helper()
	var out []conformance.Project
	for _, p := range s.all {
		if names := os.Getenv("HOMELAB_CONFORMANCE"); names != "" && !slices.Contains(strings.Fields(names), p.Name) {
			continue
		}
		switch {
		case !wanted(p):
		case p.API != "" && older(s.engine.API, p.API):
			t.Run("skipped/"+p.Name, func(t *testing.T) { t.Skipf("needs API %s, the engine has %s: %s", p.API, s.engine.API, p.Why) })
		default:
			out = append(out, p)
		}
	}
	return out
}

// compare brings the projects up by both and compares.
func (s *suite) compare(t *testing.T, projects []conformance.Project, used []int) {
	t.Helper()
	t.Logf("%d of %d projects are compared", len(projects), len(s.all))
	if len(projects) == 0 {
		return
	}
	for _, p := range projects {
		s.engine.makeExternals(t, p)
	}
	lap := laps(t)
	composed := s.byCompose(t, projects)
	projects = slices.DeleteFunc(projects, func(p conformance.Project) bool { return composed[p.Name] == nil })
	lap("brought up by Docker Compose")
	s.imports(t, projects)
	lap("planned to be imported")
	s.each(t, projects, func(p conformance.Project) error { return s.compose.Down(context.WithoutCancel(t.Context()), p) })
	lap("taken down by Docker Compose")
	provided := s.byProvider(t, projects)
	lap("brought up by the provider, and planned again")
	for _, name := range slices.Sorted(maps.Keys(provided)) {
		t.Run(name, func(t *testing.T) {
			for _, line := range compare.Records(composed[name], provided[name], used) {
				t.Error(line)
			}
		})
	}
	defer lap("given to Docker Compose again")
	s.upAgain(t, slices.DeleteFunc(slices.Clone(projects), func(p conformance.Project) bool { return provided[p.Name] == nil }))
}

// laps logs how long what was done since the last call took.
func laps(t *testing.T) func(string) {
	last := time.Now()
	return func(what string) {
		t.Helper()
		t.Logf("%s: %s", what, time.Since(last).Round(time.Second))
		last = time.Now()
	}
}

// each does something with all projects, a few at a time.
func (s *suite) each(t *testing.T, projects []conformance.Project, do func(conformance.Project) error) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, p := range projects {
		group.Go(func() error {
			if err := do(p); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
			return nil
		})
	}
	_ = group.Wait() // its errors are the test's
}

// byCompose brings the projects up with Docker Compose and records them.
func (s *suite) byCompose(t *testing.T, projects []conformance.Project) map[string]compare.Record {
	t.Helper()
	var mu sync.Mutex
	out := map[string]compare.Record{}
	s.each(t, projects, func(p conformance.Project) error {
		if err := s.compose.Up(t.Context(), p); err != nil {
			return err
		}
		s.engine.Settle(t, p.Name)
		r := s.engine.Record(t, p.Name)
		mu.Lock()
		defer mu.Unlock()
		out[p.Name] = r
		return nil
	})
	return out
}

// byProvider applies all projects in one go, and plans again.
func (s *suite) byProvider(t *testing.T, projects []conformance.Project) map[string]compare.Record {
	t.Helper()
	tf := newTerraform(t, s.engine.node.Host, projects)
	tf.plan(t, false)
	tf.drop(t, tf.run(t, "apply", "-auto-approve"))
	out := map[string]compare.Record{}
	for name := range tf.projects {
		s.engine.Settle(t, name)
		out[name] = s.engine.Record(t, name)
	}
	tf.plan(t, false)
	for name, lines := range tf.changes(t) {
		for _, line := range lines {
			t.Errorf("%s: after the apply the plan changes %s", name, line)
		}
	}
	return out
}

// upAgain has Docker Compose look at what the provider made: it makes nothing anew.
func (s *suite) upAgain(t *testing.T, projects []conformance.Project) {
	t.Helper()
	s.each(t, projects, func(p conformance.Project) error {
		before, excused := s.engine.Identities(t, p.Name)
		if err := s.compose.Up(t.Context(), p); err != nil {
			return err
		}
		after, _ := s.engine.Identities(t, p.Name)
		for _, line := range compare.Fields(before, after) {
			container, _, _ := strings.Cut(line, ":")
			service := container[:max(0, strings.LastIndex(container, "-"))]
			if slices.Contains(excused, container) || p.Again[service] != "" {
				continue
			}
			t.Errorf("%s: docker compose up made anew what the provider had made: %s", p.Name, line)
		}
		return nil
	})
}
