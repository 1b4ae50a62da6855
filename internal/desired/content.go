package desired

import (
	"fmt"

	"github.com/docker/docker/api/types/image"
)

// ContentID identifies what a container of an image runs, for Docker Compose's
// labels: the ID of the image's manifest for a platform ("os/arch[/variant]",
// empty for the engine's own) where the engine keeps several under one ID, and
// the image's ID elsewhere. An index's own ID changes with attestations, which
// no container runs (https://github.com/docker/compose/issues/13636).
func ContentID(img image.InspectResponse, platform string) string {
	if platform == "" {
		platform = img.Os + "/" + img.Architecture
		if img.Variant != "" {
			platform += "/" + img.Variant
		}
	}
	var available []image.ManifestSummary
	for _, m := range img.Manifests {
		if m.Kind != image.ManifestKindImage || !m.Available {
			continue
		}
		available = append(available, m)
		if m.ImageData == nil {
			continue
		}
		p := m.ImageData.Platform
		text := p.OS + "/" + p.Architecture
		if p.Variant != "" {
			text += "/" + p.Variant
		}
		if PlatformText(text) == PlatformText(platform) {
			return m.ID
		}
	}
	if len(available) == 1 {
		return available[0].ID
	}
	return img.ID
}

// DeliveredReadOnly is what to know about a relative bind mount that does not say
// that it is read-only.
func DeliveredReadOnly(service string, f *File) string {
	return fmt.Sprintf("service %q: %q is delivered read-only to %s: add :ro to say so, or use a named volume or an absolute path of the node for data that the service writes",
		service, "./"+f.Name, f.Target)
}
