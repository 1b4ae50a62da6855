package fleet

import (
	"context"
	"sync"
	"time"
)

// connector makes the connection of a node; the configuration carries the limit
// that ctx has.
type connector func(ctx context.Context, name string, c NodeConfig) (*Node, error)

// slot is a node's place in the fleet, connected or not.
type slot struct {
	name   string
	config NodeConfig

	mu  sync.Mutex
	try *attempt // guarded by mu; nil until first used
}

// attempt is the one try to connect, shared by everyone who asks for the node.
// node and err are set before done is closed and never change afterwards.
type attempt struct {
	done   chan struct{}
	wanted chan struct{} // closed when somebody waits for it
	want   sync.Once
	node   *Node
	err    error
}

// node returns the attempt's outcome. slow is called once if that takes long.
func (s *slot) node(ctx context.Context, p pace, connect connector, slow func()) (*Node, error) {
	a, first := s.join(ctx, p.now(s.config), connect)
	a.want.Do(func() { close(a.wanted) })
	if first {
		patience := time.AfterFunc(p.patience, slow)
		defer patience.Stop()
	}
	select {
	case <-a.done:
		return a.node, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns the attempt to wait for, and starts it if there is none; first
// tells which. The attempt is detached from ctx: one caller that gives up must
// not fail others. It is the only one: a node that is away costs its time once,
// and all that ask for it get one answer.
func (s *slot) join(ctx context.Context, t turn, connect connector) (a *attempt, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.try != nil {
		return s.try, false
	}
	a = &attempt{done: make(chan struct{}), wanted: make(chan struct{})}
	s.try = a
	config := s.config
	config.limit = t.limit
	go func() {
		defer close(a.done)
		start := time.NewTimer(t.delay)
		defer start.Stop()
		select {
		case <-start.C:
		case <-a.wanted:
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.limit)
		defer cancel()
		a.node, a.err = connect(ctx, s.name, config)
	}()
	return a, true
}

func (s *slot) close() {
	s.mu.Lock()
	a := s.try
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
