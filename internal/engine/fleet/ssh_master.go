package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// pollInterval is how often a new connection's control socket is looked for.
	pollInterval = 4 * time.Millisecond
	// closeGrace is how long ssh may take to end before it is killed.
	closeGrace = 3 * time.Second
	// keepAlive and its count find a dead peer within a minute.
	keepAlive, keepAliveCount = 15, 4
	// ssh binds its control socket under a name that is 17 bytes longer first
	// (openssh-portable, mux.c, muxserver_listen); macOS allows 103 in all.
	tunnelDirLimit = 103 - len("/ctl.0123456789abcdef")
	hostKeyAlias   = "homelab-node"
)

// sshMaster is a running ssh process that is logged in on a node.
type sshMaster struct {
	dir      string // private; holds the sockets
	ssh      string // the program
	log      *transcript
	lifeline io.Closer // ssh ends when it is closed, also by our own end
	process  *os.Process
	done     chan struct{} // closed once the process and the directory are gone
	once     sync.Once
}

// start logs in and has ssh forward a local socket to the engine's. Errors are
// [*explainedError], except for what keeps ssh from being started at all.
func (t *tunnel) start(ctx context.Context) (*sshMaster, error) {
	m, err := t.spawn()
	if err != nil {
		return nil, err
	}
	if err := m.await(ctx); err != nil {
		m.close()
		<-m.done // its last output
		return nil, t.explain(m.log.lines(), errors.Is(err, context.DeadlineExceeded))
	}
	forward := m.path("api") + ":" + t.target.socket
	if out, err := m.control(ctx, nil, "-O", "forward", "-L", forward).CombinedOutput(); err != nil {
		m.close()
		return nil, fmt.Errorf("forward to the engine's socket: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return m, nil
}

// spawn starts ssh under a watcher that ends it, and removes its sockets, as soon
// as this process is gone, however that happens.
func (t *tunnel) spawn() (*sshMaster, error) {
	if !sshSupported {
		return nil, &explainedError{"ssh:// hosts are not supported where Terraform runs on Windows itself.",
			"Run Terraform in WSL, or reach this engine by tcp:// with tls."}
	}
	program, err := exec.LookPath("ssh")
	if err != nil {
		return nil, &explainedError{"there is no ssh program on the PATH.", "Install the OpenSSH client where Terraform runs."}
	}
	dir, err := tunnelDir()
	if err != nil {
		return nil, err
	}
	m := &sshMaster{dir: dir, ssh: program, log: &transcript{}, done: make(chan struct{})}
	args, err := t.arguments(m)
	if err == nil {
		err = m.launch(args)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return m, nil
}

// arguments are those of the ssh that logs in. What the user's configuration says
// of the host counts, except for what would open a session, a prompt or other ports.
func (t *tunnel) arguments(m *sshMaster) ([]string, error) {
	args := []string{"-v", "-N", "-T", "-a", "-x", "-M", "-S", m.path("ctl")}
	options := []string{
		"BatchMode=yes", "ControlPersist=no", "ClearAllForwardings=yes", "PermitLocalCommand=no",
		"ConnectTimeout=" + strconv.Itoa(max(1, int(t.timeout.Round(time.Second)/time.Second))),
		"ServerAliveInterval=" + strconv.Itoa(keepAlive), "ServerAliveCountMax=" + strconv.Itoa(keepAliveCount),
	}
	if t.hostKey != "" {
		if err := m.writeHostKeys(t.hostKey); err != nil {
			return nil, err
		}
		options = append(options, "UserKnownHostsFile="+m.path("known_hosts"), "GlobalKnownHostsFile=/dev/null",
			"StrictHostKeyChecking=yes", "HostKeyAlias="+hostKeyAlias, "CheckHostIP=no", "UpdateHostKeys=no", "VerifyHostKeyDNS=no")
	}
	for _, o := range options {
		args = append(args, "-o", o)
	}
	if t.target.user != "" {
		args = append(args, "-l", t.target.user)
	}
	if t.target.port != "" {
		args = append(args, "-p", t.target.port)
	}
	return append(args, "--", t.target.host), nil
}

func (m *sshMaster) writeHostKeys(text string) error {
	keys, bad := parseHostKeys(text)
	if bad != nil {
		return bad
	}
	var known strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&known, "%s %s\n", hostKeyAlias, key)
	}
	if err := os.WriteFile(m.path("known_hosts"), []byte(known.String()), 0o600); err != nil {
		return fmt.Errorf("write the pinned host key: %w", err)
	}
	return nil
}

// launch runs the watcher, and through it ssh.
func (m *sshMaster) launch(args []string) error {
	cmd := watched(m.dir, m.ssh, args)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start ssh: %w", err)
	}
	cmd.Stderr = m.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start ssh: %w", err)
	}
	m.lifeline, m.process = lifeline, cmd.Process
	go func() {
		defer close(m.done)
		_ = cmd.Wait() // how it ended is in its output
	}()
	return nil
}

// await waits until ssh is logged in: its control socket appears right after.
func (m *sshMaster) await(ctx context.Context) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if _, err := os.Lstat(m.path("ctl")); err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-m.done:
			return errors.New("ssh ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// control is an ssh that speaks with the running one; no configuration is read.
// The command is the node's to run, or none.
func (m *sshMaster) control(ctx context.Context, command []string, options ...string) *exec.Cmd {
	args := append([]string{"-F", "/dev/null", "-S", m.path("ctl"), "-o", "BatchMode=yes"}, options...)
	args = append(args, "--", "node") // the name is for the running one to ignore
	cmd := exec.CommandContext(ctx, m.ssh, append(args, command...)...)
	cmd.WaitDelay = closeGrace
	return cmd
}

// dial opens a channel. It waits where too many others do so at once.
func (m *sshMaster) dial(ctx context.Context) (net.Conn, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", m.path("api"))
		if err == nil {
			return &sshConn{UnixConn: conn.(*net.UnixConn), master: m}, nil //nolint:forcetypeassert // a unix socket's
		}
		if !errors.Is(err, syscall.EAGAIN) {
			return nil, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (m *sshMaster) path(name string) string { return filepath.Join(m.dir, name) }

func (m *sshMaster) ended() bool {
	select {
	case <-m.done:
		return true
	default:
		return false
	}
}

// close ends ssh, and waits until it is gone.
func (m *sshMaster) close() {
	m.once.Do(func() {
		_ = m.lifeline.Close()
		select {
		case <-m.done:
		case <-time.After(closeGrace):
			kill(m.process)
			_ = os.RemoveAll(m.dir)
		}
	})
}

// tunnelDir makes a private directory whose path is short and plain enough for
// the sockets in it.
func tunnelDir() (string, error) {
	var failed error
	for _, parent := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		if parent == "" || !plainPath.MatchString(parent) {
			continue
		}
		dir, err := os.MkdirTemp(parent, "homelab-ssh-")
		switch {
		case err != nil:
			failed = err
		case len(dir) > tunnelDirLimit:
			failed = errors.Join(fmt.Errorf("%s is too long for a socket's path", dir), os.Remove(dir))
		default:
			return dir, nil
		}
	}
	return "", fmt.Errorf("make a directory for ssh's sockets: %w", failed)
}
