package fleet_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// silent answers nothing until the test ends, and counts who came.
type silent struct {
	came  atomic.Int32
	until chan struct{}
	once  sync.Once
}

// host is the address of one more node.
func (s *silent) host(t *testing.T) string {
	t.Helper()
	host := serve(t, s)
	t.Cleanup(func() { s.once.Do(func() { close(s.until) }) }) // before the server waits for its answers
	return host
}

func (s *silent) ServeHTTP(http.ResponseWriter, *http.Request) {
	s.came.Add(1)
	<-s.until
}

func TestNode_Away_IsTriedOnceForAll(t *testing.T) {
	s := &silent{until: make(chan struct{})}
	f := one(t, fleet.NodeConfig{Host: s.host(t)}, fleet.WithConnectTimeout(50*time.Millisecond))
	for range 5 {
		_, err := f.Node(t.Context(), "atlas")
		requireError(t, err, fleet.Unreachable)
	}
	if came := s.came.Load(); came != 1 {
		t.Errorf("it was tried %d times", came)
	}
}

func TestNode_OneTimeout_IsTheNodesOwn(t *testing.T) {
	f := one(t, fleet.NodeConfig{Host: (&silent{until: make(chan struct{})}).host(t), ConnectTimeout: 40 * time.Millisecond}, fleet.WithConnectTimeout(time.Hour))
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, "within 40ms (its connect_timeout)")
}

func TestOffline_WhatIsAwayAndWhatIsNot(t *testing.T) {
	keep := fleet.NodeConfig{Host: "tcp://atlas.lan:2376", TLS: &fleet.TLS{}, KeepOffline: true}
	for name, tc := range map[string]struct {
		err  error
		away bool
	}{
		"refused":            {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		"no route":           {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, true},
		"no name":            {&net.OpError{Op: "dial", Err: &net.DNSError{Name: "atlas.lan", IsNotFound: true}}, true},
		"no answer":          {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, true},
		"no socket":          {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENOENT)}, true},
		"closed":             {fmt.Errorf("read: %w", syscall.ECONNRESET), true},
		"gone midway":        {errors.New("Cannot connect to the Docker daemon at tcp://atlas.lan:2376. Is the docker daemon running?"), true},
		"no permission":      {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}, false},
		"no TLS":             {http.ErrSchemeMismatch, false},
		"certificate needed": {errors.New("remote error: tls: certificate required"), false},
	} {
		t.Run(name, func(t *testing.T) {
			e := requireError(t, fleet.Unreached("atlas", keep, tc.err), fleet.Unreachable)
			if e.Offline() != tc.away || e.KeepsState() != tc.away {
				t.Errorf("offline %v, keeps %v: %s", e.Offline(), e.KeepsState(), e.Detail())
			}
			fail := keep
			fail.KeepOffline = false
			if requireError(t, fleet.Unreached("atlas", fail, tc.err), fleet.Unreachable).KeepsState() {
				t.Error("state is kept without being asked for")
			}
		})
	}
}
