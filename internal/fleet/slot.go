package fleet

import (
	"context"
	"sync"
	"time"
)

// slot is a node's place in the fleet, connected or not.
type slot struct {
	name   string
	config NodeConfig

	mu      sync.Mutex
	current *attempt // guarded by mu; nil until first used
}

// attempt is one try to connect, shared by everyone who waits for it. Its fields
// are set before done is closed and never change afterwards.
type attempt struct {
	done  chan struct{}
	node  *Node
	err   error
	stale time.Time // when a failure stops to count
}

func (s *slot) node(ctx context.Context, connect func(context.Context, string, NodeConfig) (*Node, error)) (*Node, error) {
	a := s.join(ctx, connect)
	select {
	case <-a.done:
		return a.node, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns the attempt to wait for, and starts one if there is none. The
// attempt is detached from ctx: one caller that gives up must not fail others.
func (s *slot) join(ctx context.Context, connect func(context.Context, string, NodeConfig) (*Node, error)) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && !s.current.over() {
		return s.current
	}
	a := &attempt{done: make(chan struct{})}
	s.current = a
	go func() {
		defer close(a.done)
		start := time.Now()
		a.node, a.err = connect(context.WithoutCancel(ctx), s.name, s.config)
		end := time.Now()
		a.stale = end.Add(end.Sub(start))
	}()
	return a
}

// over tells whether the attempt failed long enough ago to be made anew.
func (a *attempt) over() bool {
	select {
	case <-a.done:
		return a.err != nil && time.Now().After(a.stale)
	default:
		return false
	}
}

func (s *slot) close() {
	s.mu.Lock()
	a := s.current
	s.mu.Unlock()
	if a == nil {
		return
	}
	select {
	case <-a.done:
		if a.node != nil {
			a.node.line.close()
		}
	default:
	}
}
