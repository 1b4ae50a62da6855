package acctest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Serve serves HTTP on a Unix socket until the test ends and returns its
// address as a node's host.
func Serve(t testing.TB, handler http.Handler) string {
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
	server := &http.Server{Handler: handler, ErrorLog: quiet()}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "unix://" + socket
}

// forward passes requests on to the engine at a host ("unix:///…").
func forward(host string) *httputil.ReverseProxy {
	engine := strings.TrimPrefix(host, "unix://")
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = "http", "engine" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", engine)
		}},
		FlushInterval: -1, // progress streams
		ErrorLog:      quiet(),
	}
}

// quiet drops what a proxy has to say about clients that went away: tests kill
// some of them.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
