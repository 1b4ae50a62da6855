package survey_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"os"
	"path/filepath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
	"github.com/homelab-iac/terraform-provider-homelab/internal/survey"
)

// projectLimit is how long everything with one project may take.
const projectLimit = 15 * time.Minute

// steps tries a project.
func (w *worker) steps(t *testing.T, project survey.Project, r *survey.Result) {
	ctx, cancel := context.WithTimeout(t.Context(), projectLimit)
	defer cancel()
	p, err := w.prepare(ctx, project)
	if err != nil {
		r.Fail(survey.Readable, err.Error())
		return
	}
	r.Services, r.Relative = len(p.document.Services), len(p.relative()) > 0
	r.Pass(survey.Readable)
	all, err := w.standIns.Of(p.document)
	if err == nil {
		err = p.place(ctx, w.composed.Root)
	}
	for _, n := range []*node{w.composed, w.provided} {
		if err == nil {
			err = n.furnish(ctx, p, all)
		}
	}
	if err != nil {
		r.Fail(survey.Composed, "survey: "+err.Error())
		return
	}
	var both sync.WaitGroup
	one, other := &side{node: w.composed, r: &survey.Result{Steps: map[survey.Step][]string{}}}, &side{node: w.provided, r: r}
	both.Go(func() { one.byCompose(ctx, t, w.compose, p) })
	both.Go(func() { other.byProvider(ctx, t, p) })
	both.Wait()
	for step, causes := range one.r.Steps {
		r.Steps[step] = causes
	}
	if one.record == nil {
		return
	}
	if other.record != nil {
		r.Pass(survey.Equal)
		r.Fail(survey.Equal, compare.Records(one.record, other.record, nil)...)
		other.again(ctx, t, w.compose.At(w.provided.Host), p)
	}
	if other.server != nil {
		other.destroy(ctx, t, p)
	}
	one.adopt(ctx, t, p)
	r.Steps[survey.Adopted], r.Steps[survey.AdoptedRest] = one.r.Steps[survey.Adopted], one.r.Steps[survey.AdoptedRest]
	for _, step := range []survey.Step{survey.Adopted, survey.AdoptedRest} {
		if _, tried := one.r.Steps[step]; !tried {
			delete(r.Steps, step)
		}
	}
}

// side is a project on one node.
type side struct {
	node   *node
	r      *survey.Result
	server *server
	state  stackState
	record compare.Record
}

// byCompose brings the project up with Docker Compose.
func (s *side) byCompose(ctx context.Context, t *testing.T, compose *compare.DockerCompose, p *prepared) {
	out, err := compose.Run(ctx, p.Project, "up", "--detach", "--quiet-pull")
	if err == nil {
		err = s.node.settle(t, p.Name)
	}
	if err != nil {
		s.r.Fail(survey.Composed, strings.TrimSpace(told(out)+" "+last(err.Error())))
		return
	}
	s.record = s.node.engine.Record(t, p.Name)
	s.r.Pass(survey.Composed)
}

// last is what an error says first.
func last(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// attributes are the stack's in the configuration.
func (p *prepared) attributes(t *testing.T) map[string]any {
	t.Helper()
	var documents []string
	for _, file := range p.Files {
		text, err := os.ReadFile(filepath.Join(p.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(text))
	}
	variables := map[string]any{}
	for name, value := range p.Variables {
		variables[name] = value
	}
	out := map[string]any{
		"name": p.Name, "node": "local", "project_directory": p.Dir, "compose": documents[0], "pull": "missing", "update_order": "stop-first",
		"remove_volumes": true, "rollback": true, "variables": variables,
		"timeouts": map[string]any{"create": "5m", "update": "5m", "delete": "5m"},
	}
	if len(documents) > 1 {
		out["overrides"] = documents[1:]
	}
	if len(p.Profiles) > 0 {
		out["profiles"] = p.Profiles
	}
	return out
}

// unreadable are the summaries of errors about documents.
var unreadable = regexp.MustCompile(`^(Invalid Compose project|Unable to read Compose document): `)

// byProvider applies the project.
func (s *side) byProvider(ctx context.Context, t *testing.T, p *prepared) {
	provider, err := newServer(ctx, s.node.Host)
	if err != nil {
		t.Error(err)
		return
	}
	plan, err := provider.plan(ctx, provider.none(), p.attributes(t))
	switch {
	case err != nil && unreadable.MatchString(err.Error()):
		s.r.Fail(survey.Loads, lines(err)...)
		return
	case err != nil:
		s.r.Pass(survey.Loads)
		s.r.Fail(survey.Plans, lines(err)...)
		return
	}
	s.r.Pass(survey.Loads)
	s.r.Pass(survey.Plans)
	s.server = provider
	if s.state, err = provider.apply(ctx, plan); err != nil {
		s.r.Fail(survey.Applies, differing(err)...)
		return
	}
	s.r.Pass(survey.Applies)
	s.r.Pass(survey.Settled)
	s.r.Fail(survey.Settled, s.changes(ctx, t, p)...)
	if err := s.node.settle(t, p.Name); err != nil {
		s.r.Fail(survey.Equal, err.Error())
		return
	}
	s.record = s.node.engine.Record(t, p.Name)
}

// lines are the separate errors in one.
func lines(err error) []string { return strings.Split(err.Error(), "\n") }

var differs = regexp.MustCompile(`^Stack differs after apply: .*? than was asked for: (.*)\. State says`)

// differing are the fields in an error that an apply ends with, or the error.
func differing(err error) []string {
	found := differs.FindStringSubmatch(err.Error())
	if found == nil {
		return []string{err.Error()}
	}
	fields := strings.Split(found[1], "; ")
	for i, field := range fields {
		fields[i] = "Stack differs after apply: " + field
	}
	return fields
}

// changes plans again and lists what the plan changes, or why there is none.
func (s *side) changes(ctx context.Context, t *testing.T, p *prepared) []string {
	t.Helper()
	var err error
	if s.state, err = s.server.refresh(ctx, s.state); err != nil {
		return []string{"read: " + err.Error()}
	}
	plan, err := s.server.plan(ctx, s.state, p.attributes(t))
	switch {
	case err != nil:
		return []string{"plan: " + err.Error()}
	case plan.empty():
		return nil
	default:
		if changed := plan.changed(); len(changed) > 0 {
			return changed
		}
		return []string{"the plan isn't empty"}
	}
}

// again has Docker Compose bring up what the provider made.
func (s *side) again(ctx context.Context, t *testing.T, compose *compare.DockerCompose, p *prepared) {
	if err := p.place(ctx, s.node.Root); err != nil {
		t.Error(err)
		return
	}
	before, _ := s.node.engine.Identities(t, p.Name)
	s.r.Pass(survey.UpAgain)
	if out, err := compose.Run(ctx, p.Project, "up", "--detach", "--quiet-pull"); err != nil {
		s.r.Fail(survey.UpAgain, told(out))
		return
	}
	after, _ := s.node.engine.Identities(t, p.Name)
	for _, line := range compare.Fields(before, after) {
		s.r.Fail(survey.UpAgain, "made anew: container "+line)
	}
}

// destroy destroys what the provider made, and looks for what is left.
func (s *side) destroy(ctx context.Context, t *testing.T, p *prepared) {
	if s.state.value.IsNull() {
		return
	}
	plan, err := s.server.plan(ctx, s.state, nil)
	if err == nil {
		_, err = s.server.apply(ctx, plan)
	}
	if err != nil {
		s.r.Fail(survey.Destroyed, err.Error())
		return
	}
	left, err := s.node.left(ctx, p)
	if err != nil {
		t.Error(err)
		return
	}
	s.r.Pass(survey.Destroyed)
	s.r.Fail(survey.Destroyed, left...)
}

// adopt imports what Docker Compose made, applies, and plans again.
func (s *side) adopt(ctx context.Context, t *testing.T, p *prepared) {
	var err error
	if s.server, err = newServer(ctx, s.node.Host); err != nil {
		t.Error(err)
		return
	}
	before, _ := s.node.engine.Identities(t, p.Name)
	if s.state, err = s.server.take(ctx, p.Name); err != nil {
		s.r.Fail(survey.Adopted, "import: "+err.Error())
		return
	}
	plan, err := s.server.plan(ctx, s.state, p.attributes(t))
	if err != nil {
		s.r.Fail(survey.Adopted, lines(err)...)
		return
	}
	if !plan.empty() {
		if s.state, err = s.server.apply(ctx, plan); err != nil {
			s.r.Fail(survey.Adopted, differing(err)...)
			return
		}
	}
	after, _ := s.node.engine.Identities(t, p.Name)
	s.r.Pass(survey.Adopted)
	for _, line := range compare.Fields(before, after) {
		s.r.Fail(survey.Adopted, "made anew: container "+line)
	}
	s.r.Pass(survey.AdoptedRest)
	s.r.Fail(survey.AdoptedRest, s.changes(ctx, t, p)...)
}
