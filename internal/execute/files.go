package execute

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

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
	host := &container.HostConfig{Mounts: []mount.Mount{
		{Type: mount.TypeVolume, Source: op.Name, Target: scratchTarget, VolumeOptions: &mount.VolumeOptions{NoCopy: true}}}}
	id, err := createScratch(ctx, r.engine, "", map[string]string{desired.LabelScratch: r.want.Name}, host)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, removeScratch(ctx, r.engine, id))
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
