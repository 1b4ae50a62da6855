package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/netns"
)

// initEnv, set to a role, makes MaybeInit take over a process.
const initEnv = "HOMELAB_LAB_INIT"

// controlFD is where a process of the lab reads its initConfig; forwarded
// listeners follow.
const controlFD = 3

// initConfig is the first line on the control pipe. A process of an ephemeral
// lab ends when the pipe does.
type initConfig struct {
	Lifeline    bool     `json:"lifeline"`
	Hostname    string   `json:"hostname"`
	Root        string   `json:"root"` // the node's root file system
	Run         string   `json:"run"`  // becomes its /run
	Dockerd     []string `json:"dockerd"`
	Programs    string   `json:"programs"`
	HostNetwork bool     `json:"host_network"`
	Forwards    []string `json:"forwards"` // the hub's: an address for each listener
}

// lifelines are the write ends of the control pipes of an ephemeral lab's
// processes. They are bare descriptors so that no finalizer closes them.
type lifelines []int

func (l *lifelines) close() {
	for _, fd := range *l {
		unix.Close(fd)
	}
	*l = nil
}

// child is a process of the lab before it has read its configuration.
type child struct {
	process
	control int // write end
}

// spawn starts this program again as the role, in new namespaces, with its
// output appended to the log. It outlives the caller.
func spawn(role, name, log string, namespaces uintptr, listeners []*os.File) (*child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer out.Close()
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make control pipe: %w", err)
	}
	read := os.NewFile(uintptr(pipe[0]), "control")
	defer read.Close()
	cmd := exec.Command("/proc/self/exe") // the file may be gone: `go run` and `go test` remove theirs
	cmd.Args = []string{"homelab-lab:" + role + ":" + name, filepath.Dir(log)}
	cmd.Env = []string{initEnv + "=" + role, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", out, out
	cmd.ExtraFiles = append([]*os.File{read}, listeners...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: namespaces}
	if err := cmd.Start(); err != nil {
		unix.Close(pipe[1])
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	id, err := identify(cmd.Process.Pid) // before it can be reaped
	go cmd.Wait()                        //nolint:errcheck // only reaps; its end is seen through process.alive
	if err != nil {
		unix.Close(pipe[1])
		return nil, err
	}
	return &child{process: id, control: pipe[1]}, nil
}

// configure lets a spawned process go on.
func (c *child) configure(cfg initConfig, keep *lifelines) error {
	b, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("encode configuration: %w", err)
	}
	if _, err := unix.Write(c.control, append(b, '\n')); err != nil {
		unix.Close(c.control)
		return fmt.Errorf("write configuration: %w", err)
	}
	if cfg.Lifeline {
		*keep = append(*keep, c.control)
		return nil
	}
	return unix.Close(c.control)
}

// inNetwork runs fn on a thread inside the network namespace of a process. What
// fn starts and the sockets it opens belong there; goroutines it starts don't.
func inNetwork(p process, fn func() error) error {
	if !p.alive() {
		return fmt.Errorf("enter network of process %d: it does not run", p.PID)
	}
	return netns.Do(fmt.Sprintf("/proc/%d/ns/net", p.PID), fn)
}

// dialFrom connects from inside the network of a process. The address must be
// numeric, so that the dialer stays on its thread.
func dialFrom(ctx context.Context, p process, network, address string) (conn net.Conn, err error) {
	err = inNetwork(p, func() error {
		var d net.Dialer
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// command runs a program and returns an error with what it said.
func command(ctx context.Context, stdin string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("run %s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}
