package compare

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

// DockerCompose is the pinned Docker Compose, with buildx as its plugin.
type DockerCompose struct {
	program, config string
	host            string
}

// NewDockerCompose builds both when they are missing.
func NewDockerCompose(t testing.TB, host string) *DockerCompose {
	t.Helper()
	c := &DockerCompose{program: tool(t, "tool.sh", "compose"), config: t.TempDir(), host: host}
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
func tool(t testing.TB, script, name string) string {
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

// At is the same Docker Compose on another address of the engine.
func (c DockerCompose) At(host string) *DockerCompose {
	c.host = host
	return &c
}

// Run runs a command of Docker Compose on a project.
func (c *DockerCompose) Run(ctx context.Context, p conformance.Project, args ...string) (string, error) {
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

// Up brings a project up without waiting for more than Docker Compose does.
func (c *DockerCompose) Up(ctx context.Context, p conformance.Project) error {
	_, err := c.Run(ctx, p, "up", "--detach", "--quiet-pull")
	return err
}

// downAttempts is how often it is tried to take a project down; one attempt
// takes a good part of a second.
const downAttempts = 20

// Down removes it and its volumes. Built images stay: 20.10 fails when several of
// one base are removed at once. A busy 20.10 counts the endpoints of removed
// containers off late, and Docker Compose gives up on the network then: it is
// asked again.
func (c *DockerCompose) Down(ctx context.Context, p conformance.Project) error {
	for attempt := 1; ; attempt++ {
		out, err := c.Run(ctx, p, "down", "--volumes", "--remove-orphans", "--timeout", "1")
		if err == nil || attempt == downAttempts || !strings.Contains(out, "has active endpoints") {
			return err
		}
	}
}
