package plan

import (
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// inheritedCauses are reasons to recreate a container that lie outside it; own is how
// many it has itself.
func (b *builder) inheritedCauses(s *desired.Service, c *observed.Container, building bool, own int) []Difference {
	var out []Difference
	switch {
	case own > 0: // they say why the image differs
	case building:
		out = append(out, Difference{Field: "build", Old: "image is missing", New: s.Image.Build.Hash})
	case b.movedTags[s.Image.Reference]:
		out = append(out, Difference{Field: "image", Old: s.Image.Reference, New: s.Image.Reference + ", fetched anew"})
	}
	out = append(out, b.networkCauses(s)...)
	return append(out, b.parentCauses(s, c)...)
}

// networkCauses are the networks of the service that are replaced.
func (b *builder) networkCauses(s *desired.Service) []Difference {
	var out []Difference
	for _, a := range s.Networks {
		if b.networkRemovals[a.Network] != nil {
			out = append(out, Difference{Field: "networks." + a.Network, Old: "attached", New: "attached to its replacement"})
		}
	}
	return out
}

// goneNetworks are networks to which a container's settings still attach it, and which
// were removed or recreated since. A container that never ran may have no identity
// of its network: the engine looks that up by name when it starts.
func (b *builder) goneNetworks(s *desired.Service, c *observed.Container) map[string]Difference {
	out := map[string]Difference{}
	for _, a := range s.Networks {
		id, attached := c.NetworkIDs[a.Network]
		current, exists := b.have.Networks[a.Network]
		if attached && b.networkRemovals[a.Network] == nil && (!exists || id != "" && id != current.ID) {
			out[a.Network] = Difference{Field: "networks." + a.Network, Old: "attached to a network that is gone", New: "attached"}
		}
	}
	return out
}

// parentCauses are the containers that it refers to and that are recreated, or were by
// an interrupted change.
func (b *builder) parentCauses(s *desired.Service, c *observed.Container) []Difference {
	var out []Difference
	for _, share := range s.Shares() {
		parent := share.Service
		for _, p := range b.slots[parent] {
			switch {
			case p.number != 1:
			case p.creates():
				out = append(out, Difference{Field: share.Field, Old: "service:" + parent, New: "service:" + parent + ", recreated"})
			case p.current != nil && len(c.Shares) > 0 && !slices.Contains(c.Shares, p.current.ID):
				out = append(out, Difference{Field: share.Field, Old: "service:" + parent + ", a container that goes", New: "service:" + parent})
			}
		}
	}
	return out
}
