package execute

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// scratchImage is an image with nothing in it. Containers of it are made to
// reach a volume or a directory through the archive API, and are never started.
const scratchImage = "homelab-iac/scratch:1"

// scratchTarget is where such a container mounts it; the image has a directory
// there.
const scratchTarget = desired.DirectoryTarget

// scratchEngine is what a scratch container takes of a node's engine.
type scratchEngine interface {
	ContainerCreate(ctx context.Context, config *container.Config, host *container.HostConfig, networking *network.NetworkingConfig, platform *ocispec.Platform, name string) (container.CreateResponse, error)
	ContainerRemove(ctx context.Context, id string, options container.RemoveOptions) error
	CopyToContainer(ctx context.Context, id, path string, content io.Reader, options container.CopyToContainerOptions) error
	ImageImport(ctx context.Context, source image.ImportSource, ref string, options image.ImportOptions) (io.ReadCloser, error)
}

// createScratch makes a container that is never started, importing the empty
// image when the node has none. With name "" it gets one that nothing else has. One
// whose creation failed is not left behind.
func createScratch(ctx context.Context, engine scratchEngine, name string, labels map[string]string, host *container.HostConfig) (string, error) {
	if name != "" {
		labels[desired.LabelHelper] = name
	}
	config := &container.Config{Image: scratchImage, Cmd: []string{"never-started"}, NetworkDisabled: true, Labels: labels}
	host.NetworkMode = "none"
	if name == "" {
		name = helperName("scratch")
	}
	for try := 1; ; try++ {
		resp, err := engine.ContainerCreate(ctx, config, host, &network.NetworkingConfig{}, nil, name)
		if err == nil {
			return resp.ID, nil
		}
		removeLost(ctx, engine, name, err)
		if !errdefs.IsNotFound(err) || try > 1 {
			return "", fmt.Errorf("create scratch container: %w", err)
		}
		if err := importScratch(ctx, engine); err != nil {
			return "", err
		}
	}
}

// removeScratch removes such a container, also when ctx has ended. One that is
// gone is no error.
func removeScratch(ctx context.Context, engine scratchEngine, id string) error {
	err := engine.ContainerRemove(context.WithoutCancel(ctx), id, container.RemoveOptions{Force: true})
	if ignoreNotFound(err) != nil {
		return fmt.Errorf("remove scratch container: %w", err)
	}
	return nil
}

// importScratch makes the empty image from an archive with one directory:
// engines refuse an image without any layer content.
func importScratch(ctx context.Context, engine scratchEngine) error {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	if err := w.WriteHeader(&tar.Header{Name: "files/", Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
		return fmt.Errorf("write scratch image: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write scratch image: %w", err)
	}
	body, err := engine.ImageImport(ctx, image.ImportSource{Source: &content, SourceName: "-"}, scratchImage, image.ImportOptions{})
	if err != nil {
		return fmt.Errorf("import scratch image: %w", err)
	}
	defer body.Close()
	return readStream(body, nil)
}
