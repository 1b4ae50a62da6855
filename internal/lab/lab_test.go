package lab_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// eventually polls a condition; the deadline is the only failure.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func engineID(t *testing.T, n *lab.Node) string {
	t.Helper()
	info, err := labtest.Client(t, n.Host).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != n.Name {
		t.Errorf("hostname of %s is %q", n.Name, info.Name)
	}
	return info.ID
}

func TestAccUp_TwoNodes_BehaveAsMachinesOfTheirOwn(t *testing.T) {
	l := labtest.New(t, lab.Options{Nodes: 2})
	n1, n2 := l.Nodes[0], l.Nodes[1]
	id := engineID(t, n1)
	if id == engineID(t, n2) {
		t.Error("both engines have the same ID")
	}
	t.Run("TLS needs the client certificate", func(t *testing.T) { testTLS(t, l) })
	t.Run("ssh lets root in", func(t *testing.T) { testSSH(t, l) })
	t.Run("a published port is reachable", func(t *testing.T) { testContainer(t, n1) })
	t.Run("files are private to the node", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(n1.Root, "srv", "mark"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := sshOutput(t, l, "n1", "cat /srv/mark; touch /etc/mark"); out != "x" {
			t.Errorf("n1 reads %q", out)
		}
		if out := sshOutput(t, l, "n2", "ls /srv"); out != "" {
			t.Errorf("n2 has %q", out)
		}
		if _, err := os.Stat("/etc/mark"); err == nil {
			t.Error("a node wrote to the machine's /etc")
		}
	})
	t.Run("power is cycled", func(t *testing.T) {
		if err := n1.PowerOff(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n1.PoweredOn() || !n2.PoweredOn() {
			t.Error("the wrong node is off")
		}
		if _, err := labtest.Client(t, n1.Host).Ping(t.Context()); err == nil {
			t.Error("an engine without power answers")
		}
		if err := n1.PowerOn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := engineID(t, n1); got != id {
			t.Errorf("engine ID changed from %s to %s", id, got)
		}
		testSSH(t, l)
		if _, err := labtest.Client(t, n1.Host).ImageInspect(t.Context(), images.AppV1); err != nil {
			t.Errorf("the node lost its images: %v", err)
		}
	})
	t.Run("a killed dockerd is started again", func(t *testing.T) { testRestart(t, n2) })
}

func testTLS(t *testing.T, l *lab.Lab) {
	cert, err := tls.LoadX509KeyPair(l.ClientCert, l.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(l.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	// TLS 1.2 reports a refused certificate in the handshake.
	config := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12} //nolint:gosec // see above
	inside := func(ctx context.Context, _, addr string) (net.Conn, error) { return l.Dial(ctx, "tcp4", addr) }
	for _, n := range l.Nodes {
		for url, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
			"https://" + net.JoinHostPort(n.Address, "2376") + "/_ping":     inside,
			"https://" + strings.TrimPrefix(n.TCPHost, "tcp://") + "/_ping": nil,
		} {
			with := config.Clone()
			with.Certificates = []tls.Certificate{cert}
			if err := get(&http.Transport{TLSClientConfig: with, DialContext: dial}, url); err != nil {
				t.Errorf("with a certificate: %v", err)
			}
			err := get(&http.Transport{TLSClientConfig: config, DialContext: dial}, url)
			if err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("without a certificate %s gives: %v", url, err)
			}
		}
	}
}

func get(transport *http.Transport, url string) error {
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func sshOutput(t *testing.T, l *lab.Lab, host, script string) string {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(l.Bin, "ssh"), host, script)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ssh %s: %v: %s", host, err, said.String())
	}
	return strings.TrimSpace(string(out))
}

func testSSH(t *testing.T, l *lab.Lab) {
	for _, n := range l.Nodes {
		for _, host := range []string{n.Name, "root@" + n.Address, n.SSHHost} {
			if out := sshOutput(t, l, host, "hostname"); out != n.Name {
				t.Errorf("ssh %s reaches %q", host, out)
			}
		}
	}
}

// testContainer runs the test application with a health check and asks it over
// its published port.
func testContainer(t *testing.T, n *lab.Node) {
	ctx, c := t.Context(), labtest.Client(t, n.Host)
	created, err := c.ContainerCreate(ctx, &container.Config{
		Image: images.AppV1, Env: []string{"NAME=probe"}, ExposedPorts: nat.PortSet{"8080/tcp": {}},
		Healthcheck: &container.HealthConfig{Test: []string{"CMD", "/app", "health"}, Interval: 200 * time.Millisecond},
	}, &container.HostConfig{
		PortBindings: nat.PortMap{"8080/tcp": {{HostPort: "8081"}}},
	}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.ContainerRemove(context.WithoutCancel(ctx), created.ID, container.RemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	}()
	if err := c.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "health", func() bool {
		state, err := c.ContainerInspect(ctx, created.ID)
		return err == nil && state.State.Health != nil && state.State.Health.Status == container.Healthy
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return n.Dial(ctx, 8081) }}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("http://node/env?k=NAME")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "probe" {
		t.Errorf("the container answers %q", body)
	}
	if err := c.ContainerStop(ctx, created.ID, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	stopped, err := c.ContainerInspect(ctx, created.ID)
	if err != nil {
		t.Fatal(err)
	}
	if stopped.State.ExitCode != 0 { // 137 when it had to be killed
		t.Errorf("the container ended with code %d", stopped.State.ExitCode)
	}
}

func testRestart(t *testing.T, n *lab.Node) {
	pidfile := filepath.Join(filepath.Dir(n.Socket), "docker.pid")
	before, err := os.ReadFile(pidfile)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open(filepath.Dir(filepath.Dir(n.Root)))
	if err != nil {
		t.Fatal(err)
	}
	sshOutput(t, l, n.Name, "kill -KILL "+strings.TrimSpace(string(before)))
	eventually(t, "a new dockerd", func() bool {
		after, err := os.ReadFile(pidfile)
		_, bad := labtest.Client(t, n.Host).Ping(t.Context())
		return err == nil && bad == nil && !bytes.Equal(before, after)
	})
}

func TestAccDown_AfterContainersRan_LeavesNothing(t *testing.T) {
	l := labtest.New(t, lab.Options{})
	testContainer(t, l.Nodes[0])
	c := labtest.Client(t, l.Nodes[0].Host)
	created, err := c.ContainerCreate(t.Context(), &container.Config{Image: images.AppV2}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ContainerStart(t.Context(), created.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	namespaces := namespacesOf(t, l.Dir)
	if len(namespaces) == 0 {
		t.Fatal("found no process of the lab")
	}
	for range 2 { // the second time finds nothing to do
		if err := l.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	assertNothingLeft(t, l.Dir, l.ID, namespaces)
}

// namespacesOf returns the PID and network namespaces of the lab's processes,
// apart from this process's own.
func namespacesOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range cmdlines {
		cmdline, _ := os.ReadFile(file)
		if !bytes.Contains(cmdline, []byte("homelab-lab:")) || !bytes.Contains(cmdline, []byte(dir)) {
			continue
		}
		for _, kind := range []string{"pid", "net"} {
			own, _ := os.Readlink("/proc/self/ns/" + kind)
			if ns, err := os.Readlink(filepath.Join(filepath.Dir(file), "ns", kind)); err == nil && ns != own {
				found[ns] = true
			}
		}
	}
	return found
}

// assertNothingLeft looks for processes in the lab's namespaces, and for its
// mounts, cgroups and directory.
func assertNothingLeft(t *testing.T, dir, id string, namespaces map[string]bool) {
	t.Helper()
	links, _ := filepath.Glob("/proc/[0-9]*/ns/*")
	for _, link := range links {
		if ns, err := os.Readlink(link); err == nil && namespaces[ns] {
			t.Errorf("%s is still %s", link, ns)
		}
	}
	if mounts, _ := os.ReadFile("/proc/self/mountinfo"); bytes.Contains(mounts, []byte(dir)) {
		t.Errorf("mounts are left:\n%s", mounts)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is left: %v", err)
	}
	if out, _ := exec.Command("find", "/sys/fs/cgroup", "-type", "d", "-name", "homelab-"+id).Output(); len(out) > 0 {
		t.Errorf("cgroups are left:\n%s", out)
	}
}

func TestAccUp_DaemonThatFails_SaysWhyAndLeavesNothing(t *testing.T) {
	labtest.Require(t)
	dir := filepath.Join(t.TempDir(), strconv.Itoa(os.Getpid()))
	_, err := lab.Up(t.Context(), lab.Options{Dir: dir, Ephemeral: true, DockerdArgs: []string{"--no-such-flag"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("the error does not say why: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is left: %v", err)
	}
}
