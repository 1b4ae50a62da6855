package converge

import (
	"context"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// lost is why a node that had answered did not do so any more when it was read.
type lost struct {
	err   error
	until time.Time // as long as it took to find that out
}

// snapshot returns the node's lists, read at most once until something is
// written to the node. What is written is the moment to try a lost node again, too;
// but not before that would take longer than it has: resources in a queue for the
// node then wait for it once.
func (d *Door) snapshot(ctx context.Context, node string, engine Engine) (*observed.Node, error) {
	d.mu.Lock()
	known, writes, gone := d.nodes[node], d.writes[node], d.lost[node]
	d.mu.Unlock()
	if known != nil || gone.err != nil {
		return known, gone.err
	}
	shared := context.WithoutCancel(ctx) // whoever else waits for it must not suffer when this caller gives up
	reading := d.reading.DoChan(node, func() (any, error) {
		d.mu.Lock()
		known := d.nodes[node]
		d.mu.Unlock()
		if known != nil { // another reading ended since
			return known, nil
		}
		start := time.Now()
		n, err := observed.ReadNode(shared, engine)
		away := Offline(explain(engine, err))
		d.mu.Lock()
		defer d.mu.Unlock()
		if away {
			d.lost[node] = lost{err, time.Now().Add(time.Since(start))}
		}
		if err != nil {
			return nil, err
		}
		if d.writes[node] == writes { // else another stack was written meanwhile, and this is what was before
			d.nodes[node] = n
		}
		return n, nil
	})
	select {
	case read := <-reading:
		if read.Err != nil {
			return nil, read.Err
		}
		return read.Val.(*observed.Node), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// forget drops what is known of a node, before and after something is written.
func (d *Door) forget(node string) {
	d.mu.Lock()
	delete(d.nodes, node)
	if time.Now().After(d.lost[node].until) {
		delete(d.lost, node)
	}
	d.writes[node]++
	d.mu.Unlock()
	d.reading.Forget(node)
}

// observe reads one stack, from the shared snapshot.
func (d *Door) observe(ctx context.Context, node, stack string, refs []string, known observed.Known) (Engine, *observed.Stack, error) {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := d.snapshot(ctx, node, engine)
	if err != nil {
		return nil, nil, explain(engine, err)
	}
	have, err := snapshot.Stack(ctx, stack, refs, known)
	return engine, have, explain(engine, err)
}

// release gives back what reading a stack took of memory.
func (d *Door) release(node, stack string) {
	d.mu.Lock()
	n := d.nodes[node]
	d.mu.Unlock()
	if n != nil {
		n.Release(stack)
	}
}
