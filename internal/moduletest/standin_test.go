package moduletest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/standin"
)

// program is what the stand-in of these tests stands for.
var program = standin.Spec{
	Image: "registry.example/program", User: "app", UID: 1500, Ports: []string{"${PORT:-8080}", "9000/tcp"}, Paths: []string{"/ping"},
	Tools: []string{"sh", "wget", "curl", "app_ready"}, Entrypoint: []string{"/usr/bin/app"},
	Requires: standin.Requires{
		Environment: []string{"TOKEN|TOKEN_FILE"}, Files: []string{"/etc/hostname"}, Writable: []string{"/data"}, Hosts: []string{"${DB:-localhost}"},
	},
}

// startStandIn runs the stand-in and returns its container.
func startStandIn(t *testing.T, spec standin.Spec, change func(*container.Config, *container.HostConfig)) string {
	t.Helper()
	engine := labtest.Engine(t)
	m, err := makers()
	if err != nil {
		t.Fatal(err)
	}
	ref := acctest.Name(t) + ":1"
	img, err := images.StandIn(ref, m.program, m.busybox, spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := images.Load(t.Context(), engine, img); err != nil {
		t.Fatal(err)
	}
	config := container.Config{Image: ref, Env: []string{"TOKEN=x"}, Labels: map[string]string{"com.docker.compose.project": ref, "com.docker.compose.service": "app"}}
	var host container.HostConfig
	change(&config, &host)
	made, err := engine.ContainerCreate(t.Context(), &config, &host, &network.NetworkingConfig{}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = engine.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, container.RemoveOptions{Force: true})
	})
	if err := engine.ContainerStart(t.Context(), made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestAccStandIn_SomethingIsMissing_RefusesToStartAndSaysWhat(t *testing.T) {
	acctest.NewCLI(t) // skips without TF_ACC
	h := &Homelabs{Engine: labtest.Engine(t)}
	s6 := program
	s6.Init, s6.User, s6.Image = "s6", "", "linuxserver/program"
	for want, c := range map[string]struct {
		spec   standin.Spec
		change func(*container.Config, *container.HostConfig)
	}{
		"environment variable TOKEN or TOKEN_FILE is missing": {program, func(c *container.Config, _ *container.HostConfig) { c.Env = nil }},
		"file /etc/nothing is missing":                        {fileless(), func(*container.Config, *container.HostConfig) {}},
		"host localhost:1 cannot be reached":                  {lonely(), func(*container.Config, *container.HostConfig) {}},
		"directory /data cannot be written to by user 1500":   {program, func(_ *container.Config, h *container.HostConfig) { h.ReadonlyRootfs = true }},
		"directory /data cannot be written to by user 2000":   {program, func(c *container.Config, _ *container.HostConfig) { c.User = "2000" }},
		"s6-overlay can only run as process 1":                {s6, func(_ *container.Config, h *container.HostConfig) { h.Init = new(bool); *h.Init = true }},
		"cannot become group 911: operation not permitted":    {s6, func(_ *container.Config, h *container.HostConfig) { h.CapDrop = []string{"SETGID"} }},
		"s6-overlay cannot write to /run":                     {s6, func(_ *container.Config, h *container.HostConfig) { h.ReadonlyRootfs = true }},
		"listen tcp :9000: bind: address already in use":      {program, func(c *container.Config, _ *container.HostConfig) { c.Env = append(c.Env, "PORT=9000") }},
	} {
		t.Run(want, func(t *testing.T) {
			ref := startStandIn(t, c.spec, c.change)
			Eventually(t, "the stand-in ends", func() error { return h.ended(t, ref, 1) })
			if logs := h.Logs(t, ref, "app"); !strings.Contains(logs, ": refuses to start: ") || !strings.Contains(logs, want) {
				t.Errorf("it says %s", logs)
			}
		})
	}
}

func fileless() standin.Spec {
	spec := program
	spec.Requires.Files = []string{"/etc/nothing"}
	return spec
}

func lonely() standin.Spec {
	spec := program
	spec.Requires.Hosts, spec.Requires.Patience = []string{"localhost:1"}, time.Second
	return spec
}

func TestAccStandIn_HasWhatItRequires_IsWhatItStandsFor(t *testing.T) {
	acctest.NewCLI(t) // skips without TF_ACC
	h := &Homelabs{Engine: labtest.Engine(t)}
	ref := startStandIn(t, program, func(*container.Config, *container.HostConfig) {})
	Eventually(t, "the stand-in answers", func() error {
		_, err := h.exec(t, ref, 0, "app_ready")
		return err
	})
	for command, want := range map[string]int{
		"curl -fsS http://localhost:8080/ping":                  0,
		"curl -fsS -m 5 http://localhost:8080/other":            22,
		"curl -s http://localhost:8080/other":                   0,
		"curl -f http://localhost:1/":                           7,
		"wget -q --spider http://127.0.0.1:8080/ping || exit 1": 0,
		"wget -q --spider http://127.0.0.1:8080/other":          1,
		"/usr/bin/app healthcheck":                              0,
	} {
		if _, err := h.exec(t, ref, want, "sh", "-c", command); err != nil {
			t.Error(err)
		}
	}
	if logs := h.Logs(t, ref, "app"); !strings.Contains(logs, "started as user 1500:1500, listens on 8080, 9000/tcp") {
		t.Errorf("it says %s", logs)
	}
}

// exec runs a command that should end with a code.
func (h *Homelabs) exec(t *testing.T, stack string, want int, command ...string) (string, error) {
	t.Helper()
	code, text := h.Exec(t, stack, "app", command...)
	if code != want {
		return text, fmt.Errorf("%v ended with %d, not %d: %s", command, code, want, text)
	}
	return text, nil
}

// ended checks that a container ended with a code.
func (h *Homelabs) ended(t *testing.T, stack string, want int) error {
	t.Helper()
	c, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, stack, "app"))
	if err != nil {
		return err
	}
	if c.State.Status != "exited" || c.State.ExitCode != want {
		return fmt.Errorf("it is %s, code %d", c.State.Status, c.State.ExitCode)
	}
	return nil
}
