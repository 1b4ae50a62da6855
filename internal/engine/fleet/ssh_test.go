package fleet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// fakeSSH puts a program on the PATH in ssh's place.
func fakeSSH(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "ssh")
	write(t, program, "#!/bin/sh\n"+script)
	if err := os.Chmod(program, 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", shortDir(t))
}

// What a real server cannot be made to do in a test is taken from transcripts of
// OpenSSH (ssh -v), shortened to what tells.
func TestNode_SSHFailures_HaveTheirDiagnostics(t *testing.T) {
	const (
		head = "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\ndebug1: Reading configuration data /home/me/.ssh/config\n"
		met  = head + "debug1: Connecting to 10.0.2.10 [10.0.2.10] port 22.\ndebug1: Connection established.\n" +
			"debug1: Authenticating to 10.0.2.10:22 as 'pi'\ndebug1: Server host key: ssh-rsa SHA256:aaa\n"
		offer = "debug1: Offering public key: /home/me/.ssh/id_rsa RSA SHA256:bbb\ndebug1: Offering public key: me@laptop ED25519 SHA256:ccc agent\n"
		tail  = " Other nodes are not affected."
	)
	for name, tc := range map[string]struct{ words, want string }{
		"no route": {head + "ssh: connect to host 10.0.2.10 port 22: No route to host",
			"there is no route to 10.0.2.10:22. Check that the node is on and that this machine is in its network."},
		"unreachable": {head + "ssh: connect to host 10.0.2.10 port 22: Network is unreachable",
			"there is no route to 10.0.2.10:22. Check that the node is on and that this machine is in its network."},
		"timed out": {head + "ssh: connect to host 10.0.2.10 port 22: Connection timed out",
			"no answer from 10.0.2.10:22 within 15s (its connect_timeout). Check that the node is on and that no firewall drops the connection."},
		"silent": {head + "debug1: Connecting to 10.0.2.10 [10.0.2.10] port 22.\nConnection timed out during banner exchange",
			"no answer from 10.0.2.10:22 within 15s (its connect_timeout). Check that the node is on and that no firewall drops the connection."},
		"closed": {head + "debug1: Connecting to 10.0.2.10 [10.0.2.10] port 22.\nkex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.2.10 port 22",
			"the ssh server at 10.0.2.10:22 closed the connection before the login. It may take no more logins at once (MaxStartups), or refuse this address; its log tells."},
		"reset": {head + "ssh: connect to host 10.0.2.10 port 22: Connection reset by peer",
			"the ssh server at 10.0.2.10:22 closed the connection before the login. It may take no more logins at once (MaxStartups), or refuse this address; its log tells."},
		"several keys": {met + offer + "pi@10.0.2.10: Permission denied (publickey).",
			`no key was accepted for user "pi" on 10.0.2.10: tried /home/me/.ssh/id_rsa (RSA SHA256:bbb), me@laptop (ED25519 SHA256:ccc, from the agent). ` +
				"Add one of them to the user's ~/.ssh/authorized_keys on the node (ssh-copy-id pi@10.0.2.10), or name the right one with IdentityFile in your ssh configuration."},
		"too many keys": {met + offer + "Received disconnect from 10.0.2.10 port 22:2: Too many authentication failures",
			`the server ended the login of user "pi" on 10.0.2.10 after too many keys: tried /home/me/.ssh/id_rsa (RSA SHA256:bbb), me@laptop (ED25519 SHA256:ccc, from the agent). ` +
				"Name the right key with IdentityFile and set IdentitiesOnly yes for this host in your ssh configuration."},
		"passwords only": {met + "pi@10.0.2.10: Permission denied (password).",
			`the server takes no keys for user "pi" on 10.0.2.10, only: password. Set PubkeyAuthentication yes in its sshd_config.`},
		"unknown key, strict": {met + "No RSA host key is known for 10.0.2.10 and you have requested strict checking.\nHost key verification failed.",
			"the server offered a host key that is not in known_hosts (ssh-rsa SHA256:aaa). If you trust it, run\n" +
				"  ssh-keyscan -t rsa 10.0.2.10 >> ~/.ssh/known_hosts\nor set nodes[\"atlas\"].host_key."},
		"key of the jump host": {head + "debug1: Setting implicit ProxyCommand from ProxyJump: ssh -l me -v -W '[%h]:%p' bastion\n" +
			"debug1: Connecting to bastion [10.0.0.1] port 22.\ndebug1: Authenticating to bastion:22 as 'me'\ndebug1: Server host key: ssh-ed25519 SHA256:ddd\n" +
			"Host key verification failed.\nConnection closed by UNKNOWN port 65535",
			"the server offered a host key that is not in known_hosts (ssh-ed25519 SHA256:ddd). If you trust it, run\n" +
				"  ssh -o StrictHostKeyChecking=accept-new pi@10.0.2.10 exit\nor set nodes[\"atlas\"].host_key."},
		"configuration": {"/home/me/.ssh/config: line 3: Bad configuration option: colour\n/home/me/.ssh/config: terminating, 1 bad configuration options",
			`ssh does not take your configuration (/home/me/.ssh/config: terminating, 1 bad configuration options). Correct it; "ssh -G 10.0.2.10" shows whether ssh reads it.`},
		"anything else": {met + "no matching cipher found. Their offer: aes128-cbc.",
			`ssh failed (no matching cipher found. Their offer: aes128-cbc). Check that "ssh pi@10.0.2.10" works.`},
		"nothing": {head, `ssh failed (ssh ended without a word). Check that "ssh pi@10.0.2.10" works.`},
	} {
		t.Run(name, func(t *testing.T) {
			fakeSSH(t, "cat >&2 <<'END'\n"+tc.words+"\nEND\nexit 255\n")
			_, err := one(t, fleet.NodeConfig{Host: "ssh://pi@10.0.2.10"}).Node(t.Context(), "atlas")
			e := requireError(t, err, fleet.Unreachable)
			if want := `Node "atlas" (ssh://pi@10.0.2.10): ` + tc.want + tail; e.Detail() != want {
				t.Errorf("got:\n%s\nwant:\n%s", e.Detail(), want)
			}
		})
	}
}

func TestNode_SSHProgramAbsent_SaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := one(t, fleet.NodeConfig{Host: "ssh://pi@10.0.2.10"}).Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, "there is no ssh program on the PATH. Install the OpenSSH client where Terraform runs. Other nodes are not affected.")
}

// A login that hangs is given up within the time, and ssh with it.
func TestNode_SSHHangs_TimesOutAndIsKilled(t *testing.T) {
	fakeSSH(t, "echo 'debug1: Connecting to 10.0.2.10 [10.0.2.10] port 22.' >&2\nexec sleep 3600\n")
	f := one(t, fleet.NodeConfig{Host: "ssh://pi@10.0.2.10"}, fleet.WithConnectTimeout(100*time.Millisecond))
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, "no answer from 10.0.2.10", "(its connect_timeout). Check that the node is on and that no firewall drops the connection.")
	for deadline := time.Now().Add(time.Minute); len(tunnels(t))+len(mentioning(os.TempDir())) > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %v, processes %v", tunnels(t), mentioning(os.TempDir()))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// What the user's configuration decides is left to it; what would ask, forward or
// share is not.
func TestNode_SSH_ArgumentsAreThoseOfAQuietMaster(t *testing.T) {
	fakeSSH(t, "echo \"$@\" >&2\nexit 255\n")
	for host, want := range map[string]string{
		"ssh://overwatch":                    "-- overwatch",
		"ssh://pi@[fe80::1]:2222/run/a.sock": "-l pi -p 2222 -- fe80::1",
	} {
		_, err := one(t, fleet.NodeConfig{Host: host}).Node(t.Context(), "atlas")
		got := requireError(t, err, fleet.Unreachable).Detail()
		for _, text := range []string{want, "-o BatchMode=yes", "-o ControlPersist=no", "-o ClearAllForwardings=yes", " -N ", " -M "} {
			if !strings.Contains(got, text) {
				t.Errorf("%s: no %q in %s", host, text, got)
			}
		}
	}
}

// A temporary directory with a long path, as macOS and tests have, is no obstacle.
func TestNode_SSHWithLongTemporaryDirectory_FindsAShortOne(t *testing.T) {
	fakeSSH(t, "while [ \"$1\" != -S ]; do shift; done; echo \"$2\" >&2; exit 255\n")
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), strings.Repeat("long/", 20)))
	if err := os.MkdirAll(os.TempDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := one(t, fleet.NodeConfig{Host: "ssh://pi@10.0.2.10"}).Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, "ssh failed (/tmp/homelab-ssh-")
}
