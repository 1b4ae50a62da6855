package converge

import (
	"context"
	"slices"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// removals are the stacks of this run's states whose destroy removes volumes. The
// zero value is ready. It is safe for concurrent use.
type removals struct {
	mu     sync.Mutex // guards what follows
	stacks map[[2]string][]string
}

// RemovesData notes which volumes a destroy of a stack would remove, as the state says;
// none for nil. Terraform plans what takes the place of a tainted stack without its
// state, and only this tells what goes then. It does no I/O.
func (d *Door) RemovesData(node, stack string, volumes []string) {
	d.removals.mu.Lock()
	defer d.removals.mu.Unlock()
	if d.removals.stacks == nil {
		d.removals.stacks = map[[2]string][]string{}
	}
	d.removals.stacks[[2]string{node, stack}] = volumes
}

// DataRemoved is what was noted with [Door.RemovesData]. It does no I/O.
func (d *Door) DataRemoved(node, stack string) []string {
	d.removals.mu.Lock()
	defer d.removals.mu.Unlock()
	return d.removals.stacks[[2]string{node, stack}]
}

// Data finds the volumes with the given names on a node: all that exist, in order, and
// those of them that a stack made for its data. It only reads, from the shared
// snapshot.
func (d *Door) Data(ctx context.Context, node, stack string, volumes []string) (exist, own []string, err error) {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := d.snapshot(ctx, node, engine)
	if err != nil {
		return nil, nil, explain(engine, err)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(volumes))) {
		v, exists := snapshot.Volume(name)
		if !exists || v.Labels[desired.LabelFile] != "" {
			continue
		}
		exist = append(exist, name)
		if v.Labels[desired.LabelProject] == stack && v.Labels[desired.LabelVolume] != "" {
			own = append(own, name)
		}
	}
	return exist, own, nil
}
