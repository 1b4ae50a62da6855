package desired

import (
	"testing"

	"github.com/docker/docker/api/types/image"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestContentID_Manifests_IsThatOfThePlatform(t *testing.T) {
	manifest := func(id, arch, variant string, kind image.ManifestKind, available bool) image.ManifestSummary {
		m := image.ManifestSummary{ID: id, Kind: kind, Available: available}
		if arch != "" {
			m.ImageData = &image.ImageProperties{Platform: ocispec.Platform{OS: "linux", Architecture: arch, Variant: variant}}
		}
		return m
	}
	index := image.InspectResponse{ID: "index", Os: "linux", Architecture: "amd64", Manifests: []image.ManifestSummary{
		manifest("gone", "amd64", "", image.ManifestKindImage, false), manifest("note", "", "", image.ManifestKindAttestation, true),
		manifest("arm", "arm64", "v8", image.ManifestKindImage, true), manifest("amd", "amd64", "", image.ManifestKindImage, true),
	}}
	for platform, want := range map[string]string{"": "amd", "linux/arm64": "arm", "linux/amd64": "amd", "linux/s390x": "index"} {
		if got := ContentID(index, platform); got != want {
			t.Errorf("%s: %s", platform, got)
		}
	}
	single := image.InspectResponse{ID: "index", Os: "linux", Architecture: "amd64", Manifests: []image.ManifestSummary{manifest("only", "", "", image.ManifestKindImage, true)}}
	if got := ContentID(single, "linux/arm64"); got != "only" {
		t.Errorf("the only manifest: %s", got)
	}
	if got := ContentID(image.InspectResponse{ID: "plain"}, ""); got != "plain" {
		t.Errorf("no manifests: %s", got)
	}
}

func TestPlatformText_Spellings_AreOnePlatform(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "amd64": "linux/amd64", "Linux/x86_64": "linux/amd64", "linux/aarch64": "linux/arm64", "linux/arm64/v8": "linux/arm64",
		"linux/arm": "linux/arm/v7", "armhf": "linux/arm/v7", "linux/arm/v6": "linux/arm/v6", "linux/i686": "linux/386", "linux/riscv64": "linux/riscv64",
	} {
		if got := PlatformText(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
