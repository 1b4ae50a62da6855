package execute

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

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
		if !errdefs.IsNotFound(err) || try > 1 {
			return "", errors.Join(fmt.Errorf("create scratch container: %w", err), removeLost(ctx, engine, name, err))
		}
		if err := importScratch(ctx, engine); err != nil {
			return "", err
		}
	}
}

// cleanLimit bounds one step that cleans up.
const cleanLimit = 2 * time.Minute

// cleaning is for cleaning up, also when the time for the change is up.
func cleaning(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanLimit)
}

// removeScratch removes such a container, also when ctx has ended. One that is
// gone is not an error.
func removeScratch(ctx context.Context, engine scratchEngine, id string) error {
	return removeHelper(ctx, engine, id, container.RemoveOptions{Force: true})
}

// removeHelper removes a container that this package made for a moment. Its error
// says that the container is left.
func removeHelper(ctx context.Context, engine remover, id string, options container.RemoveOptions) error {
	ctx, cancel := cleaning(ctx)
	defer cancel()
	if err := ignoreNotFound(engine.ContainerRemove(ctx, id, options)); err != nil {
		return fmt.Errorf("helper container %s is left on the node: %w", id, err)
	}
	return nil
}

// remover is what removing a container takes of a node's engine.
type remover interface {
	ContainerRemove(ctx context.Context, id string, options container.RemoveOptions) error
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
