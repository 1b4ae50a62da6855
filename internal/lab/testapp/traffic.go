//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
	"time"
)

// serve serves until it is time to end, and then finishes what it was asked, as
// the servers of a homelab do.
func (b behavior) serve(handler http.Handler) int {
	server := &http.Server{Addr: b.addr, Handler: handler} //nolint:gosec // no test waits for slow headers
	failed := make(chan int, 1)
	go func() {
		if err := b.listen(server); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, err)
			failed <- 1
		}
	}()
	ended := make(chan int, 1)
	go func() { ended <- b.wait() }()
	select {
	case code := <-failed:
		return code
	case code := <-ended:
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		return code
	}
}

// proxy is an ordinary reverse proxy: it looks the name up for each connection,
// tries every address, and asks again what is safe to ask twice when a
// connection broke before an answer came (as nginx does by default).
func proxy(upstream string) http.Handler {
	target, err := url.Parse(upstream)
	if err != nil {
		panic(err)
	}
	p := httputil.NewSingleHostReverseProxy(target)
	p.Transport = again{http.DefaultTransport}
	return p
}

type again struct{ http.RoundTripper }

func (a again) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	for range 3 {
		resp, err = a.RoundTripper.RoundTrip(r)
		if err == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			break
		}
	}
	return resp, err
}

// load asks from several sides at once, each time over a new connection and
// over a kept one in turn, and serves "<answered> <failed> <last failure>".
func load(target string) http.Handler {
	var answered, failed atomic.Int64
	var last atomic.Value
	last.Store("")
	for i := range 4 {
		client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
		go func() {
			for {
				if err := ask(client, target); err != nil {
					failed.Add(1)
					last.Store(err.Error())
				} else {
					answered.Add(1)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%d %d %s", answered.Load(), failed.Load(), last.Load())
	})
}

func ask(client *http.Client, target string) error {
	resp, err := client.Get(target)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return nil
}
