package converge

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// offerLimit bounds how long a plan asks a registry for an image's platforms.
// Whether it answers is no matter of the plan's: often it is just the node that
// can reach it.
const offerLimit = 10 * time.Second

// build plans, and once more where the plan depends on what other stacks of the
// same run are about to do.
func (d *Door) build(ctx context.Context, node string, want *desired.Stack, have *observed.Stack, mem Memory, opts plan.Options) (*plan.Plan, *observed.Stack, error) {
	opts.Others = d.claims.others(node, want.Name)
	p := plan.Build(want, have, opts)
	if len(p.Awaits) == 0 {
		return p, have, nil
	}
	if len(p.Problems) > 0 && p.Problems[0].Foreign {
		return p, have, nil // which was waited for
	}
	d.claims.await(ctx, node, p.Awaits)
	_, have, err := d.observe(ctx, node, want.Name, references(want), mem.Seen) // what was written meanwhile is read
	if err != nil {
		return nil, nil, err
	}
	opts.Others = d.claims.others(node, want.Name)
	return plan.Build(want, have, opts), have, nil
}

// buildFree plans for an apply. A port or the stack's name may be about to become
// free, and what is missing about to be made: while others are at work on the node
// it is looked at again after each.
func (d *Door) buildFree(ctx context.Context, node string, want *desired.Stack, have *observed.Stack, mem Memory, opts plan.Options) (*plan.Plan, *observed.Stack, error) {
	p := plan.Build(want, have, opts)
	for again := true; again && len(p.Awaits)+len(p.Missing) > 0; {
		again = d.claims.another(ctx, node)
		var err error
		if _, have, err = d.observe(ctx, node, want.Name, references(want), mem.Seen); err != nil {
			return nil, nil, err
		}
		p = plan.Build(want, have, opts)
	}
	return p, have, nil
}

// fit compares what a plan brings up with the node's machine, and the images that
// it pulls with what registries have. What can't be asked is not spoken of: the
// engine will say it. A plan that brings nothing up asks nobody.
func (d *Door) fit(ctx context.Context, node string, engine Engine, want *desired.Stack, p *plan.Plan) (problems []plan.Problem, warnings []string) {
	if len(p.Problems) > 0 {
		return nil, nil
	}
	facts, known := d.machine(ctx, node, engine, p.AsksForMachine(want))
	if known {
		problems, warnings = p.Fit(want, node, facts)
		own := plan.ClaimOf(want)
		text := plan.Overcommitted(node, facts, append(d.claims.others(node, want.Name), own))
		if text != "" && len(own.Reserved) > 0 && d.claims.first(node) {
			warnings = append(warnings, text)
		}
	}
	pulls := slices.DeleteFunc(p.Pulls(want), func(pull plan.Pull) bool { return notTold(want, pull) })
	more, remarks := plan.Runs(pulls, want.Name, node, facts, d.offered(ctx, pulls))
	return append(problems, more...), append(warnings, remarks...)
}

// machine are the node's facts, once for the process. Where they are not needed
// they are known only if they were needed before.
func (d *Door) machine(ctx context.Context, node string, engine Engine, needed bool) (observed.Facts, bool) {
	if !needed && !d.machines.asked(node) {
		return observed.Facts{}, false
	}
	facts, err := d.machines.get(ctx, node, func(ctx context.Context) (observed.Facts, error) { return observed.ReadFacts(ctx, engine) })
	return facts, err == nil
}

// offered asks registries for which platforms they have images, for those that
// they tell of in time.
func (d *Door) offered(ctx context.Context, pulls []plan.Pull) map[string]plan.Offer {
	found := map[string]plan.Offer{}
	var mu sync.Mutex // guards found
	var group sync.WaitGroup
	slots := make(chan struct{}, asking)
	for _, ref := range distinct(pulls) {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			offer, err := d.offers.get(ctx, ref, func(ctx context.Context) (Offer, error) {
				ctx, cancel := context.WithTimeout(ctx, offerLimit)
				defer cancel()
				return d.registry.Offer(ctx, ref)
			})
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			found[ref] = plan.Offer(offer)
		})
	}
	group.Wait()
	return found
}

// notTold tells whether the digest of an image could not be looked up just now: its
// registry is not asked again.
func notTold(want *desired.Stack, pull plan.Pull) bool {
	s := want.Services[pull.Service]
	return follows(&s) && s.Image.Reference == pull.Reference && s.Image.Digest == ""
}

func distinct(pulls []plan.Pull) []string {
	var refs []string
	for _, pull := range pulls {
		refs = append(refs, pull.Reference)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}
