package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
)

// creations is a proxy in front of an engine that notes what it is sent to
// create containers.
type creations struct {
	host string
	mu   sync.Mutex // guards seen
	seen map[string]map[string]string
}

func (e *engine) recordCreations(t *testing.T) *creations {
	t.Helper()
	c := &creations{seen: map[string]map[string]string{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = "http", "engine" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", e.node.Socket)
		}},
		FlushInterval: -1,
	}
	c.host = acctest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/containers/create") {
			c.note(req)
		}
		proxy.ServeHTTP(w, req)
	}))
	return c
}

func (c *creations) note(req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the engine will say so
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var request map[string]any
	if json.Unmarshal(body, &request) != nil {
		return
	}
	flat := map[string]string{}
	compare.Flatten("", request, flat)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[req.URL.Query().Get("name")] = flat
}

// of returns the requests for a project's containers. The provider gives a
// container its own name when its hooks are done.
func (c *creations) of(project string) compare.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := compare.Record{}
	for name, flat := range c.seen {
		name, _, _ = strings.Cut(name, "_after_")
		if short, ok := strings.CutPrefix(name, project+"-"); ok && strings.Count(short, "-") == 1 {
			out["request "+short] = flat
		}
	}
	return out
}

// fails brings up what the engine cannot run here: both are told the same, after
// the same requests.
func (s *suite) fails(t *testing.T, projects []conformance.Project, used []int) {
	t.Helper()
	if len(projects) == 0 {
		return
	}
	composed, provided := s.engine.recordCreations(t), s.engine.recordCreations(t)
	compose := s.compose.At(composed.host)
	s.each(t, projects, func(p conformance.Project) error {
		if err := compose.Up(t.Context(), p); err == nil || !containsAny(err.Error(), p.Fails) {
			t.Errorf("%s: Docker Compose was to fail with one of %q: %v", p.Name, p.Fails, err)
		}
		return s.compose.Down(context.WithoutCancel(t.Context()), p)
	})
	tf := newTerraform(t, provided.host, projects)
	tf.plan(t, false)
	told := byProject(tf.run(t, "apply", "-auto-approve"))
	for name, p := range tf.projects {
		t.Run(name, func(t *testing.T) {
			if !containsAny(told[name], p.Fails) {
				t.Errorf("the provider was to fail with one of %q: %s", p.Fails, told[name])
			}
			one, other := composed.of(name), provided.of(name)
			if len(one) == 0 {
				t.Error("Docker Compose sent no request")
			}
			for _, line := range compare.Records(one, other, used) {
				t.Error(line)
			}
		})
	}
}

// more applies what Docker Compose has no way to do.
func (s *suite) more(t *testing.T, projects []conformance.Project) {
	t.Helper()
	if len(projects) == 0 {
		return
	}
	s.each(t, projects, func(p conformance.Project) error {
		if err := s.compose.Up(t.Context(), p); err == nil || !strings.Contains(err.Error(), p.More) {
			t.Errorf("%s: Docker Compose was to fail with %q: %v", p.Name, p.More, err)
		}
		return s.compose.Down(context.WithoutCancel(t.Context()), p)
	})
	s.byProvider(t, projects)
}

// refused plans what the provider refuses.
func (s *suite) refused(t *testing.T, projects []conformance.Project) {
	t.Helper()
	if len(projects) == 0 {
		return
	}
	tf := newTerraform(t, s.engine.node.Host, projects)
	tf.write(t, false)
	told := byProject(tf.run(t, "plan"))
	for _, p := range projects {
		if !strings.Contains(told[p.Name], p.Refused) || told[p.Name] == "" {
			t.Errorf("%s: the plan was to be refused with %q: %q", p.Name, p.Refused, told[p.Name])
		}
	}
}

func containsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// byProject joins the problems of each project.
func byProject(problems []problem) map[string]string {
	out := map[string]string{}
	for _, p := range problems {
		out[p.project] += p.text + "\n"
	}
	return out
}
