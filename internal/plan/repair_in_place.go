package plan

import (
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// repairable are the differences that the engine can repair in place.
type repairable struct {
	// image is that the reference is gone from the node, though not the image.
	image  []Difference
	limits []Difference
	// networks holds the differences by the engine's network name.
	networks map[string][]Difference
}

func (m repairable) causes() []Difference {
	return slices.Concat(m.image, m.limits, m.connections())
}

// connections lists the differences of all networks.
func (m repairable) connections() []Difference {
	var out []Difference
	for _, name := range sortedKeys(m.networks) {
		out = append(out, m.networks[name]...)
	}
	return out
}

// inPlace separates the differences that can be repaired in place from the rest. A
// changed declaration cannot be applied in place: a container's labels say what it was
// created from, and labels cannot be changed.
func (b *builder) inPlace(compare *comparison, c *observed.Container, causes []Difference) (here repairable, rest []Difference) {
	here.networks = map[string][]Difference{}
	if c.State == observed.Dead || c.State == observed.Removing {
		return here, causes
	}
	here.image = b.untagged(compare.service, c)
	for _, d := range causes {
		name := compare.networkOf(d.Field, c)
		switch {
		case desired.IsUpdatable(d.Field, d.New == "") && compare.madeFromThis(c):
			here.limits = append(here.limits, d)
		case name != "" && b.networkRemovals[name] == nil && compare.attachedByHand(d, c):
			here.networks[name] = append(here.networks[name], d)
		default:
			rest = append(rest, d)
		}
	}
	gone := b.goneNetworks(compare.service, c)
	for _, name := range sortedKeys(gone) {
		if !c.Up() && c.State != observed.Paused {
			here.networks[name] = append(here.networks[name], gone[name])
		} else {
			rest = append(rest, gone[name])
		}
	}
	return here, rest
}

// networkOf is the engine's name of the network that a field belongs to; empty
// for any other field. A name may contain dots.
func (c *comparison) networkOf(field string, have *observed.Container) string {
	rest, ok := strings.CutPrefix(field, "networks.")
	if !ok {
		return ""
	}
	best := ""
	consider := func(name string) {
		if (rest == name || strings.HasPrefix(rest, name+".")) && len(name) > len(best) {
			best = name
		}
	}
	for _, a := range c.service.Networks {
		consider(a.Network)
	}
	for name := range have.NetworkIDs {
		consider(name)
	}
	return best
}

// attachedByHand reports whether a difference of a network was not declared, but
// made by hand.
func (c *comparison) attachedByHand(d Difference, have *observed.Container) bool {
	return c.declaredAsNow(have) || d.New == "attached" && slices.Contains(c.applied, d.Field)
}

// madeFromThis reports whether a container was made from the definition as it is
// now, so that what differs was done by hand. Networks are no part of it.
func (c *comparison) madeFromThis(have *observed.Container) bool {
	if hash := have.Labels[desired.LabelSpecHash]; desired.SameHashVersion(hash) {
		return hash == c.service.Hash()
	}
	return c.declaredAsNow(have)
}

// declaredAsNow reports whether the document said the same of the service when
// the container was made, its networks included.
func (c *comparison) declaredAsNow(have *observed.Container) bool {
	return have.Labels[desired.LabelConfigHash] == c.service.ComposeHash.Sum(c.firstOf)
}

// image is what a reference means on the node, or will once it is back.
func (b *builder) image(ref string) (observed.Image, bool) {
	img, exists := b.have.Images[ref]
	if id, lost := b.lostTags[ref]; !exists && lost {
		return b.have.Images[id], true
	}
	return img, exists
}

// findLostTags finds references that were removed by hand from images which containers
// still run: such an image is not pulled.
func (b *builder) findLostTags() {
	for _, name := range sortedKeys(b.want.Services) {
		want := b.want.Services[name].Image
		if _, exists := b.have.Images[want.Reference]; exists {
			continue
		}
		for _, c := range b.have.Services[name] {
			img, there := b.have.Images[c.ImageID]
			if there && c.Image == want.Reference && (want.Digest == "" || img.Has(want.Digest)) && b.lostTags[want.Reference] == "" {
				b.lostTags[want.Reference] = c.ImageID
			}
		}
	}
}

// retag gives an image its reference back, once.
func (b *builder) retag(ref string) {
	b.pulls[ref].after(b.onceFor(b.tags, Operation{Kind: RetagImage, Name: ref, Image: b.lostTags[ref]})) // which gives it to another image, for another service
}

// untagged is that the reference of the image which a container runs is gone.
func (b *builder) untagged(s *desired.Service, c *observed.Container) []Difference {
	if id := b.lostTags[s.Image.Reference]; id != "" && id == c.ImageID {
		return []Difference{{Field: "image", Old: id, New: s.Image.Reference}}
	}
	return nil
}
