package plan

import (
	"fmt"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// volumes plans the stack's named volumes. A volume is never replaced: that
// would lose its data.
func (b *builder) volumes() {
	for _, key := range sortedKeys(b.want.Volumes) {
		want := b.want.Volumes[key]
		have, exists := b.have.Volumes[want.Name]
		switch {
		case want.External && !exists:
			b.addMissing(fmt.Sprintf("Volume %q is declared external, but no volume named %q exists on the node. "+
				"It has to be there when this stack is applied: let the stack depend on what makes it, or remove external: true.", key, want.Name), "")
		case want.External:
		case !exists:
			b.addChange(Change{Subject: "volume " + want.Name, Name: want.Name, Action: Create})
			b.onceFor(b.volumeCreations, Operation{Kind: CreateVolume, Name: want.Name})
		case have.Labels[desired.LabelProject] != b.want.Name:
			b.addProblem(fmt.Sprintf("Volume %q exists on the node, and this stack did not make it. "+
				"Declare it external: true to use its data, or give this one another name.", want.Name))
		case want.Driver != "" && want.Driver != have.Driver:
			b.volumeDiffers(want, "driver", have.Driver, want.Driver)
		default:
			for _, option := range sortedKeys(want.Options) {
				if have.Options[option] != want.Options[option] {
					b.volumeDiffers(want, "driver_opts."+option, have.Options[option], want.Options[option])
				}
			}
		}
	}
}

func (b *builder) volumeDiffers(want desired.Volume, field, old, wanted string) {
	b.addProblem(fmt.Sprintf("Volume %q exists with another %s (%q, not %q), and a volume cannot be changed without losing its data. "+
		"Keep the old value, give the volume another name, or move the data and remove the volume with docker volume rm.",
		want.Name, field, old, wanted))
}

// removeScratch removes the containers through which an interrupted change delivered
// files; they would hold their volumes.
func (b *builder) removeScratch() {
	for _, id := range b.have.Scratch {
		b.addChange(Change{Subject: "scratch container " + id[:12], Action: CleanUp})
		b.add(Operation{ID: opID(RemoveContainer, "scratch "+id), Kind: RemoveContainer, Container: id})
	}
}
