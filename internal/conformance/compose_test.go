package conformance_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
)

// compose is the pinned Docker Compose, with buildx as its plugin.
type compose struct {
	program, config string
	host            string
}

// newCompose builds both when they are missing.
func newCompose(t *testing.T, host string) *compose {
	t.Helper()
	c := &compose{program: tool(t, "tool.sh", "compose"), config: t.TempDir(), host: host}
	plugins := filepath.Join(c.config, "cli-plugins")
	if err := os.Mkdir(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(tool(t, "engine.sh", "buildx"), filepath.Join(plugins, "docker-buildx")); err != nil {
		t.Fatal(err)
	}
	return c
}

// tool runs a script of internal/tools, which builds a program and prints its
// path.
func tool(t *testing.T, script, name string) string {
	t.Helper()
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "internal", "tools", script), name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("build %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// at is the same Docker Compose on another address of the engine.
func (c compose) at(host string) *compose {
	c.host = host
	return &c
}

// run runs a command of Docker Compose on a project.
func (c *compose) run(ctx context.Context, p conformance.Project, args ...string) (string, error) {
	global := []string{"--project-name", p.Name, "--progress", "quiet"}
	for _, file := range p.Files {
		global = append(global, "--file", filepath.Join(p.Dir, file))
	}
	for _, profile := range p.Profiles {
		global = append(global, "--profile", profile)
	}
	cmd := exec.CommandContext(ctx, c.program, append(global, args...)...)
	cmd.Dir = p.Dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "COMPOSE_") || strings.HasPrefix(pair, "DOCKER_")
	})
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+c.host, "DOCKER_CONFIG="+c.config, "BUILDX_NO_DEFAULT_ATTESTATIONS=1", "BUILDX_GIT_INFO=false")
	for _, values := range []map[string]string{p.Variables, p.Secrets} {
		for name, value := range values {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("docker compose %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// up brings a project up without waiting for more than Docker Compose does.
func (c *compose) up(ctx context.Context, p conformance.Project) error {
	_, err := c.run(ctx, p, "up", "--detach", "--quiet-pull")
	return err
}

// downAttempts is how often it is tried to take a project down; one attempt
// takes a good part of a second.
const downAttempts = 20

// down removes it and its volumes. Built images stay: 20.10 fails when several of
// one base are removed at once. A busy 20.10 counts the endpoints of removed
// containers off late, and Docker Compose gives up on the network then: it is
// asked again.
func (c *compose) down(ctx context.Context, p conformance.Project) error {
	for attempt := 1; ; attempt++ {
		out, err := c.run(ctx, p, "down", "--volumes", "--remove-orphans", "--timeout", "1")
		if err == nil || attempt == downAttempts || !strings.Contains(out, "has active endpoints") {
			return err
		}
	}
}
