package converge

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
)

// What becomes of a stack whose create failed, in this run. Terraform plans to destroy
// what a failed create left, and to create it.
const (
	// toResume: nothing else is known than that the create failed. The create that
	// comes in its place takes up what is there.
	toResume = iota + 1
	// resumed: the destroy is over, and has left what is there to the create.
	resumed
)

// fails notes that the create failed of a stack that a state of this run has.
func (c *claims) fails(t thing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed[t] == 0 {
		c.setFailed(t, toResume)
	}
}

// resume notes that a destroy has left a stack to the create that follows.
func (c *claims) resume(t thing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setFailed(t, resumed)
}

// over notes that a stack goes, or was made: there is nothing of it to take up.
func (c *claims) over(t thing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.failed, t)
	c.stir()
}

// setFailed is for callers that hold mu.
func (c *claims) setFailed(t thing, how int) {
	if c.failed == nil {
		c.failed = map[thing]int{}
	}
	c.failed[t] = how
	c.stir()
}

// resumes reports whether a create takes up what a failed one left. A resource with
// another address may have that in its state, and go: what it has is destroyed. As
// long as anything is under way that may say so, it waits. It is for a call that is
// noted as work itself.
func (c *claims) resumes(ctx context.Context, t thing) bool {
	c.mu.Lock()
	how := c.failed[t]
	c.mu.Unlock()
	if how != toResume {
		return how == resumed
	}
	c.waitUntil(ctx, t.node, func() bool {
		how = c.failed[t]
		return how != toResume
	})
	return how != 0
}

// leaveToCreate notes on the node that the create of a stack was cut off: the create
// that follows takes up what is there.
func (d *Door) leaveToCreate(ctx context.Context, node, stack string) error {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return err
	}
	if err := execute.WriteNote(ctx, engine, desired.Note{Kind: desired.NoteStack, Name: stack}); err != nil {
		return explain(engine, err)
	}
	d.claims.resume(thing{KindStack, node, stack})
	return nil
}
