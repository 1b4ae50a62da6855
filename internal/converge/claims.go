package converge

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// quiet is how long nothing must happen in the process before a stack that waits
// for another one's plan takes it that there will be none.
const quiet = 2 * time.Second

// claims are what the stacks that were planned in this process take of their
// nodes. Terraform plans at once what does not depend on each other, so a stack
// that is to learn of all others may have to wait for them. The zero value is
// ready. It is safe for concurrent use.
type claims struct {
	mu     sync.Mutex // guards what follows
	nodes  map[string]map[string]claimed
	made   int
	warned map[string]bool // nodes about whose memory somebody was told
	// working counts the calls that may lead to another claim, waiting those of
	// them that wait for one.
	working, waiting int
	writing          map[string]int // applies and destroys under way, by node, without those that wait
	held             map[thing]bool // see hold
	declared         map[thing]declaration
	failed           map[thing]int                          // creates that failed: toResume or resumed
	directories      map[thing]map[string]desired.Directory // by the resource's identity
	stirred          chan struct{}                          // closed with the next change; nil: nobody waits
}

// claimed is a claim with its place in the order in which stacks were planned.
type claimed struct {
	plan.Claim
	order int
}

// put notes a claim in place of an earlier one of the same stack, which keeps its
// place in the order.
func (c *claims) put(node string, claim plan.Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes == nil {
		c.nodes = map[string]map[string]claimed{}
	}
	if c.nodes[node] == nil {
		c.nodes[node] = map[string]claimed{}
	}
	order := c.nodes[node][claim.Stack].order
	if order == 0 {
		c.made++
		order = c.made
	}
	c.nodes[node][claim.Stack] = claimed{claim, order}
	c.stir()
}

// others are the claims on a node but for a stack's own, in order.
func (c *claims) others(node, stack string) []plan.Claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []claimed
	for name, one := range c.nodes[node] {
		if name != stack {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b claimed) int { return cmp.Compare(a.order, b.order) })
	own, planned := c.nodes[node][stack]
	var out []plan.Claim
	for _, one := range list {
		one.Before = !planned || one.order < own.order
		out = append(out, one.Claim)
	}
	return out
}

// first tells whether nobody was warned about a node's memory yet.
func (c *claims) first(node string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.warned == nil {
		c.warned = map[string]bool{}
	}
	told := c.warned[node]
	c.warned[node] = true
	return !told
}

// work notes a call that may lead to a claim, until the function that it returns
// is called.
func (c *claims) work() func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working++
	c.stir()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.working--
		c.stir()
	}
}

// write notes that a stack of a node is applied or destroyed, until the function
// that it returns is called.
func (c *claims) write(node string) func() {
	c.count(node, 1)
	return func() { c.count(node, -1) }
}

func (c *claims) count(node string, more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing == nil {
		c.writing = map[string]int{}
	}
	c.writing[node] += more
	c.stir()
}

// await waits for the claims of stacks on a node, for as long as any work is
// under way that may lead to one, or that writes to the node. It is for a call
// that is noted as work itself.
func (c *claims) await(ctx context.Context, node string, stacks []string) {
	unplanned := func(name string) bool { _, planned := c.nodes[node][name]; return !planned }
	c.waitUntil(ctx, node, func() bool { return !slices.ContainsFunc(stacks, unplanned) })
}

// waitUntil waits until ready reports true, for as long as any work is under way, or
// that writes to the node. It is for a call that is noted as work itself. ready is
// called with mu held.
func (c *claims) waitUntil(ctx context.Context, node string, ready func() bool) {
	c.mu.Lock()
	c.waiting++
	c.stir()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.waiting--
		c.mu.Unlock()
	}()
	c.settle(ctx, func() (done, idle bool) {
		return ready(), c.working <= c.waiting && c.writing[node] == 0
	})
}

// another waits until something else that is being written to a node has ended,
// and tells whether anything had. It is for a call that is noted as writing itself.
func (c *claims) another(ctx context.Context, node string) bool {
	c.count(node, -1)
	defer c.count(node, 1)
	c.mu.Lock()
	before := c.writing[node]
	c.mu.Unlock()
	ended := false
	c.settle(ctx, func() (done, idle bool) {
		now := c.writing[node]
		ended = ended || now < before
		before = max(before, now)
		return ended, now == 0
	})
	return ended
}

// settle waits until look says that it is done, or has said for some time that
// nothing is under way. look is called with mu held.
func (c *claims) settle(ctx context.Context, look func() (done, idle bool)) {
	for {
		c.mu.Lock()
		done, idle := look()
		if c.stirred == nil {
			c.stirred = make(chan struct{})
		}
		stirred := c.stirred
		c.mu.Unlock()
		if done {
			return
		}
		pause := time.NewTimer(quiet)
		timeUp := pause.C
		if !idle {
			timeUp = nil
		}
		select {
		case <-stirred:
			pause.Stop()
		case <-timeUp:
			return
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// stir wakes whoever waits. The caller holds mu.
func (c *claims) stir() {
	if c.stirred != nil {
		close(c.stirred)
		c.stirred = nil
	}
}

// Leave notes that the run takes a stack away from a node, so that what it holds
// there is free for others. It does no I/O.
func (d *Door) Leave(node, stack string) {
	this := thing{KindStack, node, stack}
	if !d.claims.isDeclared(this) { // else another resource takes its place
		d.claims.put(node, plan.Claim{Stack: stack, Leaves: true})
		d.segments.putStack(node, stack, nil)
	}
	d.claims.over(this)
	d.claims.hold(this)
}

// Undecided notes that what a stack takes of a node is known only at apply. It
// does no I/O.
func (d *Door) Undecided(node, stack string) {
	d.claims.put(node, plan.Claim{Stack: stack, Unknown: true})
}
