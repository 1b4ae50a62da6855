package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// images plans the pulls and builds that the replicas to be made need.
func (b *builder) images() {
	for _, name := range sortedKeys(b.want.Services) {
		s := b.want.Services[name]
		_, exists := b.image(s.Image.Reference)
		switch kind := b.fetch(&s); {
		case !b.createsAny(name):
		case kind != "":
			b.fetchImage(kind, s.Image.Reference, name)
		case !exists:
			b.addProblem(fmt.Sprintf("Image %q of service %q is not on the node, and %s", s.Image.Reference, name, neverPulled(&s)))
		case b.lostTags[s.Image.Reference] != "":
			b.retag(s.Image.Reference)
		}
		if b.createsAny(name) || b.startsAll(name) {
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

// neverPulled says which setting forbids to pull the images of a service, and what to
// do.
func neverPulled(s *desired.Service) string {
	if s.Image.OwnPolicy {
		return fmt.Sprintf("pull_policy of the service is never, which goes before pull of the stack. Load the image there, or change pull_policy in the document, "+
			"or in an entry of overrides: services: { %s: { pull_policy: missing } }.", s.Name)
	}
	return "pull is \"never\". Load the image there, or set pull = \"missing\"."
}

// fetch returns how a new container of the service gets its image; empty means that
// the image is used as it is on the node.
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

// moveTags notes the references that the plan pulls or builds, after which they may
// mean another image also to services that did not change. It reports whether there
// are more than before.
func (b *builder) moveTags() bool {
	before := len(b.movedTags)
	for name, s := range b.want.Services {
		if b.createsAny(name) && b.fetch(&s) != "" {
			b.movedTags[s.Image.Reference] = true
		}
	}
	return len(b.movedTags) > before
}

// otherImages plans the pulls and builds of the images that a service's new
// containers mount, or that its hooks run in.
func (b *builder) otherImages(s *desired.Service) {
	for _, ref := range s.OtherImages() {
		_, exists := b.have.Images[ref]
		maker, made := b.maker(ref)
		switch {
		case made:
			if b.fetch(&maker) == BuildImage {
				b.fetchImage(BuildImage, ref, maker.Name)
			}
		case exists && (s.Image.Pull != desired.PullAlways || slices.ContainsFunc(s.Mounts, mounts(ref))):
		case s.Image.Pull == desired.PullNever:
			b.addProblem(fmt.Sprintf("Image %q, which service %q takes besides its own, is not on the node, and %s", ref, s.Name, neverPulled(s)))
		default:
			b.fetchImage(PullImage, ref, s.Name)
		}
	}
}

// mounts finds a mount of an image.
func mounts(ref string) func(desired.Mount) bool {
	return func(m desired.Mount) bool { return m.Type == desired.MountImage && m.Source == ref }
}

// maker is the service whose build makes an image, if any does.
func (b *builder) maker(ref string) (desired.Service, bool) {
	for _, name := range sortedKeys(b.want.Services) {
		if s := b.want.Services[name]; s.Image.Build != nil && s.Image.Reference == ref {
			return s, true
		}
	}
	return desired.Service{}, false
}

// mountedImages are differences of the images that a container mounts: the
// reference may mean another image by now.
func (c *comparison) mountedImages(have *observed.Container) []Difference {
	was := map[string]string{}
	for _, item := range strings.Split(have.Labels[desired.LabelImageVolumes], ",") {
		if target, id, ok := strings.Cut(item, "="); ok {
			was[target] = id
		}
	}
	var out []Difference
	for _, m := range c.service.Mounts {
		id := cmp.Or(c.images[m.Source].ContentID, was[m.Target])
		if m.Type == desired.MountImage && was[m.Target] != "" && was[m.Target] != id {
			out = append(out, Difference{Field: "volumes." + m.Target, Old: was[m.Target], New: id})
		}
	}
	return out
}
