package acctest

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// Recorder is a proxy in front of an engine that notes every request.
type Recorder struct {
	// Host is the proxy's address as a node's host: "unix:///…".
	Host string

	// Latency is how long each answer is held back, set before the first request:
	// with some of it, what is sent at once is seen to be.
	Latency time.Duration

	// Before is called with each request before the engine gets it, if it is set; it
	// is only set while no request is under way.
	Before func(Request)

	mu       sync.Mutex // guards what follows
	requests []Request
	underway int
	rounds   int // how often a request came while none was under way
}

// Request is one request that the engine was sent.
type Request struct{ Method, Path, Query string }

// IsRead reports whether a request only reads.
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
		if before := r.Before; before != nil {
			before(Request{req.Method, req.URL.Path, req.URL.RawQuery})
		}
		r.begin(Request{req.Method, req.URL.Path, req.URL.RawQuery})
		defer r.end()
		time.Sleep(r.Latency)
		engine.ServeHTTP(w, req)
	}))
	return r
}

func (r *Recorder) begin(request Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	if r.underway == 0 {
		r.rounds++
	}
	r.underway++
}

func (r *Recorder) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.underway--
}

// TakeRounds returns how many rounds of requests there were since the last call:
// a round is what is sent without waiting for all that was sent before.
func (r *Recorder) TakeRounds() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.rounds
	r.rounds = 0
	return taken
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
