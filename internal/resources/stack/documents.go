package stack

import (
	"context"
	"reflect"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Documents loads Compose documents for the resources of a configured provider,
// each at most once for as long as nothing that it is made of is configured
// otherwise: Terraform plans a stack right after reading it, and right before
// applying it, from the same. It is safe for concurrent use.
type Documents struct {
	mu     sync.Mutex          // guards loaded
	loaded map[string]*loading // by the stack's ID
}

// loading is one load. Its results are set before done is closed.
type loading struct {
	in   compose.Input
	done chan struct{}
	want desired.Stack
	err  error
}

// NewDocuments returns what the resources of a provider share.
func NewDocuments() *Documents { return &Documents{loaded: map[string]*loading{}} }

// Load returns the stack with an ID, which the caller must not change. Its errors
// are those of [compose.Load].
func (d *Documents) Load(ctx context.Context, id string, in compose.Input) (*desired.Stack, error) {
	l := d.begin(ctx, id, in)
	select {
	case <-l.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.err != nil {
		d.forget(id, l) // a file may be there by the next time
	}
	return &l.want, l.err
}

// begin joins the load of the same, or starts one.
func (d *Documents) begin(ctx context.Context, id string, in compose.Input) *loading {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.loaded[id]; l != nil && reflect.DeepEqual(l.in, in) {
		return l
	}
	l := &loading{in: in, done: make(chan struct{})}
	d.loaded[id] = l
	shared := context.WithoutCancel(ctx) // other callers must not fail when this caller gives up
	go func() {
		defer close(l.done)
		l.want, l.err = compose.Load(shared, in)
	}()
	return l
}

func (d *Documents) forget(id string, l *loading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaded[id] == l {
		delete(d.loaded, id)
	}
}
