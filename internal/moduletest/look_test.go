package moduletest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/pkg/stdcopy"
)

// limit is how long a condition is waited for on a machine that does other things.
const limit = 5 * time.Minute

// containers are the IDs of all containers on the node, by "stack/service" (the
// name where they have none).
func (h *Homelabs) containers(t *testing.T) map[string]string {
	t.Helper()
	list, err := h.Engine.ContainerList(t.Context(), container.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, c := range list {
		name := c.Names[0]
		if service := c.Labels["com.docker.compose.service"]; service != "" {
			name = c.Labels["com.docker.compose.project"] + "/" + service
		}
		found[name] = c.ID
	}
	return found
}

// runs reports whether a container was made of an image.
func (h *Homelabs) runs(t *testing.T, id, ref string) bool {
	t.Helper()
	if id == "" {
		return false
	}
	c, err := h.Engine.ContainerInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c.Config.Image == ref
}

// networks are those on the node that somebody made.
func (h *Homelabs) networks(t *testing.T) []string {
	t.Helper()
	list, err := h.Engine.NetworkList(t.Context(), network.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range list {
		if n.Name != "bridge" && n.Name != "host" && n.Name != "none" {
			names = append(names, n.Name)
		}
	}
	return names
}

// volumes are the labels of those on the node, by name.
func (h *Homelabs) volumes(t *testing.T) map[string]map[string]string {
	t.Helper()
	list, err := h.Engine.VolumeList(t.Context(), volume.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]string{}
	for _, v := range list.Volumes {
		found[v.Name] = v.Labels
	}
	return found
}

// removeVolumes removes those on the node that nobody uses, and kept secrets.
func (h *Homelabs) removeVolumes(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	kept, err := h.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "io.homelab.secret-kept"))})
	if err != nil {
		t.Log(err)
	}
	for _, c := range kept {
		_ = h.Engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true})
	}
	list, err := h.Engine.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		t.Log(err)
		return
	}
	for _, v := range list.Volumes {
		_ = h.Engine.VolumeRemove(ctx, v.Name, true) // another test's own
	}
}

// report logs what the containers that are not well say.
func (h *Homelabs) report(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	list, err := h.Engine.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		t.Log(err)
		return
	}
	for _, c := range list {
		logs, err := h.Engine.ContainerLogs(ctx, c.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: "15"})
		if err != nil {
			continue
		}
		var text bytes.Buffer
		_, _ = stdcopy.StdCopy(&text, &text, logs)
		logs.Close()
		t.Logf("%s: %s\n%s", c.Names[0], c.Status, &text)
	}
}

// Container is the ID of the only container of a service of a stack.
func (h *Homelabs) Container(t *testing.T, stack, service string) string {
	t.Helper()
	id := h.containers(t)[stack+"/"+service]
	if id == "" {
		t.Fatalf("stack %s has no container of service %s", stack, service)
	}
	return id
}

// Logs is what a service wrote.
func (h *Homelabs) Logs(t *testing.T, stack, service string) string {
	t.Helper()
	logs, err := h.Engine.ContainerLogs(t.Context(), h.Container(t, stack, service), container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, logs)
	return text.String()
}

// Exec runs a command in a service's container, and returns its exit code and what
// it wrote to both outputs.
func (h *Homelabs) Exec(t *testing.T, stack, service string, command ...string) (int, string) {
	t.Helper()
	return h.ExecAs(t, "", stack, service, command...)
}

// ExecAs is Exec as another user.
func (h *Homelabs) ExecAs(t *testing.T, user, stack, service string, command ...string) (int, string) {
	t.Helper()
	ctx := t.Context()
	made, err := h.Engine.ContainerExecCreate(ctx, h.Container(t, stack, service), container.ExecOptions{User: user, Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := h.Engine.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, stream.Reader)
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		state, err := h.Engine.ContainerExecInspect(ctx, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !state.Running {
			return state.ExitCode, text.String()
		}
	}
	t.Fatalf("%v did not end", command)
	return -1, ""
}

// MustExec runs a command that has to end with 0, and returns what it wrote.
func (h *Homelabs) MustExec(t *testing.T, stack, service string, command ...string) string {
	t.Helper()
	code, text := h.Exec(t, stack, service, command...)
	if code != 0 {
		t.Fatalf("%v in service %s of stack %s ended with %d:\n%s", command, service, stack, code, text)
	}
	return text
}

// requireGenerated checks that a service has a secret of so many characters, which was
// made on the node.
func (h *Homelabs) requireGenerated(t *testing.T, one Homelab, service, file string, length int) {
	t.Helper()
	if secret := h.MustExec(t, one.Name, service, "cat", "/run/secrets/"+file); len(strings.TrimSpace(secret)) != length {
		t.Errorf("%s of %s has a secret of %d characters, not %d", service, one.Name, len(strings.TrimSpace(secret)), length)
	}
}

// HTTP is a client for ports published on the node, whatever the host of the URL:
// it connects to the URL's port. A nil pool trusts every certificate. It does not
// follow redirections.
func (h *Homelabs) HTTP(trust *x509.CertPool) *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: trust, InsecureSkipVerify: trust == nil}, //nolint:gosec // a test that has no certificate to trust
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				_, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, fmt.Errorf("read address %s: %w", address, err)
				}
				var number int
				if _, err := fmt.Sscan(port, &number); err != nil {
					return nil, fmt.Errorf("read port %s: %w", port, err)
				}
				return h.Node.Dial(ctx, number)
			},
		},
	}
}

// get asks a published port, and returns the status and the body.
func (h *Homelabs) get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := h.HTTP(nil).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// Eventually waits until a condition holds; it returns why it does not.
func Eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	err := condition()
	for deadline := time.Now().Add(limit); err != nil; err = condition() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
