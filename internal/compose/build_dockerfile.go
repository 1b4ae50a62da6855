package compose

import (
	"path/filepath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// readDockerfile notes what a build's Dockerfile uses, and returns the images
// that it names. One that cannot be read is left to the builder, which says where
// the mistake is.
func readDockerfile(b *desired.Build) (images []string) {
	text := []byte(b.DockerfileInline)
	if b.DockerfileInline == "" {
		if b.Remote {
			return nil
		}
		var err error
		if text, err = localfile.ReadFile(filepath.Join(b.Context, filepath.FromSlash(b.Dockerfile))); err != nil {
			return nil
		}
	}
	args := map[string]string{}
	for key, value := range b.Args {
		if value != nil {
			args[key] = *value
		}
	}
	read := archive.ReadDockerfile(text, args)
	b.Syntax, b.Frontend = read.Syntax, read.Frontend || args["BUILDKIT_SYNTAX"] != ""
	return read.Images
}
