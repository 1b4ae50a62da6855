package uml

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// initEnv, when set, makes MaybeInit take over a process.
const initEnv = "HOMELAB_UML_INIT"

// fatal are words on a console after which a guest is of no use. A kernel that
// panicked hangs instead of ending.
var fatal = []string{"Kernel panic", GuestFailed, "Kernel BUG"}

// machine is a guest's process on the host: this program again, as process 1 of a
// PID namespace. Its end ends the kernel and all of the kernel's helpers.
type machine struct {
	cmd      *exec.Cmd
	lifeline *os.File // its end is the machine's end
	ended    chan struct{}
}

// config is the first line on a machine's standard input.
type config struct {
	Dir, Share, Modules, Programs string
	Command                       []string
}

// spawn starts the guest's process inside the lab's network.
func (g *Guest) spawn(command []string) error {
	line, err := json.Marshal(config{
		Dir: g.dir, Share: filepath.Join(g.lab.dir, "share"), Modules: g.lab.kernel.modules, Programs: g.lab.options.Programs, Command: command,
	})
	if err != nil {
		return err
	}
	console, err := os.OpenFile(g.Console, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer console.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	cmd := exec.Command("/proc/self/exe") // the file may be gone: `go test` removes its program
	cmd.Args = []string{"homelab-uml:" + g.Name, g.dir}
	cmd.Env = []string{initEnv + "=1", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = "/", read, console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	if err := g.lab.network.Do(cmd.Start); err != nil {
		return errors.Join(err, write.Close())
	}
	m := &machine{cmd: cmd, lifeline: write, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // it was killed, or the console says why it ended
		close(m.ended)
	}()
	g.process = m
	_, err = write.Write(append(line, '\n'))
	return err
}

// watch closes dead when the guest has ended, or when its console says that it is
// as good as that; then it is ended too, so that nobody waits for it.
func (g *Guest) watch() {
	tick := time.NewTicker(10 * pollInterval)
	defer tick.Stop()
	for {
		why := errors.New("the guest has ended")
		select {
		case <-g.process.ended:
		case <-tick.C:
			b, err := os.ReadFile(g.Console)
			if err != nil || !doomed(b) {
				continue
			}
			why = errors.New("the guest's kernel gave up")
			_ = g.process.cmd.Process.Kill()
		}
		g.died.Do(func() {
			g.why = why
			close(g.dead)
		})
		return
	}
}

// doomed reports whether a console shows the end of its guest.
func doomed(console []byte) bool {
	for _, words := range fatal {
		if bytes.Contains(console, []byte(words)) {
			return true
		}
	}
	return false
}

// stop ends the guest, which loses everything.
func (g *Guest) stop() error {
	if g.forward != nil {
		g.forward.close()
	}
	if g.process == nil {
		return nil
	}
	_ = g.process.cmd.Process.Kill() // it may have ended
	_ = g.process.lifeline.Close()
	select {
	case <-g.process.ended:
		return nil
	case <-time.After(stopTimeout):
		return fmt.Errorf("stop %s: process %d did not end", g.Name, g.process.cmd.Process.Pid)
	}
}

// MaybeInit turns the calling process into a guest's if it was started as one, and
// then never returns. A program that calls Up calls it first thing in main or
// TestMain.
func MaybeInit() {
	if os.Getenv(initEnv) == "" {
		return
	}
	if err := runMachine(); err != nil {
		fmt.Fprintf(os.Stdout, "%s: %v\n", GuestFailed, err)
	}
	os.Exit(1)
}

// runMachine lays out what the guest sees of the machine and runs the kernel.
func runMachine() error {
	decoder := json.NewDecoder(os.Stdin)
	var c config
	if err := decoder.Decode(&c); err != nil {
		return fmt.Errorf("read configuration: %w", err) // whoever started us is gone
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1) // the owner of the lab has ended
	}()
	scratch, err := c.mount()
	if err != nil {
		return err
	}
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", os.Stdout, os.Stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + scratch, "TMPDIR=" + scratch}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the kernel ended: %w", err)
	}
	return errors.New("the kernel ended")
}

// runWith runs a program with an input and returns an error with what it said.
func runWith(ctx context.Context, stdin, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}
