package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// startTimeout bounds Up and Node.PowerOn beside their context.
	startTimeout = 90 * time.Second
	// cleanTimeout bounds the cleaning up after a start that failed.
	cleanTimeout = 30 * time.Second
)

// Up starts a lab and returns when every node's engine and sshd answer. If a lab
// of the same shape already runs in opts.Dir, it powers on the nodes that are off
// and returns that one; what a crash or a reboot left of a lab is cleaned first.
// A lab that does not start leaves nothing behind, and the error ends with the
// log of the node at fault.
func Up(ctx context.Context, opts Options) (*Lab, error) {
	if err := opts.normalize(); err != nil {
		return nil, fmt.Errorf("start lab: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("start took too long"))
	defer cancel()
	unlock, err := lock(ctx, opts.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	l, err := reuse(ctx, opts)
	if l == nil && err == nil {
		l, err = create(ctx, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("start lab in %s: %w", opts.Dir, err)
	}
	return l, nil
}

// normalize checks the options, fills in defaults and makes Dir canonical.
func (o *Options) normalize() error {
	switch {
	case os.Getenv(initEnv) != "":
		return errors.New("this is a process of a lab: its program must call lab.MaybeInit first")
	case o.Dir == "":
		return errors.New("no directory given")
	case o.Nodes < 0 || o.Nodes > MaxNodes:
		return fmt.Errorf("%d nodes wanted: 1 to %d are possible", o.Nodes, MaxNodes)
	case o.HostNetwork && o.Nodes > 1:
		return errors.New("a lab in the machine's network has one node")
	}
	o.Nodes = max(o.Nodes, 1)
	if o.Dockerd == "" {
		o.Dockerd = "dockerd"
	}
	if err := Supported(*o); err != nil {
		return err
	}
	dir, err := canonical(o.Dir)
	o.Dir = dir
	return err
}

// canonical is the absolute path of a directory that need not exist, free of
// symbolic links.
func canonical(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find directory: %w", err)
	}
	for rest := ""; ; {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if !errors.Is(err, os.ErrNotExist) || dir == "/" {
			return "", fmt.Errorf("find directory: %w", err)
		}
		dir, rest = filepath.Dir(dir), filepath.Join(filepath.Base(dir), rest)
	}
}

// reuse returns the lab that runs in the directory, or nil after it cleaned
// away what was left of one.
func reuse(ctx context.Context, opts Options) (*Lab, error) {
	rec, err := load(opts.Dir)
	if errors.Is(err, ErrNotFound) {
		entries, err := os.ReadDir(opts.Dir)
		if err == nil && len(entries) > 0 {
			err = errors.New("the directory is not empty and holds no lab")
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	l := newLab(rec)
	if !l.Running() {
		return nil, l.clean(ctx)
	}
	if len(rec.Nodes) != opts.Nodes || rec.HostNetwork != opts.HostNetwork {
		return nil, fmt.Errorf("another lab with %d nodes runs there: stop it first", len(rec.Nodes))
	}
	return l, l.eachNode(ctx, (*Node).powerOn)
}

// create starts a new lab in an empty directory.
func create(ctx context.Context, opts Options) (l *Lab, err error) {
	rec := newRecord(opts.Dir, opts)
	if rec.Boot, err = bootID(); err != nil {
		return nil, err
	}
	if rec.Owner, err = identify(os.Getpid()); err != nil {
		return nil, err
	}
	l = newLab(rec)
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
			defer cancel()
			err = errors.Join(err, l.clean(ctx), os.Remove(l.Dir))
		}
	}()
	if err := l.rec.save(); err != nil { // from here on Down finds what there is
		return nil, err
	}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	l.layNodes() // the forwarded ports are known now
	return l, l.eachNode(ctx, (*Node).powerOn)
}

// prepare makes the network, the root file systems, keys and certificates.
func (l *Lab) prepare(ctx context.Context) error {
	for _, n := range l.rec.Nodes {
		if err := l.rec.makeRoot(n); err != nil {
			return err
		}
	}
	if l.rec.HostNetwork {
		if err := l.rec.prepareHost(ctx); err != nil {
			return err
		}
		return l.rec.save()
	}
	if err := l.startHub(ctx); err != nil {
		return err
	}
	if err := l.rec.writeCerts(); err != nil {
		return err
	}
	if err := l.rec.writeSSH(); err != nil {
		return err
	}
	return l.rec.save()
}

// eachNode runs do for all nodes at once.
func (l *Lab) eachNode(ctx context.Context, do func(*Node, context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range l.Nodes {
		group.Go(func() error { return do(n, ctx) })
	}
	return group.Wait()
}

// Open returns the lab in a directory, whether it runs or not. The error is
// ErrNotFound when there is none.
func Open(dir string) (*Lab, error) {
	dir, err := canonical(dir)
	if err != nil {
		return nil, err
	}
	rec, err := load(dir)
	if err != nil {
		return nil, err
	}
	return newLab(rec), nil
}

// Running reports whether the lab's hub, or with HostNetwork its node, runs. A
// lab that a reboot or a crash ended does not.
func (l *Lab) Running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if boot, err := bootID(); err != nil || boot != l.rec.Boot {
		return false
	}
	if l.rec.HostNetwork {
		return l.rec.Nodes[0].Init.alive()
	}
	return l.rec.Hub.alive()
}

// waitReady waits until the node's engine and sshd answer.
func (n *Node) waitReady(ctx context.Context, init process) error {
	err := poll(ctx, func() (bool, error) {
		if !init.alive() {
			return false, errors.New("the node went down")
		}
		up := ping(ctx, n.Host) == nil
		return up && (n.lab.rec.HostNetwork || n.sshAnswers(ctx)), nil
	})
	if err != nil {
		return fmt.Errorf("wait for the engine of %s: %w; the log ends with:\n%s", n.Name, err, tail(n.Log, 15))
	}
	return nil
}

// sshAnswers reports whether sshd sends its greeting (RFC 4253, 4.2).
func (n *Node) sshAnswers(ctx context.Context) bool {
	conn, err := n.Dial(ctx, 22)
	if err != nil {
		return false
	}
	defer conn.Close()
	var greeting [4]byte
	_ = conn.SetReadDeadline(time.Now().Add(dialTimeout))
	_, err = io.ReadFull(conn, greeting[:])
	return err == nil && string(greeting[:]) == "SSH-"
}

// tail returns the last lines of a file.
func tail(file string, lines int) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
