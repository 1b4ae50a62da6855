//go:build unix

package fleet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// lifeline notes that ssh is told to end.
type lifeline struct {
	cut  atomic.Bool
	done chan struct{}
}

func (l *lifeline) Close() error {
	if !l.cut.Swap(true) {
		close(l.done)
	}
	return nil
}

// connectedIn is a tunnel whose ssh has its sockets in a directory.
func connectedIn(dir string) (*tunnel, *lifeline) {
	line := &lifeline{done: make(chan struct{})}
	a := &sshAttempt{done: make(chan struct{}), master: &sshMaster{dir: dir, lifeline: line, done: line.done, log: &transcript{}}}
	close(a.done)
	return &tunnel{current: a}, line
}

func TestTunnel_DialFails_OthersKeepTheConnection(t *testing.T) {
	tunnel, line := connectedIn(filepath.Join(t.TempDir(), strings.Repeat("x", 120))) // no address of a socket
	if _, err := tunnel.DialContext(t.Context(), "", ""); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("got %v", err)
	}
	if line.cut.Load() {
		t.Error("the connection was closed")
	}
}

func TestTunnel_NobodyListensAnyMore_ConnectsAnew(t *testing.T) {
	t.Setenv("PATH", "")                // there is no ssh
	dir, err := os.MkdirTemp("", "ssh") //nolint:usetesting // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, left := range []bool{false, true} {
		if left { // the socket of an ssh that was killed
			listener, err := net.Listen("unix", filepath.Join(dir, "api"))
			if err != nil {
				t.Fatal(err)
			}
			listener.(*net.UnixListener).SetUnlinkOnClose(false) //nolint:forcetypeassert // a unix socket's
			_ = listener.Close()
		}
		tunnel, line := connectedIn(dir)
		var told *explainedError
		if _, err := tunnel.DialContext(t.Context(), "", ""); !errors.As(err, &told) || !line.cut.Load() {
			t.Errorf("got %v; closed: %t", err, line.cut.Load())
		}
	}
}
