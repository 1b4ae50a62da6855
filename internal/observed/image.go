package observed

import (
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func newImage(resp image.InspectResponse) Image {
	img := Image{ID: resp.ID, Labels: map[string]string{}, Spec: desired.Spec{}}
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
	if platform := platformText(resp.Os, resp.Architecture, resp.Variant); platform != "" {
		img.Spec["platform"] = platform
	}
	for _, digest := range resp.RepoDigests {
		if _, sum, ok := strings.Cut(digest, "@"); ok {
			img.Digest = sum
			break
		}
	}
	return img
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
