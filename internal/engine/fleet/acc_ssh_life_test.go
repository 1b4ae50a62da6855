package fleet_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// One login carries every call, with or without room for sessions, until either
// side ends it.
func TestAccSSH_OneLogin_LivesAndDiesWithItsProcess(t *testing.T) {
	s := newSite(t)
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", shortDir(t))
	for _, user := range []string{"root", "narrow", "closed"} {
		t.Run(user, func(t *testing.T) { oneLogin(t, s, user) })
	}
	t.Run("agent", func(t *testing.T) { agentLogin(t, s) })
	t.Run("rootless", func(t *testing.T) { otherSocket(t, s) })
	t.Run("broken", func(t *testing.T) { brokenLogin(t, s) })
	t.Run("killed", func(t *testing.T) { killedProcess(t, s) })
	t.Run("power", func(t *testing.T) { powerCycle(t, s) })
}

// oneLogin makes more calls at once than any of the server's limits.
func oneLogin(t *testing.T, s *site, user string) {
	before := s.logins(t)
	f := one(t, fleet.NodeConfig{Host: s.as(user)})
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			if err := list(t, f); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := s.logins(t) - before; got != 1 {
		t.Errorf("logins: got %d, want 1", got)
	}
}

// list makes a call of the engine's API.
func list(t *testing.T, f *fleet.Fleet) error {
	t.Helper()
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		return err
	}
	_, err = n.ContainerList(t.Context(), container.ListOptions{All: true})
	return n.Explain(err)
}

// agentLogin has no key in a file.
func agentLogin(t *testing.T, s *site) {
	socket := filepath.Join(shortDir(t), "agent")
	agent := exec.CommandContext(t.Context(), "ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Process.Kill(); _ = agent.Wait() })
	t.Setenv("SSH_AUTH_SOCK", socket)
	for deadline := time.Now().Add(time.Minute); ; { // it listens after a moment
		out, err := exec.CommandContext(t.Context(), "ssh-add", s.lab.SSHKey).CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("add a key: %v: %s", err, out)
		}
		time.Sleep(10 * time.Millisecond)
	}
	defer s.identify(t, s.lab.SSHKey, "")
	s.identify(t, filepath.Join(s.dir, "absent"), "Host *\n  IdentitiesOnly no\n")
	s.connects(t, fleet.NodeConfig{Host: s.as("root")})
}

// otherSocket lies where a rootless engine's would, for its user alone.
func otherSocket(t *testing.T, s *site) {
	s.run(t, "mkdir -p /run/user/1000; ln -s /run/docker.sock /run/user/1000/docker.sock; "+
		"chown 1000 /run/user/1000; chmod 700 /run/user/1000; chown 1000 /run/docker.sock")
	defer s.run(t, "chown 0 /run/docker.sock; rm -r /run/user/1000")
	s.connects(t, fleet.NodeConfig{Host: s.as("guest") + "/run/user/1000/docker.sock"})
}

// brokenLogin has the server's end killed between two calls: the next one logs in
// again, and where that fails, says why.
func brokenLogin(t *testing.T, s *site) {
	f := one(t, fleet.NodeConfig{Host: s.as("narrow")})
	if err := list(t, f); err != nil {
		t.Fatal(err)
	}
	before := s.logins(t)
	s.hangUp(t)
	if err := list(t, f); err != nil {
		t.Error(err)
	}
	if got := s.logins(t) - before; got != 1+1 { // one is the test's own, to hang up
		t.Errorf("logins: got %d, want 2", got)
	}
	s.run(t, "mv /etc/ssh/keys-narrow /etc/ssh/keys-away")
	s.hangUp(t)
	requireError(t, list(t, f), fleet.Unreachable, `no key was accepted for user "narrow" on 127.0.0.1`)
	s.run(t, "mv /etc/ssh/keys-away /etc/ssh/keys-narrow")
	for deadline := time.Now().Add(time.Minute); ; { // a failure answers for a while
		err := list(t, f)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// hangUp kills the server's processes of the user narrow.
func (s *site) hangUp(t *testing.T) {
	t.Helper()
	s.run(t, "pkill -9 -f '^sshd: narrow'")
}

// killedProcess kills a process with a connection, as kill -9 does: ssh ends and
// its sockets vanish.
func killedProcess(t *testing.T, s *site) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperConnect$") //nolint:gosec // this program
	cmd.Env = append(os.Environ(), "FLEET_TEST_CONNECT="+s.as("root"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "connected\n" {
		t.Fatalf("the process says %q, %v", line, err)
	}
	if len(tunnels(t)) == 0 || len(mentioning(os.Getenv("TMPDIR"))) == 0 {
		t.Error("no connection is seen")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for deadline := time.Now().Add(time.Minute); len(tunnels(t))+len(mentioning(os.Getenv("TMPDIR"))) > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %v, processes %v", tunnels(t), mentioning(os.Getenv("TMPDIR")))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestHelperConnect is the process that killedProcess kills; alone it is nothing.
func TestHelperConnect(t *testing.T) {
	host := os.Getenv("FLEET_TEST_CONNECT")
	if host == "" {
		t.Skip("a process for another test")
	}
	if err := list(t, one(t, fleet.NodeConfig{Host: host})); err != nil {
		t.Fatal(err)
	}
	fmt.Println("connected")
	select {}
}

// powerCycle pulls the node's plug between two calls.
func powerCycle(t *testing.T, s *site) {
	f := one(t, fleet.NodeConfig{Host: s.as("root")}, fleet.WithConnectTimeout(20*time.Second))
	if err := list(t, f); err != nil {
		t.Fatal(err)
	}
	if err := s.node.PowerOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireError(t, list(t, f), fleet.Unreachable, `Node "atlas" (ssh://root@127.0.0.1:`)
	if err := s.node.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; {
		err := list(t, f)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// tunnels are the directories of ssh's sockets.
func tunnels(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "homelab-ssh-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// mentioning are the processes that have a text in their arguments.
func mentioning(text string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		args, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(args), text) {
			found = append(found, strings.ReplaceAll(string(args), "\x00", " "))
		}
	}
	return found
}
