package run

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Snapshots are the nodes' lists, each read at most once until something is written
// to its node. The zero value is ready. It is safe for concurrent use.
type Snapshots struct {
	reading singleflight.Group
	mu      sync.Mutex // guards what follows
	nodes   map[string]*observed.Node
	lost    map[string]lost
	writes  map[string]int // how often each node was forgotten
}

// lost is why a node that had answered did not do so any more when it was read.
type lost struct {
	err   error
	until time.Time // as long as it took to find that out
}

// Get returns a node's lists, and calls read where they are not known. If offline reports
// that the error of read means that the node is away, the node is not asked again, so
// that the resources in a queue for it wait once. After a write ([Snapshots.Forget]) it
// is asked again, but not before as much time has passed as the failed attempt took.
func (s *Snapshots) Get(ctx context.Context, node string, read func(context.Context) (*observed.Node, error), offline func(error) bool) (*observed.Node, error) {
	s.mu.Lock()
	known, writes, gone := s.nodes[node], s.writes[node], s.lost[node]
	s.mu.Unlock()
	if known != nil || gone.err != nil {
		return known, gone.err
	}
	shared := context.WithoutCancel(ctx) // other callers wait for it: it goes on when this one is cancelled
	reading := s.reading.DoChan(node, func() (any, error) {
		if known := s.known(node); known != nil { // another reading ended since
			return known, nil
		}
		start := time.Now()
		n, err := read(shared)
		if offline(err) {
			s.lose(node, lost{err, time.Now().Add(time.Since(start))})
		}
		if err != nil {
			return nil, err
		}
		s.keep(node, n, writes)
		return n, nil
	})
	select {
	case done := <-reading:
		if done.Err != nil {
			return nil, done.Err
		}
		return done.Val.(*observed.Node), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Snapshots) known(node string) *observed.Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nodes[node]
}

func (s *Snapshots) lose(node string, why lost) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil {
		s.lost = map[string]lost{}
	}
	s.lost[node] = why
}

// keep keeps lists, unless the node was forgotten since they were read: writes is how
// often it had been forgotten before. Such lists are from before a write.
func (s *Snapshots) keep(node string, n *observed.Node, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes[node] != writes {
		return
	}
	if s.nodes == nil {
		s.nodes = map[string]*observed.Node{}
	}
	s.nodes[node] = n
}

// Forget drops what is known of a node, before and after something is written.
func (s *Snapshots) Forget(node string) {
	s.mu.Lock()
	delete(s.nodes, node)
	if time.Now().After(s.lost[node].until) {
		delete(s.lost, node)
	}
	if s.writes == nil {
		s.writes = map[string]int{}
	}
	s.writes[node]++
	s.mu.Unlock()
	s.reading.Forget(node)
}

// Release gives back what reading a stack took of memory.
func (s *Snapshots) Release(node, stack string) {
	if n := s.known(node); n != nil {
		n.Release(stack)
	}
}
