package run

import (
	"context"
	"time"
)

// patience is how long an apply that is blocked waits for another resource of the run to
// begin to write to the node. Terraform starts a create and the destroy of what it
// replaces at once, in no order. No plan depends on it.
const patience = 2 * time.Second

// Write notes that a resource of a node is applied or destroyed, until the function
// that it returns is called.
func (r *Run) Write(name string) (end func()) {
	r.count(name, 1, 0)
	return func() { r.count(name, -1, 1) }
}

func (r *Run) count(name string, writers, written int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.at(name)
	n.writers += writers
	n.written += written
	if n.changed != nil {
		close(n.changed)
		n.changed = nil
	}
}

// AwaitWriter waits until something else that is written to a node has ended, and
// reports whether anything has. It is for a caller of [Run.Write], which does not
// count as long as it waits: two that wait for each other both end.
func (r *Run) AwaitWriter(ctx context.Context, name string) bool {
	r.count(name, -1, 0)
	defer r.count(name, 1, 0)
	_, before, _ := r.writers(name)
	for {
		writers, written, changed := r.writers(name)
		if written > before {
			return true
		}
		if !wait(ctx, changed, writers == 0) {
			return false
		}
	}
}

// writers are how many write to a node and how many have, and what is closed when one
// of these changes.
func (r *Run) writers(name string) (writers, written int, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.at(name)
	if n.changed == nil {
		n.changed = make(chan struct{})
	}
	return n.writers, n.written, n.changed
}

// wait waits for a change, for at most the time of patience where nothing is under way.
// It reports whether there was one.
func wait(ctx context.Context, changed <-chan struct{}, idle bool) bool {
	var timeUp <-chan time.Time
	if idle {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		timeUp = timer.C
	}
	select {
	case <-changed:
		return true
	case <-timeUp:
		return false
	case <-ctx.Done():
		return false
	}
}

// Turn waits until nothing else writes the same thing of a node, or until ctx ends.
// The caller calls end when it is done.
func (r *Run) Turn(ctx context.Context, name, thing string) (end func(), err error) {
	r.mu.Lock()
	turns := r.at(name).turns
	if turns[thing] == nil {
		turns[thing] = make(chan struct{}, 1)
	}
	taken := turns[thing]
	r.mu.Unlock()
	select {
	case taken <- struct{}{}:
		return func() { <-taken }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
