package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Image is what a registry says of an image.
type Image struct {
	// Digest is what the reference means: the digest of the index for a
	// multi-platform image.
	Digest string
	// Platforms are "os/arch[/variant]", sorted.
	Platforms []string
	// PlatformDigest is the digest of the image for the platform that was asked
	// for, or of the only one; empty where there are several and none was named.
	PlatformDigest string
	// Created is when that image was built; the first one of the index where none
	// was named. It is zero where the image does not say.
	Created time.Time
}

// Image describes what a reference means now, and its image for a platform
// ("os/arch[/variant]"; empty for none in particular). Errors are as those of
// [Resolver.Digest], and [ErrNoPlatform].
func (r *Resolver) Image(ctx context.Context, ref, platform string) (Image, error) {
	return ask(ctx, r, ref, func(ctx context.Context, ref name.Reference) (Image, error) {
		manifest, err := remote.Get(ref, r.options(ctx)...)
		if err != nil {
			return Image{}, err
		}
		if manifest.MediaType.IsIndex() {
			return indexImage(manifest, platform)
		}
		return singleImage(manifest, platform)
	})
}

// Offer is for which platforms a registry has an image.
type Offer struct {
	Platforms []string // "os/arch[/variant]", sorted
	// Single reports that there is one image and no index.
	Single bool
}

// Offer returns the platforms for which there is an image by a reference: one request
// where that is an index, a second one for the configuration of a single image.
// Nothing is tried twice: the caller can do without. Errors are as those of [Resolver.Digest].
func (r *Resolver) Offer(ctx context.Context, ref string) (Offer, error) {
	return ask(context.WithValue(ctx, once{}, true), r, ref, func(ctx context.Context, ref name.Reference) (Offer, error) {
		manifest, err := remote.Get(ref, r.options(ctx)...)
		if err != nil {
			return Offer{}, err
		}
		if !manifest.MediaType.IsIndex() {
			image, err := singleImage(manifest, "")
			return Offer{Platforms: image.Platforms, Single: true}, err
		}
		index, err := indexManifest(manifest)
		if err != nil {
			return Offer{}, err
		}
		platforms := map[string]bool{}
		for _, m := range index.Manifests {
			if text := platformText(m.Platform); text != "" {
				platforms[text] = true
			}
		}
		return Offer{Platforms: slices.Sorted(maps.Keys(platforms))}, nil
	})
}

func singleImage(d *remote.Descriptor, platform string) (Image, error) {
	image, err := d.Image()
	if err != nil {
		return Image{}, fmt.Errorf("read image: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return Image{}, fmt.Errorf("read image configuration: %w", err)
	}
	only := platformText(config.Platform())
	if platform != "" && !matches(platform, only) {
		return Image{}, &noPlatformError{platform, []string{only}}
	}
	digest := d.Digest.String()
	return Image{Digest: digest, PlatformDigest: digest, Platforms: []string{only}, Created: config.Created.Time}, nil
}

func indexImage(d *remote.Descriptor, platform string) (Image, error) {
	manifest, err := indexManifest(d)
	if err != nil {
		return Image{}, err
	}
	images := map[string]v1.Hash{} // by platform
	var first string
	for _, m := range manifest.Manifests {
		text := platformText(m.Platform)
		if _, known := images[text]; known || text == "" {
			continue
		}
		images[text] = m.Digest
		if first == "" {
			first = text
		}
	}
	out := Image{Digest: d.Digest.String(), Platforms: slices.Sorted(maps.Keys(images))}
	chosen, err := choose(platform, first, out.Platforms)
	if err != nil || chosen == "" {
		return out, err
	}
	if platform != "" || len(images) == 1 {
		out.PlatformDigest = images[chosen].String()
	}
	out.Created, err = createdIn(d, images[chosen])
	return out, err
}

func choose(platform, first string, platforms []string) (string, error) {
	if platform == "" {
		return first, nil
	}
	if slices.Contains(platforms, platform) {
		return platform, nil
	}
	for _, p := range platforms {
		if matches(platform, p) {
			return p, nil
		}
	}
	return "", &noPlatformError{platform, platforms}
}

// matches reports whether a platform is the wanted one. A wanted platform without a variant matches any variant.
func matches(wanted, platform string) bool {
	return platform == wanted || strings.Count(wanted, "/") == 1 && strings.HasPrefix(platform, wanted+"/")
}

func createdIn(d *remote.Descriptor, digest v1.Hash) (time.Time, error) {
	index, err := d.ImageIndex()
	if err != nil {
		return time.Time{}, fmt.Errorf("read index: %w", err)
	}
	image, err := index.Image(digest)
	if err != nil {
		return time.Time{}, fmt.Errorf("read image: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return time.Time{}, fmt.Errorf("read image configuration: %w", err)
	}
	return config.Created.Time, nil
}

func indexManifest(d *remote.Descriptor) (*v1.IndexManifest, error) {
	index, err := d.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	return manifest, nil
}

// platformText is empty for what is not an image to run: BuildKit stores attestations
// as images for "unknown/unknown".
func platformText(p *v1.Platform) string {
	if p == nil || p.OS == "unknown" {
		return ""
	}
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return text
}
