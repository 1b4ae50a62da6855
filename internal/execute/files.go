package execute

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// scratchImage is an image with nothing in it. Containers of it are made to
// reach a volume through the archive API, and are never started.
const scratchImage = "homelab-iac/scratch:1"

// scratchTarget is where such a container mounts the volume.
const scratchTarget = "/files"

func (r *run) createVolume(ctx context.Context, op *plan.Operation) error {
	options := volume.CreateOptions{Name: op.Name, Labels: map[string]string{desired.LabelStack: r.want.Name}}
	if op.File != nil {
		if err := fileLabels(options.Labels, op.File); err != nil {
			return err
		}
	}
	for key, v := range r.want.Volumes {
		if v.Name == op.Name && op.File == nil {
			options.Driver, options.DriverOpts = v.Driver, v.Options
			maps.Copy(options.Labels, v.Labels)
			options.Labels[desired.LabelProject], options.Labels[desired.LabelVolume] = r.want.Name, key
			options.Labels[desired.LabelConfigHash], options.Labels[desired.LabelComposeVer] = v.ComposeHash, composeVersion
		}
	}
	if _, err := r.engine.VolumeCreate(ctx, options); err != nil {
		return fmt.Errorf("create volume %s: %w", op.Name, err)
	}
	return nil
}

// fileLabels say what a volume of delivered files holds: for a secret a slow
// salted hash, for anything else its digest.
func fileLabels(labels map[string]string, p *plan.Placement) error {
	labels[desired.LabelFile] = string(p.File.Kind)
	labels[desired.LabelFileName] = p.File.Name
	if p.File.Digest != "" {
		labels[desired.LabelFileDigest] = p.File.Digest
		return nil
	}
	check, err := desired.NewSecretCheck(plan.SecretContent(p.File))
	if err != nil {
		return err
	}
	labels[desired.LabelSecretCheck] = string(check)
	labels[desired.LabelFileOwner] = plan.SecretOwner(p.File)
	labels[desired.LabelFileVersion] = strconv.Itoa(p.Version)
	return nil
}

// deliver writes a file or tree into its volume. Doing it again writes the
// same, so a delivery that was cut off is simply repeated.
func (r *run) deliver(ctx context.Context, op *plan.Operation) (err error) {
	id, err := r.scratch(ctx, op.Name)
	if err != nil {
		return err
	}
	defer func() {
		removeErr := r.engine.ContainerRemove(context.WithoutCancel(ctx), id, container.RemoveOptions{Force: true})
		if err == nil && ignoreNotFound(removeErr) != nil {
			err = fmt.Errorf("remove scratch container: %w", removeErr)
		}
	}()
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(archive.Tar(ctx, writer, scratchEntries(op.File.File.Entries))) }()
	defer reader.Close() // ends the writer when the engine stopped reading
	if err := r.engine.CopyToContainer(ctx, id, "/", reader, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("deliver %s %q to volume %s: %w", op.File.File.Kind, op.File.File.Name, op.Name, err)
	}
	return nil
}

// scratchEntries are the entries as seen from the scratch container's root. Sent
// to the mount itself, a symbolic link that leads out of it would be refused
// (moby/moby, pkg/archive, "invalid symlink"): its target is looked for below the
// directory that is written to.
func scratchEntries(entries []desired.Entry) []desired.Entry {
	moved := slices.Clone(entries)
	for i := range moved {
		moved[i].Path = path.Join(strings.TrimPrefix(scratchTarget, "/"), moved[i].Path)
	}
	return moved
}

// scratch makes a container that mounts the volume, importing the empty image
// when the node has none.
func (r *run) scratch(ctx context.Context, vol string) (string, error) {
	config := &container.Config{Image: scratchImage, Cmd: []string{"never-started"}, NetworkDisabled: true,
		Labels: map[string]string{desired.LabelScratch: r.want.Name}}
	host := &container.HostConfig{NetworkMode: "none", Mounts: []mount.Mount{
		{Type: mount.TypeVolume, Source: vol, Target: scratchTarget, VolumeOptions: &mount.VolumeOptions{NoCopy: true}}}}
	for try := 1; ; try++ {
		resp, err := r.engine.ContainerCreate(ctx, config, host, &network.NetworkingConfig{}, nil, "")
		if err == nil {
			return resp.ID, nil
		}
		if !errdefs.IsNotFound(err) || try > 1 {
			return "", fmt.Errorf("create scratch container: %w", err)
		}
		if err := r.importScratch(ctx); err != nil {
			return "", err
		}
	}
}

// importScratch makes the empty image from an archive with one directory:
// engines refuse an image without any layer content.
func (r *run) importScratch(ctx context.Context) error {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	if err := w.WriteHeader(&tar.Header{Name: "files/", Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
		return fmt.Errorf("write scratch image: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write scratch image: %w", err)
	}
	body, err := r.engine.ImageImport(ctx, image.ImportSource{Source: &content, SourceName: "-"}, scratchImage, image.ImportOptions{})
	if err != nil {
		return fmt.Errorf("import scratch image: %w", err)
	}
	defer body.Close()
	return readStream(body, nil)
}
