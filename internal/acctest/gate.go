package acctest

import (
	"net/http"
	"net/http/httputil"
	"regexp"
	"sync"
	"testing"
)

// Gate is a proxy in front of an engine that stops one request, so that a test
// can act in the middle of what sends it.
type Gate struct {
	// Host is the proxy's address as a node's host: "unix:///…".
	Host string
	// Reached is closed when the request has been stopped.
	Reached <-chan struct{}

	at      Point
	reached chan struct{}
	open    chan struct{}

	mu     sync.Mutex // guards what follows
	seen   int        // how many requests matched
	opened bool
}

// Point names the request that a Gate stops.
type Point struct {
	// Method and Path, a regular expression on path and query, say which
	// requests count.
	Method, Path string
	// Nth is which of them is stopped, from 1; 0 means the first.
	Nth int
	// After stops the engine's answer; otherwise the request never gets there.
	After bool
}

// Hold starts a proxy for the engine at host ("unix:///…") that stops the
// request at a point; it ends with the test.
func Hold(t testing.TB, host string, at Point) *Gate {
	t.Helper()
	at.Nth = max(at.Nth, 1)
	g := &Gate{at: at, reached: make(chan struct{}), open: make(chan struct{})}
	g.Reached = g.reached
	path := regexp.MustCompile(at.Path)
	engine := forward(host)
	g.Host = Serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == at.Method && path.MatchString(req.URL.String()) && g.isNth() {
			g.stop(w, req, engine)
			return
		}
		engine.ServeHTTP(w, req)
	}))
	t.Cleanup(g.Open)
	return g
}

func (g *Gate) isNth() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
	return g.seen == g.at.Nth
}

// stop keeps the client without an answer until the gate is opened, and then
// closes the connection.
func (g *Gate) stop(w http.ResponseWriter, req *http.Request, engine *httputil.ReverseProxy) {
	if !g.at.After {
		close(g.reached)
		<-g.open
		panic(http.ErrAbortHandler)
	}
	answered := *engine
	answered.ModifyResponse = func(*http.Response) error {
		close(g.reached)
		<-g.open
		panic(http.ErrAbortHandler)
	}
	answered.ServeHTTP(w, req)
}

// Open lets go of the stopped request: its connection is closed. The proxy
// passes everything on from then on. Opening again does nothing.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.opened {
		g.opened = true
		close(g.open)
	}
}
