package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace that this process made. It lasts until Close,
// or until the process ends, unless another process lives in it. It is safe for
// concurrent use.
type Namespace struct{ file *os.File }

// New makes an empty network namespace: no interface but lo, which is down.
func New() (*Namespace, error) {
	type made struct {
		file *os.File
		err  error
	}
	done := make(chan made, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- made{err: fmt.Errorf("make network namespace: %w", err)}
			return
		}
		file, err := os.Open("/proc/thread-self/ns/net")
		done <- made{file, err}
	}()
	got := <-done
	if got.err != nil {
		return nil, got.err
	}
	return &Namespace{got.file}, nil
}

// Do runs fn on a thread inside the namespace. What fn starts and the sockets it
// opens belong there; goroutines it starts don't.
func (n *Namespace) Do(fn func() error) error {
	return Do(fmt.Sprintf("/proc/self/fd/%d", n.file.Fd()), fn)
}

// Dial connects from inside the namespace. The address must be numeric, so that
// the dialer stays on its thread.
func (n *Namespace) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = n.Do(func() error {
		var d net.Dialer
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Close lets the namespace go.
func (n *Namespace) Close() error { return n.file.Close() }

// Do runs fn on a thread inside the namespace at a path, such as
// /proc/1/ns/net, as [Namespace.Do] does.
func Do(namespace string, fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- onThreadIn(namespace, fn) }()
	return <-done
}

// onThreadIn moves the calling goroutine's thread to a network namespace, for the
// time of fn. Where it cannot be moved back, it ends with its goroutine.
func onThreadIn(namespace string, fn func() error) error {
	runtime.LockOSThread()
	own, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open own network: %w", err)
	}
	defer unix.Close(own)
	fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Setns(fd, unix.CLONE_NEWNET)
		unix.Close(fd)
	}
	if err != nil {
		return fmt.Errorf("enter %s: %w", namespace, err)
	}
	err = fn()
	if back := unix.Setns(own, unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, fmt.Errorf("leave %s: %w", namespace, back))
	}
	runtime.UnlockOSThread()
	return err
}
