package acctest

import (
	"net/http"
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
	r := &Recorder{}
	engine := forward(host)
	r.Host = Serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, Request{req.Method, req.URL.Path})
		r.mu.Unlock()
		engine.ServeHTTP(w, req)
	}))
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
