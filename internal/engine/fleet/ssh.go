package fleet

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/docker/docker/client"
)

// endGrace is how long ssh may take to notice that its connection broke.
const endGrace = 500 * time.Millisecond

// tunnel is the one ssh connection to a node: it is made when it is first needed,
// carries every API connection as a channel of its own, and is opened again when it
// broke. It is safe for concurrent use.
type tunnel struct {
	name    string // the node's
	target  sshTarget
	hostKey string
	timeout time.Duration
	within  string // the timeout, as text

	mu      sync.Mutex
	current *sshAttempt // guarded by mu; nil until first used
}

// sshAttempt is one try to connect, shared by everyone who waits for it. Its
// fields are set before done is closed and never change afterwards.
type sshAttempt struct {
	done   chan struct{}
	master *sshMaster
	err    error
	stale  time.Time // when a failure stops to count
}

// DialContext opens a connection to the engine's socket.
func (t *tunnel) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	m, err := t.connected(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := m.dial(ctx)
	if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
		return conn, err // others go on with the connection
	}
	// Nobody listens: it ended just now. Nothing was sent yet, so a new one does no harm.
	m.close()
	if m, err = t.connected(ctx); err != nil {
		return nil, err
	}
	return m.dial(ctx)
}

// connected returns the connection, and makes it if there is none.
func (t *tunnel) connected(ctx context.Context) (*sshMaster, error) {
	a := t.join(ctx)
	select {
	case <-a.done:
		return a.master, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns the attempt to wait for, and starts one if there is none. It is
// detached from ctx: one caller that gives up must not fail others.
func (t *tunnel) join(ctx context.Context) *sshAttempt {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && !t.current.over() {
		return t.current
	}
	a := &sshAttempt{done: make(chan struct{})}
	t.current = a
	limit := t.timeout
	if deadline, ok := ctx.Deadline(); ok { // leave time to say what went wrong
		limit = min(limit, time.Until(deadline)*9/10)
	}
	go func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		start := time.Now()
		a.master, a.err = t.start(ctx)
		end := time.Now()
		a.stale = end.Add(end.Sub(start))
	}()
	return a
}

// over reports whether the connection ended, or failed long enough ago to be tried
// again.
func (a *sshAttempt) over() bool {
	select {
	case <-a.done:
	default:
		return false
	}
	if a.err != nil {
		return time.Now().After(a.stale)
	}
	return a.master.ended()
}

// close ends the connection; the next call makes a new one.
func (t *tunnel) close() {
	t.mu.Lock()
	a := t.current
	t.mu.Unlock()
	if a == nil {
		return
	}
	select {
	case <-a.done:
		if a.master != nil {
			a.master.close()
		}
	default:
	}
}

// laySSH sets the line up for a tunnel. As with a Portainer, the client keeps a
// plain transport, by which it dials for connections that it hijacks; every other
// request is registered away.
func (l *line) laySSH(t *tunnel) {
	l.tunnel = t
	below := newTransport()
	below.DialContext, below.DisableCompression = t.DialContext, true
	l.transport.RegisterProtocol("http", &sshTransport{below})
	l.options = append(l.options, client.WithDialContext(t.DialContext))
	l.closers = append(l.closers, below.CloseIdleConnections, t.close)
}

// sshTransport sends requests over a tunnel.
type sshTransport struct{ below *http.Transport }

// RoundTrip sends a request. One that changes nothing is sent once more where ssh
// was about to end: it does not know yet that the other side is gone.
func (t *sshTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.below.RoundTrip(req)
	var channel *channelError
	if !errors.As(err, &channel) || req.Body != nil || req.Method != http.MethodGet && req.Method != http.MethodHead {
		return resp, err
	}
	select {
	case <-channel.master.done:
		return t.below.RoundTrip(req)
	case <-time.After(endGrace):
	case <-req.Context().Done():
	}
	return nil, err
}

// sshConn is one channel of the connection. Locally it always opens; that the
// node did not open its end shows when nothing comes of it.
type sshConn struct {
	*net.UnixConn
	master   *sshMaster
	answered atomic.Bool
}

// Read distinguishes the end of an answer from a channel that was never opened.
func (c *sshConn) Read(b []byte) (int, error) {
	n, err := c.UnixConn.Read(b)
	if n > 0 {
		c.answered.Store(true)
	}
	return n, c.judge(err)
}

// Write does the same for a request that nothing accepted.
func (c *sshConn) Write(b []byte) (int, error) {
	n, err := c.UnixConn.Write(b)
	return n, c.judge(err)
}

func (c *sshConn) judge(err error) error {
	ended := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	if ended && !c.answered.Load() {
		return &channelError{c.master}
	}
	return err
}

// channelError is a channel that ended without an answer.
type channelError struct{ master *sshMaster }

func (e *channelError) Error() string { return "the connection to the engine's socket was not made" }
