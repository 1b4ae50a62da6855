package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// sshdConfig lets many short sessions in at once (MaxStartups), as tests of a
// client's queueing need, and root by key only.
const sshdConfig = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
MaxStartups 100
MaxSessions 10
Subsystem sftp internal-sftp
`

// newSSHKey makes an ed25519 key: the private half in OpenSSH's PEM, the public
// half as "ssh-ed25519 AAAA...".
func newSSHKey(comment string) (private, public string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("make ssh key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(priv, comment)
	if err != nil {
		return "", "", fmt.Errorf("encode ssh key: %w", err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return "", "", fmt.Errorf("encode ssh key: %w", err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPub))), nil
}

// writeSSH makes the lab's client key, one host key a node, the client's
// configuration and the ssh that uses it.
func (r record) writeSSH() error {
	private, public, err := newSSHKey("lab")
	if err != nil {
		return err
	}
	settings := sshdConfig
	if r.Debug {
		settings += "LogLevel DEBUG3\n"
	}
	var config, known strings.Builder
	for _, n := range r.Nodes {
		hostKey, hostPub, err := newSSHKey(n.Name)
		if err != nil {
			return err
		}
		err = writeFiles(r.rootDir(n.Name), map[string]string{
			"etc/ssh/ssh_host_ed25519_key": hostKey,
			"etc/ssh/sshd_config":          settings,
			"root/.ssh/authorized_keys":    public + "\n",
		}, 0o600)
		if err != nil {
			return err
		}
		host, port, err := net.SplitHostPort(n.SSHForward)
		if err != nil {
			return fmt.Errorf("read forward of %s: %w", n.Name, err)
		}
		fmt.Fprintf(&config, "Host %s %s\n  HostName %s\n  Port %s\n", n.Name, n.Address, host, port)
		fmt.Fprintf(&known, "[%s]:%s %s\n", host, port, hostPub)
	}
	fmt.Fprintf(&config, "Host *\n  User root\n  IdentityFile %q\n  IdentitiesOnly yes\n  UserKnownHostsFile %q\n  StrictHostKeyChecking yes\n  BatchMode yes\n",
		filepath.Join(r.Dir, "ssh", "id_ed25519"), filepath.Join(r.Dir, "ssh", "known_hosts"))
	err = writeFiles(filepath.Join(r.Dir, "ssh"), map[string]string{
		"id_ed25519": private, "id_ed25519.pub": public + "\n",
		"config": config.String(), "known_hosts": known.String(),
	}, 0o600)
	if err != nil {
		return err
	}
	return writeFiles(filepath.Join(r.Dir, "bin"), map[string]string{
		"ssh": fmt.Sprintf("#!/bin/sh\nexec /usr/bin/ssh -F '%s' \"$@\"\n", filepath.Join(r.Dir, "ssh", "config")),
	}, 0o755)
}
