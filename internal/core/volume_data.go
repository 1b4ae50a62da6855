package core

import (
	"context"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// RemovesData notes which volumes a destroy of a stack would remove, as the state says;
// none for nil. Terraform plans what takes the place of a tainted stack without its
// state, and only this says what goes then. It does no I/O.
func (s Stacks) RemovesData(node, stack string, volumes []string) {
	s.run.NoteRemovedVolumes(node, stack, volumes)
}

// DataRemoved is what was noted with [Stacks.RemovesData]. It does no I/O.
func (s Stacks) DataRemoved(node, stack string) []string { return s.run.RemovedVolumes(node, stack) }

// Data finds the volumes with the given names on a node: all that exist, in order, and
// those of them that a stack made for its data. It only reads, from the shared
// snapshot.
func (s Stacks) Data(ctx context.Context, node, stack string, volumes []string) (exist, own []string, err error) {
	_, snapshot, err := s.look(ctx, node)
	if err != nil {
		return nil, nil, err
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
