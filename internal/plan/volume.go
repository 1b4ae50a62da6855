package plan

import (
	"fmt"
	"slices"

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
			b.lacks(fmt.Sprintf("Volume %q is declared external, but no volume named %q exists on the node. "+
				"It has to be there when this stack is applied: let the stack depend on what makes it, or remove external: true.", key, want.Name), "")
		case want.External:
		case !exists:
			b.change(Change{Subject: "volume " + want.Name, Name: want.Name, Action: Create})
			b.onceFor(b.volumeCreations, Operation{Kind: CreateVolume, Name: want.Name})
		case have.Labels[desired.LabelProject] != b.want.Name:
			b.problem(fmt.Sprintf("Volume %q exists on the node, and this stack did not make it. "+
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
	b.problem(fmt.Sprintf("Volume %q exists with another %s (%q, not %q), and a volume can't be changed without losing its data. "+
		"Keep the old value, give the volume another name, or move the data and remove the volume with docker volume rm.",
		want.Name, field, old, wanted))
}

// files plans the delivery of files into the volumes that no container mounts
// yet, for the replicas that are made.
func (b *builder) files() {
	for _, name := range sortedKeys(b.Placements) {
		if !b.makesAny(name) {
			continue
		}
		for _, target := range sortedKeys(b.Placements[name]) {
			p := b.Placements[name][target]
			if p.InUse {
				continue
			}
			var needs []*Operation
			if !p.Exists {
				needs = append(needs, b.onceFor(b.volumeCreations, Operation{Kind: CreateVolume, Name: p.Volume, File: &p}))
			}
			b.onceFor(b.deliveries, Operation{Kind: DeliverFiles, Name: p.Volume, File: &p, Needs: needs})
		}
	}
}

func (b *builder) makesAny(service string) bool {
	return slices.ContainsFunc(b.slots[service], (*slot).makes)
}

// cleanUpFiles removes the versions of delivered files that nothing uses any
// more, after the containers that did.
func (b *builder) cleanUpFiles() {
	current := map[string]bool{}
	for name, targets := range b.Placements {
		for _, p := range targets {
			current[p.Volume] = current[p.Volume] || b.want.Services[name].Replicas > 0
		}
	}
	for name := range b.slots {
		for _, s := range b.slots[name] {
			if s.current != nil && !s.makes() && s.action != Remove {
				for _, vol := range s.current.FileVolumes {
					current[vol] = true
				}
			}
		}
	}
	for _, name := range sortedKeys(b.have.Volumes) {
		labels := b.have.Volumes[name].Labels
		if labels[desired.LabelStack] != b.want.Name || labels[desired.LabelFile] == "" || current[name] {
			continue
		}
		// Without its name: no state shows the volume while a container still uses
		// it, so whoever approves the container's change approves this.
		b.change(Change{Subject: "volume " + name, Action: CleanUp, Causes: []Difference{{Field: "volumes", Old: "superseded", New: "removed"}}})
		b.onceFor(b.volumeRemovals, Operation{Kind: RemoveVolume, Name: name, Needs: b.all(RemoveContainer, AwaitContainer)})
	}
}

// scratch removes the containers through which an interrupted change delivered
// files; they would hold their volumes.
func (b *builder) scratch() {
	for _, id := range b.have.Scratch {
		b.change(Change{Subject: "scratch container " + id[:12], Action: CleanUp})
		b.add(Operation{ID: opID(RemoveContainer, "scratch "+id), Kind: RemoveContainer, Container: id})
	}
}

// images plans the pulls and builds that the replicas to be made need.
func (b *builder) images() {
	for _, name := range sortedKeys(b.want.Services) {
		s := b.want.Services[name]
		_, exists := b.image(s.Image.Reference)
		switch kind := b.fetch(&s); {
		case !b.makesAny(name):
		case kind != "":
			b.fetchImage(kind, s.Image.Reference, name)
		case !exists:
			b.problem(fmt.Sprintf("Image %q of service %q is not on the node, and %s", s.Image.Reference, name, neverPulled(&s)))
		case b.lostTags[s.Image.Reference] != "":
			b.retag(s.Image.Reference)
		}
		if b.makesAny(name) || b.startsAsAWhole(name) {
			b.otherImages(&s)
		}
	}
}

// fetchImage plans the pull or the build of an image, once for all who use it.
func (b *builder) fetchImage(kind Kind, ref, service string) {
	all := b.pulls
	if kind == BuildImage {
		all = b.builds
	}
	b.onceFor(all, Operation{Kind: kind, Name: ref, Service: service})
}

// neverPulled says what keeps the images of a service from being pulled, and the way
// out.
func neverPulled(s *desired.Service) string {
	if s.Image.OwnPolicy {
		return fmt.Sprintf("pull_policy of the service is never, which goes before pull of the stack. Load the image there, or change pull_policy in the document, "+
			"or in an entry of overrides: services: { %s: { pull_policy: missing } }.", s.Name)
	}
	return "pull is \"never\". Load the image there, or set pull = \"missing\"."
}

// fetch says how a new container of the service comes by its image; empty
// means that it is taken as it is on the node.
func (b *builder) fetch(s *desired.Service) Kind {
	img, exists := b.image(s.Image.Reference)
	compare := b.compare(s)
	has, platform := img.Spec["platform"], desired.PlatformText(s.Image.Platform)
	switch {
	case compare.needsBuild(b.have.Services[s.Name]):
		return BuildImage
	case s.Image.Build != nil || s.Image.Pull == desired.PullNever:
		return ""
	case s.Image.Pull == desired.PullRefresh && img.Age > s.Image.RefreshAfter:
		return PullImage
	case !exists || s.Image.Pull == desired.PullAlways || compare.otherDigest():
		return PullImage
	case platform != "" && has != "" && platform != has: // the tag is there, for another platform
		return PullImage
	}
	return ""
}

// moveTags notes the references that the plan fetches anew, after which they
// may mean another image also to services that did not change. It tells
// whether there are more than before.
func (b *builder) moveTags() bool {
	before := len(b.movedTags)
	for name, s := range b.want.Services {
		if b.makesAny(name) && b.fetch(&s) != "" {
			b.movedTags[s.Image.Reference] = true
		}
	}
	return len(b.movedTags) > before
}
