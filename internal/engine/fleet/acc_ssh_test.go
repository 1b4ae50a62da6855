package fleet_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// site is a node's sshd with the users that the tests log in as. All but guest
// are root under another name.
type site struct {
	lab        *lab.Lab
	node       *lab.Node
	host, port string
	dir        string // of the client: config, known_hosts and keys
}

// users are the node's besides root: name and user ID.
var users = map[string]int{"guest": 1000, "walled": 0, "narrow": 0, "closed": 0, "fenced": 0, "stranger": 0}

// newSite starts a node whose sshd knows the users, and a client of its own.
func newSite(t *testing.T) *site {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("tests with a lab run with TF_ACC=1")
	}
	l := labtest.New(t, lab.Options{})
	s := &site{lab: l, node: l.Nodes[0], dir: t.TempDir()}
	u, err := url.Parse(s.node.SSHHost)
	if err != nil {
		t.Fatal(err)
	}
	s.host, s.port = u.Hostname(), u.Port()
	s.configureServer(t)
	s.configureClient(t)
	return s
}

func (s *site) configureServer(t *testing.T) {
	t.Helper()
	key := s.publicKey(t)
	var passwd, shadow strings.Builder
	for user, id := range users {
		fmt.Fprintf(&passwd, "%s:x:%d:%d::/:/bin/sh\n", user, id, id)
		fmt.Fprintf(&shadow, "%s:*:19000:0:99999:7:::\n", user)
	}
	s.appendFile(t, "etc/passwd", passwd.String())
	s.appendFile(t, "etc/shadow", shadow.String())
	for user, keys := range map[string]string{
		"guest": key, "walled": key, "narrow": key, "closed": key, "fenced": "restrict " + key, "stranger": "",
	} {
		s.appendFile(t, "etc/ssh/keys-"+user, keys+"\n")
	}
	s.appendFile(t, "etc/ssh/sshd_config", `Match User narrow
  MaxSessions 1
Match User closed
  MaxSessions 0
Match User walled
  AllowStreamLocalForwarding no
Match User guest,walled,narrow,closed,fenced,stranger
  AuthorizedKeysFile /etc/ssh/keys-%u
`)
	s.run(t, "chmod 644 /etc/ssh/keys-*; kill -HUP $(cat /run/sshd.pid)")
	for deadline := time.Now().Add(time.Minute); ; { // sshd listens again, and knows guest
		out, err := exec.CommandContext(t.Context(), filepath.Join(s.lab.Bin, "ssh"), "-l", "guest", s.node.Name, "true").CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("log in as guest: %v: %s", err, out)
		}
	}
}

// configureClient puts an ssh with a configuration of the test's own on the PATH.
func (s *site) configureClient(t *testing.T) {
	t.Helper()
	known, err := os.ReadFile(filepath.Join(filepath.Dir(s.lab.SSHConfig), "known_hosts"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.dir, "known_hosts"), string(known))
	s.identify(t, s.lab.SSHKey, "")
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	wrapper := fmt.Sprintf("#!/bin/sh\nexec %s -F '%s/config' \"$@\"\n", program, s.dir)
	write(t, filepath.Join(s.dir, "bin", "ssh"), wrapper)
	if err := os.Chmod(filepath.Join(s.dir, "bin", "ssh"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"))
	t.Setenv("SSH_AUTH_SOCK", "")
}

// identify writes the client's configuration: the key, and what a host has more.
func (s *site) identify(t *testing.T, key, more string) {
	t.Helper()
	write(t, filepath.Join(s.dir, "config"), fmt.Sprintf(
		"%sHost *\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s/known_hosts\n  GlobalKnownHostsFile /dev/null\n", more, key, s.dir))
}

// appendFile adds to a file of the node.
func (s *site) appendFile(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(s.node.Root, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// run has the node's root run a script.
func (s *site) run(t *testing.T, script string) string {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.lab.Bin, "ssh"), s.node.Name, script)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %q: %v: %s", script, err, said.String())
	}
	return strings.TrimSpace(string(out))
}

func (s *site) publicKey(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.lab.SSHKey + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// hostKey is the node's, as in its file.
func (s *site) hostKey(t *testing.T) string {
	t.Helper()
	return s.run(t, "ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key")
}

// as is the host for a user.
func (s *site) as(user string) string {
	return "ssh://" + user + "@" + net.JoinHostPort(s.host, s.port)
}

// logins counts what sshd accepted.
func (s *site) logins(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.node.Log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "Accepted publickey")
}

// newKey makes a key pair and returns the private half's path.
func (s *site) newKey(t *testing.T, name, passphrase string) string {
	t.Helper()
	file := filepath.Join(s.dir, name)
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", file).CombinedOutput()
	if err != nil {
		t.Fatalf("make a key: %v: %s", err, out)
	}
	return file
}

// fails connects, and compares the complete diagnostic. What no test can foretell is
// written as <hash>, for a key's, and <port>.
func (s *site) fails(t *testing.T, c fleet.NodeConfig, want string) {
	t.Helper()
	_, err := one(t, c).Node(t.Context(), "atlas")
	e := requireError(t, err, fleet.Unreachable)
	if e == nil {
		return
	}
	got := regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`).ReplaceAllString(e.Detail(), "<hash>")
	got = strings.ReplaceAll(strings.ReplaceAll(got, s.dir, "<dir>"), s.port, "<port>")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "homelab-ssh-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// connects connects and hangs up.
func (s *site) connects(t *testing.T, c fleet.NodeConfig) {
	t.Helper()
	f := one(t, c)
	if _, err := f.Node(t.Context(), "atlas"); err != nil {
		t.Error(err)
	}
	f.Close()
}
