package acctest

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Recorder is a proxy in front of an engine that notes every request.
type Recorder struct {
	// Host is the proxy's address as a node's host: "unix:///…".
	Host string

	mu       sync.Mutex // guards requests
	requests []Request
}

// Request is one request that the engine was sent.
type Request struct{ Method, Path string }

// IsRead tells whether a request only reads.
func (r Request) IsRead() bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// String is "GET /v1.41/containers/json".
func (r Request) String() string { return r.Method + " " + r.Path }

// Record starts a proxy for the engine at host ("unix:///…"); it stops with the
// test.
func Record(t testing.TB, host string) *Recorder {
	t.Helper()
	dir, err := os.MkdirTemp("", "hl") //nolint:usetesting // t.TempDir makes paths too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "engine.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{Host: "unix://" + socket}
	engine := strings.TrimPrefix(host, "unix://")
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = "http", "engine" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", engine)
		}},
		FlushInterval: -1, // progress streams
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, Request{req.Method, req.URL.Path})
		r.mu.Unlock()
		proxy.ServeHTTP(w, req)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// Take returns what was recorded since the last call.
func (r *Recorder) Take() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.requests
	r.requests = nil
	return taken
}

// Writes returns those of the requests that were no reads.
func Writes(requests []Request) []Request {
	var writes []Request
	for _, r := range requests {
		if !r.IsRead() {
			writes = append(writes, r)
		}
	}
	return writes
}
