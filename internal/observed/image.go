package observed

import (
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func newImage(resp image.InspectResponse) Image {
	img := Image{ID: resp.ID, ContentID: desired.ContentID(resp, ""), RepoDigests: resp.RepoDigests, Labels: map[string]string{}, Spec: desired.Spec{}}
	if c := resp.Config; c != nil {
		config := container.Config{
			User: c.User, Env: c.Env, Cmd: c.Cmd, Entrypoint: c.Entrypoint, WorkingDir: c.WorkingDir,
			Labels: c.Labels, StopSignal: c.StopSignal, Healthcheck: c.Healthcheck, ExposedPorts: nat.PortSet{},
		}
		for port := range c.ExposedPorts {
			config.ExposedPorts[nat.Port(port)] = struct{}{}
		}
		var mounts []desired.Mount
		for target := range c.Volumes {
			mounts = append(mounts, desired.Mount{Type: desired.MountVolume, Target: target})
		}
		img.Spec = desired.Extract(desired.View{Config: &config, Mounts: mounts})
		img.HasHealthcheck = hasHealthcheck(c.Healthcheck)
		if c.Labels != nil {
			img.Labels = c.Labels
		}
	}
	img.tagged, img.Age = resp.Metadata.LastTagTime.UTC(), time.Since(resp.Metadata.LastTagTime)
	if platform := platformText(resp.Os, resp.Architecture, resp.Variant); platform != "" {
		img.Spec["platform"] = platform
	}
	return img
}

// named is the image as a reference names it; an ID is not a reference.
func (i Image) named(ref string) Image {
	if ref == i.ID {
		ref = ""
	}
	i.Digest = desired.RepoDigest(ref, i.RepoDigests)
	return i
}

// Has reports whether a registry's digest ("sha256:…") is one of the image's.
// There may be several: an index's and its own, or one for each time that a
// registry got the same image another way.
func (i Image) Has(digest string) bool {
	return digest == i.Digest || slices.ContainsFunc(i.RepoDigests, func(entry string) bool { return strings.HasSuffix(entry, "@"+digest) })
}

// digestOf is the registry's digest of a container's image: the one noted when
// homelab made it, or else what the engine knows.
func digestOf(c *Container, s *Stack) string {
	if noted := c.Labels[desired.LabelImageDigest]; noted != "" && c.Owned() {
		return noted
	}
	return s.Images[c.ImageID].named(c.Image).Digest
}

// learnDigests adds what containers know of their images: engines forget the
// digest of what was pulled through a mirror.
func learnDigests(s *Stack) {
	for _, containers := range s.Services {
		for i := range containers {
			c := &containers[i]
			noted := c.Labels[desired.LabelImageDigest]
			if noted == "" || !c.Owned() {
				continue
			}
			for key, img := range s.Images {
				if img.ID != c.ImageID || img.Has(noted) {
					continue
				}
				img.RepoDigests = append(slices.Clone(img.RepoDigests), c.Image+"@"+noted)
				if img.Digest == "" {
					img.Digest = noted
				}
				s.Images[key] = img
			}
		}
	}
}

// platformOf says what a container runs on: engines whose images hold several
// platforms (API 1.48) name the one; with others it is the image's only one.
func platformOf(c container.InspectResponse, img Image) string {
	if d := c.ImageManifestDescriptor; d != nil && d.Platform != nil {
		return platformText(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant)
	}
	return img.Spec["platform"]
}

func platformText(system, architecture, variant string) string {
	if system == "" || architecture == "" {
		return ""
	}
	text := system + "/" + architecture
	if variant != "" {
		text += "/" + variant
	}
	return desired.PlatformText(text)
}

// imageDefaults names the fields that have just the value the image gives.
func imageDefaults(spec desired.Spec, img Image) map[string]bool {
	defaults := map[string]bool{}
	for key, value := range img.Spec {
		if spec[key] == value {
			defaults[key] = true
		}
	}
	return defaults
}
