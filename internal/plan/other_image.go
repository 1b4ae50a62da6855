package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

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
			b.problem(fmt.Sprintf("Image %q, which service %q takes besides its own, is not on the node, and %s", ref, s.Name, neverPulled(s)))
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
