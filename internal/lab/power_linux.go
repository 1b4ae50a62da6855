package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// PowerOn starts a node that is off, with its files as they were, and returns
// when its engine and sshd answer. A node that is on is left alone.
func (n *Node) PowerOn(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("start took too long"))
	defer cancel()
	return n.powerOn(ctx)
}

func (n *Node) powerOn(ctx context.Context) error {
	init, err := n.boot(ctx)
	if err != nil {
		return fmt.Errorf("power on %s: %w", n.Name, err)
	}
	return n.waitReady(ctx, init)
}

// boot starts process 1 of the node unless it runs.
func (n *Node) boot(ctx context.Context) (process, error) {
	l := n.lab
	l.mu.Lock()
	defer l.mu.Unlock()
	rec := &l.rec.Nodes[n.index]
	if rec.Init.alive() {
		return rec.Init, nil
	}
	run := l.rec.runDir(n.Name)
	if err := clearDir(run); err != nil { // stale process numbers and sockets
		return process{}, err
	}
	args, err := l.rec.daemonArgs(*rec)
	if err != nil {
		return process{}, err
	}
	namespaces := uintptr(unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC)
	if !l.rec.HostNetwork {
		namespaces |= unix.CLONE_NEWNET
	}
	c, err := spawn("node", n.Name, n.Log, namespaces, nil)
	if err != nil {
		return process{}, err
	}
	rec.Init = c.process
	err = l.rec.save()
	if err == nil && !l.rec.HostNetwork {
		err = l.plug(ctx, *rec, n.index, c.process)
	}
	if err != nil {
		unix.Close(c.control) // ends it
		return process{}, err
	}
	return c.process, c.configure(initConfig{
		Lifeline: l.rec.Ephemeral, Hostname: l.rec.hostname(*rec), Root: n.Root, Run: run,
		Dockerd: args, Programs: l.rec.Programs, HostNetwork: l.rec.HostNetwork,
	}, &l.running)
}

// PowerOff pulls the node's plug: every process in it ends at once, without a
// chance to clean up, and its files stay. A node that is off is left alone.
func (n *Node) PowerOff(ctx context.Context) error {
	l := n.lab
	l.mu.Lock()
	defer l.mu.Unlock()
	rec := &l.rec.Nodes[n.index]
	err := rec.Init.kill(ctx)
	if err == nil && !l.rec.HostNetwork {
		err = l.unplug(ctx, n.Name)
	}
	if err == nil {
		err = removeCgroup(ctx, filepath.Join(l.rec.cgroup(), n.Name))
	}
	if err != nil {
		return fmt.Errorf("power off %s: %w", n.Name, err)
	}
	rec.Init = process{}
	return l.rec.save()
}

// PoweredOn reports whether the node's process 1 runs.
func (n *Node) PoweredOn() bool {
	n.lab.mu.Lock()
	defer n.lab.mu.Unlock()
	return n.lab.rec.Nodes[n.index].Init.alive()
}

// Down ends the lab's processes and removes everything it made: mounts,
// networks, cgroups and the directory. It ends no process that the lab did not
// start. A lab that is down already is no error.
func (l *Lab) Down(ctx context.Context) error {
	if _, err := os.Stat(l.Dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := lock(ctx, l.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.clean(ctx); err != nil {
		return fmt.Errorf("stop lab in %s: %w", l.Dir, err)
	}
	if err := os.Remove(l.Dir); err != nil {
		return fmt.Errorf("remove lab: %w", err)
	}
	return nil
}

// clean does what Down does, but leaves the empty directory. lab.json goes last:
// a clean that fails can be done again.
func (l *Lab) clean(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if boot, err := bootID(); err != nil || boot != l.rec.Boot {
		l.rec.forgetProcesses() // the numbers mean others now
	}
	err := l.rec.Hub.kill(ctx)
	for _, n := range l.rec.Nodes {
		err = errors.Join(err, n.Init.kill(ctx))
	}
	if err != nil {
		return err
	}
	l.running.close()
	if l.rec.HostNetwork {
		if err := l.rec.restoreHost(ctx); err != nil {
			return err
		}
	}
	if err := removeCgroup(ctx, l.rec.cgroup()); err != nil {
		return err
	}
	if l.rec.RuntimeDir != "" {
		if err := removeAll(l.rec.RuntimeDir); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return fmt.Errorf("read lab directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() != "lab.json" {
			if err := removeAll(filepath.Join(l.Dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return removeAll(filepath.Join(l.Dir, "lab.json"))
}

func (r *record) forgetProcesses() {
	r.Hub = process{}
	for i := range r.Nodes {
		r.Nodes[i].Init = process{}
	}
}

// hostname is the node's name; a single node in the machine's network is the
// machine's "local" node.
func (r record) hostname(n nodeRecord) string {
	if r.HostNetwork {
		return "local"
	}
	return n.Name
}

// removeCgroup removes a cgroup and those in it from every hierarchy. The kernel
// may still be reaping what ran in them.
func removeCgroup(ctx context.Context, name string) error {
	var dirs []string
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		found, err := filepath.Glob(filepath.Join(pattern, name))
		if err != nil {
			return fmt.Errorf("find cgroups: %w", err)
		}
		dirs = append(dirs, found...)
	}
	var last error
	err := poll(ctx, func() (bool, error) {
		left := 0
		for _, dir := range dirs {
			if last = removeCgroupTree(dir); last != nil {
				left++
			}
		}
		return left == 0, nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("remove cgroup %s: %w", name, err), last)
	}
	return nil
}

// removeCgroupTree removes a cgroup, children first.
func removeCgroupTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeCgroupTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return ignore(unix.Rmdir(dir), unix.ENOENT)
}
