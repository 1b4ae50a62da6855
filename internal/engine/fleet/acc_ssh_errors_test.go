package fleet_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// Every way in which a node over ssh cannot be reached has a diagnostic of its
// own; a real client and a real server fail here.
func TestAccSSH_EachFailure_HasItsDiagnostic(t *testing.T) {
	s := newSite(t)
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", shortDir(t)) // what is left behind shows there
	t.Run("address", func(t *testing.T) { addressFailures(t, s) })
	t.Run("host key", func(t *testing.T) { hostKeyFailures(t, s) })
	t.Run("key", func(t *testing.T) { keyFailures(t, s) })
	t.Run("socket", func(t *testing.T) { socketFailures(t, s) })
	t.Run("forwarding", func(t *testing.T) { forwardingFailures(t, s) })
	t.Run("jump host", func(t *testing.T) { jumpFailures(t, s) })
}

func addressFailures(t *testing.T, s *site) {
	s.fails(t, fleet.NodeConfig{Host: "ssh://root@nowhere.invalid"}, `Node "atlas" (ssh://root@nowhere.invalid): `+
		`the name "nowhere.invalid" could not be resolved. Correct the host or your ssh configuration, or give its IP address. Other nodes are not affected.`)
	closed := closedPort(t)
	s.fails(t, fleet.NodeConfig{Host: "ssh://root@" + closed}, `Node "atlas" (ssh://root@`+closed+`): `+
		`the connection to `+closed+` was refused: no ssh server listens there. Start sshd on the node, or correct the host's address or port. Other nodes are not affected.`)
}

func hostKeyFailures(t *testing.T, s *site) {
	known := filepath.Join(s.dir, "known_hosts")
	write(t, known, "")
	s.fails(t, fleet.NodeConfig{Host: s.as("root")}, `Node "atlas" (ssh://root@127.0.0.1:<port>): `+
		`the server offered a host key that is not in known_hosts (ssh-ed25519 <hash>). If you trust it, run
  ssh-keyscan -t ed25519 -p <port> 127.0.0.1 >> ~/.ssh/known_hosts
or set nodes["atlas"].host_key. Other nodes are not affected.`)
	write(t, known, "[127.0.0.1]:"+s.port+" "+hostKey+"\n")
	s.fails(t, fleet.NodeConfig{Host: s.as("root")}, `Node "atlas" (ssh://root@127.0.0.1:<port>): `+
		`the server's host key (ssh-ed25519 <hash>) is not the one in <dir>/known_hosts, line 1. The node was reinstalled, or someone is in between. If you know why it changed, run
  ssh-keygen -f "<dir>/known_hosts" -R "[127.0.0.1]:<port>"
  ssh-keyscan -t ed25519 -p <port> 127.0.0.1 >> ~/.ssh/known_hosts
or set nodes["atlas"].host_key. Other nodes are not affected.`)
	s.fails(t, fleet.NodeConfig{Host: s.as("root"), HostKey: hostKey}, `Node "atlas" (ssh://root@127.0.0.1:<port>): `+
		`the server's host key (ssh-ed25519 <hash>) is not the one that host_key pins. `+
		`If the node was reinstalled, set nodes["atlas"].host_key to its new key; otherwise someone may be in between. Other nodes are not affected.`)
	// The pinned key counts, whatever known_hosts says.
	s.connects(t, fleet.NodeConfig{Host: s.as("root"), HostKey: s.hostKey(t)})
	s.know(t)
}

// know has the client know the node's host key.
func (s *site) know(t *testing.T) {
	t.Helper()
	write(t, filepath.Join(s.dir, "known_hosts"), "[127.0.0.1]:"+s.port+" "+s.hostKey(t)+"\n")
}

func keyFailures(t *testing.T, s *site) {
	defer s.identify(t, s.lab.SSHKey, "")
	s.identify(t, s.newKey(t, "stranger", ""), "")
	s.fails(t, fleet.NodeConfig{Host: s.as("root")}, `Node "atlas" (ssh://root@127.0.0.1:<port>): `+
		`no key was accepted for user "root" on 127.0.0.1: tried <dir>/stranger (ED25519 <hash>). `+
		`Add one of them to the user's ~/.ssh/authorized_keys on the node (ssh-copy-id -p <port> root@127.0.0.1), `+
		`or name the right one with IdentityFile in your ssh configuration. Other nodes are not affected.`)
	locked := s.newKey(t, "locked", "a passphrase")
	s.appendFile(t, "etc/ssh/keys-stranger", readFile(t, locked+".pub"))
	s.identify(t, locked, "")
	s.fails(t, fleet.NodeConfig{Host: s.as("stranger")}, `Node "atlas" (ssh://stranger@127.0.0.1:<port>): `+
		`the key <dir>/locked is accepted for user "stranger" on 127.0.0.1, but cannot be used: it has a passphrase, and no agent holds it. `+
		`Add it to your agent (ssh-add <dir>/locked). Other nodes are not affected.`)
	s.identify(t, filepath.Join(s.dir, "absent"), "")
	s.fails(t, fleet.NodeConfig{Host: s.as("root")}, `Node "atlas" (ssh://root@127.0.0.1:<port>): `+
		`there is no key to log in user "root" on 127.0.0.1 with: neither an agent nor your ssh configuration has one. `+
		`Start an agent and add a key (ssh-add), or name one with IdentityFile in your ssh configuration. Other nodes are not affected.`)
}

func socketFailures(t *testing.T, s *site) {
	s.fails(t, fleet.NodeConfig{Host: s.as("guest")}, `Node "atlas" (ssh://guest@127.0.0.1:<port>): `+
		`the ssh login works, but user "guest" has no permission on the socket /var/run/docker.sock. `+
		`Add the user to the group docker on the node (sudo usermod -aG docker guest). Other nodes are not affected.`)
	s.fails(t, fleet.NodeConfig{Host: s.as("root") + "/run/user/1000/docker.sock"}, `Node "atlas" (ssh://root@127.0.0.1:<port>/run/user/1000/docker.sock): `+
		`the ssh login works, but there is no socket /run/user/1000/docker.sock on the node: no engine runs there, or its socket is elsewhere. `+
		`Start the Docker engine, or put its socket's path at the end of the host, such as ssh://root@127.0.0.1:<port>/run/user/1000/docker.sock for a rootless engine. Other nodes are not affected.`)
	s.run(t, "eval $(ssh-agent -a /srv/dead.sock); kill -9 $SSH_AGENT_PID")
	s.fails(t, fleet.NodeConfig{Host: s.as("root") + "/srv/dead.sock"}, `Node "atlas" (ssh://root@127.0.0.1:<port>/srv/dead.sock): `+
		`the ssh login works and the socket /srv/dead.sock is there, but no engine listens on it. `+
		`Start the Docker engine on the node (sudo systemctl start docker). Other nodes are not affected.`)
}

func forwardingFailures(t *testing.T, s *site) {
	const advice = `Set "AllowStreamLocalForwarding yes" (or "local"), and no DisableForwarding, for this user in the node's sshd_config, and reload sshd. ` +
		`Where that may not be, have the engine listen with TLS and use host = "tcp://127.0.0.1:2376" with tls. Other nodes are not affected.`
	s.fails(t, fleet.NodeConfig{Host: s.as("walled")}, `Node "atlas" (ssh://walled@127.0.0.1:<port>): the ssh server refuses to forward to the engine's socket. `+advice)
	s.fails(t, fleet.NodeConfig{Host: s.as("fenced")}, `Node "atlas" (ssh://fenced@127.0.0.1:<port>): `+
		`the ssh server refuses to forward to the engine's socket: the key's entry in authorized_keys forbids port forwarding. `+
		`Add port-forwarding to the options of that entry (after restrict), or remove no-port-forwarding. Other nodes are not affected.`)
	// A server without sessions leaves nothing to ask on the node.
	s.fails(t, fleet.NodeConfig{Host: s.as("closed") + "/srv/absent.sock"}, `Node "atlas" (ssh://closed@127.0.0.1:<port>/srv/absent.sock): `+
		`the ssh login works, but the connection to the socket /srv/absent.sock was not made: no engine listens there, `+
		`user "closed" may not use it, or the ssh server refuses to forward to it. `+
		`Check on the node that the engine runs and that the user is in the group docker. `+advice)
}

// The jump host here is the node itself.
func jumpFailures(t *testing.T, s *site) {
	defer s.identify(t, s.lab.SSHKey, "")
	jump := "Host far\n  HostName 127.0.0.1\n  Port 22\n  User root\n  ProxyJump root@127.0.0.1:" + s.port + "\n"
	s.identify(t, s.lab.SSHKey, jump)
	s.fails(t, fleet.NodeConfig{Host: "ssh://far"}, `Node "atlas" (ssh://far): `+
		`the server offered a host key that is not in known_hosts (ssh-ed25519 <hash>). If you trust it, run
  ssh -o StrictHostKeyChecking=accept-new far exit
or set nodes["atlas"].host_key. Other nodes are not affected.`)
	s.connects(t, fleet.NodeConfig{Host: "ssh://far", HostKey: s.hostKey(t)})
	s.identify(t, s.lab.SSHKey, strings.Replace(jump, "Port 22", "Port 1", 1))
	s.fails(t, fleet.NodeConfig{Host: "ssh://far"}, `Node "atlas" (ssh://far): `+
		`the jump host could not connect to it (Connection refused). Check the address as the jump host sees it, and that the node is on. Other nodes are not affected.`)
}
