package survey_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/survey"
)

const (
	// directoryVariable names the directory whose projects are surveyed.
	directoryVariable = "HOMELAB_SURVEY"
	// resultsVariable names the file of results.
	resultsVariable = "HOMELAB_SURVEY_JSON"
	// onlyVariable is a part of the IDs of the projects to survey.
	onlyVariable = "HOMELAB_SURVEY_ONLY"
	// workersVariable is how many projects are tried at a time, each on two nodes.
	workersVariable = "HOMELAB_SURVEY_WORKERS"
	defaultWorkers  = 2
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestSurvey tries every project below a directory. That a project fails is a result, not
// a failure of the test.
func TestSurvey(t *testing.T) {
	dir := os.Getenv(directoryVariable)
	if dir == "" {
		t.Skipf("a survey needs projects: run it with make survey DIR=path, which sets %s", directoryVariable)
	}
	results, err := survey.OpenResults(os.Getenv(resultsVariable))
	if err != nil {
		t.Fatal(err)
	}
	projects, err := survey.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	// In an order that has nothing to do with theirs, a part of them stands for all.
	slices.SortFunc(projects, func(a, b survey.Project) int { return cmp.Compare(digest(a.ID), digest(b.ID)) })
	queue := make(chan survey.Project, len(projects))
	for _, p := range projects {
		if !results.Has(p.ID) && strings.Contains(p.ID, os.Getenv(onlyVariable)) {
			queue <- p
		}
	}
	close(queue)
	t.Logf("%d projects, %d of them still to try", len(projects), len(queue))
	total := len(queue)
	var crew sync.WaitGroup
	for _, w := range newWorkers(t, dir, min(number(t), total)) {
		crew.Go(func() {
			for p := range queue {
				fmt.Fprintf(os.Stderr, "%s %d left: %s\n", time.Now().Format(time.TimeOnly), len(queue), p.ID)
				t.Run(p.ID, func(t *testing.T) { w.try(t, p, results) })
			}
		})
	}
	crew.Wait()
	fmt.Println(results.Table())
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

func number(t *testing.T) int {
	t.Helper()
	text := os.Getenv(workersVariable)
	if text == "" {
		return defaultWorkers
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q: want a number from 1 on", workersVariable, text)
	}
	return n
}

// worker tries one project after another, each on two nodes that it has for itself.
type worker struct {
	stage              string
	compose            *compare.DockerCompose
	composed, provided *node
	standIns           *survey.StandIns
	started            []string // the names of the environment's variables
}

func newWorkers(t *testing.T, dir string, count int) []*worker {
	t.Helper()
	if count == 0 {
		return nil
	}
	l := labtest.New(t, lab.Options{Nodes: 2 * count, DockerdArgs: []string{"--default-address-pool", "base=10.64.0.0/16,size=24", "--userland-proxy=false"}})
	standIns, err := survey.NewStandIns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compose := compare.NewDockerCompose(t, l.Nodes[0].Host)
	var out []*worker
	for i := range count {
		w := &worker{stage: filepath.Join(t.TempDir(), "w"+strconv.Itoa(i)), standIns: standIns}
		if err := survey.Stage(dir, w.stage); err != nil {
			t.Fatal(err)
		}
		w.composed, w.provided = newNode(t, l.Nodes[2*i], w.stage), newNode(t, l.Nodes[2*i+1], w.stage)
		w.compose = compose.At(w.composed.Host)
		for _, pair := range os.Environ() {
			name, _, _ := strings.Cut(pair, "=")
			w.started = append(w.started, name)
		}
		out = append(out, w)
	}
	return out
}

// try tries a project and notes the result, also when the survey itself fails.
func (w *worker) try(t *testing.T, p survey.Project, results *survey.Results) {
	begin := time.Now()
	r := &survey.Result{ID: p.ID, Steps: map[survey.Step][]string{}}
	finished := false
	defer func() {
		if !finished {
			r.Notes = append(r.Notes, "the survey itself failed")
		}
		r.Seconds = time.Since(begin).Round(time.Millisecond).Seconds()
		if err := results.Add(*r); err != nil {
			t.Error(err)
		}
		ctx := context.WithoutCancel(t.Context())
		for _, n := range []*node{w.composed, w.provided} {
			if err := n.clear(ctx); err != nil {
				t.Errorf("clear a node: %v", err)
			}
			_ = os.RemoveAll(filepath.Join(n.Root, w.stage))
		}
	}()
	w.steps(t, p, r)
	finished = true
}
