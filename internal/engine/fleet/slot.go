package fleet

import (
	"context"
	"sync"
)

// connector makes the connection of a node.
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
	done chan struct{}
	node *Node
	err  error
}

// node returns the attempt's outcome.
func (s *slot) node(ctx context.Context, connect connector) (*Node, error) {
	a := s.join(ctx, connect)
	select {
	case <-a.done:
		return a.node, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns the attempt to wait for, and starts it if there is none. The attempt
// is detached from ctx: one caller that gives up must not fail others. It is the only
// one: a node that is away costs its timeout once, and all that ask for it get the
// same answer.
func (s *slot) join(ctx context.Context, connect connector) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.try != nil {
		return s.try
	}
	a := &attempt{done: make(chan struct{})}
	s.try = a
	go func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ConnectTimeout)
		defer cancel()
		a.node, a.err = connect(ctx, s.name, s.config)
	}()
	return a
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
