package observed

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Cache is what was seen of things that don't change as long as they have the
// same ID: with it, reading a stack again asks for no image. It holds no values
// of an image's environment. The zero value knows nothing.
type Cache struct {
	// Images are by ID.
	Images map[string]CachedImage `json:"images,omitempty"`
	// Defaults names, by the container's ID, the fields that its image gave.
	Defaults map[string][]string `json:"defaults,omitempty"`
}

// CachedImage is what is remembered of an image.
type CachedImage struct {
	RepoDigests []string `json:"repo_digests,omitempty"`
	Content     string   `json:"content,omitempty"` // ContentID where it is not the ID
	Platform    string   `json:"platform,omitempty"`
	Build       string   `json:"build,omitempty"` // the label of what it was built from
	Healthcheck bool     `json:"healthcheck,omitempty"`
	// Tagged is when the node last tagged or pulled it.
	Tagged time.Time `json:"tagged,omitzero"`
	// Volumes are the fields of its Spec that declare volumes.
	Volumes map[string]string `json:"volumes,omitempty"`
}

// Cache returns what can be remembered of the stack.
func (s *Stack) Cache() Cache {
	cached := Cache{Images: map[string]CachedImage{}, Defaults: map[string][]string{}}
	for _, containers := range s.Services {
		for i := range containers {
			c := &containers[i]
			img, ok := s.Images[c.ImageID]
			if !ok {
				continue
			}
			cached.Defaults[c.ID] = slices.Sorted(maps.Keys(c.Defaults))
			cached.Images[c.ImageID] = CachedImage{Content: img.otherContent(), RepoDigests: img.RepoDigests, Platform: img.Spec["platform"],
				Build: img.Labels[desired.LabelBuildHash], Healthcheck: img.HasHealthcheck, Tagged: img.tagged,
				Volumes: img.Spec.Below("volumes.")}
		}
	}
	return cached
}

// otherContent is the ContentID where it is not the ID.
func (i Image) otherContent() string {
	if i.ContentID == i.ID {
		return ""
	}
	return i.ContentID
}

// image returns what is known of a container's image; ok is false unless that
// makes an inspection of it needless.
func (k Cache) image(c container.InspectResponse) (img Image, ok bool) {
	cached, seen := k.Images[c.Image]
	if _, ok := k.Defaults[c.ID]; !ok || !seen {
		return Image{}, false
	}
	img = Image{ID: c.Image, ContentID: cmp.Or(cached.Content, c.Image), RepoDigests: cached.RepoDigests, Spec: desired.Spec{}, Labels: map[string]string{}, HasHealthcheck: cached.Healthcheck}
	img.tagged, img.Age = cached.Tagged, time.Since(cached.Tagged)
	maps.Copy(img.Spec, cached.Volumes)
	if cached.Platform != "" {
		img.Spec["platform"] = cached.Platform
	}
	if cached.Build != "" {
		img.Labels[desired.LabelBuildHash] = cached.Build
	}
	return img.named(""), true
}

// defaults names the fields of a container that its image gave.
func (k Cache) defaults(id string, spec desired.Spec, img Image) map[string]bool {
	keys, ok := k.Defaults[id]
	if !ok {
		return imageDefaults(spec, img)
	}
	defaults := map[string]bool{}
	for _, key := range keys {
		if _, has := spec[key]; has {
			defaults[key] = true
		}
	}
	return defaults
}
