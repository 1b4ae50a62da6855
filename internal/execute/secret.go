package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// SecretEngine is what secrets take of a node's engine.
type SecretEngine interface {
	scratchEngine
	observed.SecretReader
	VolumeCreate(ctx context.Context, options volume.CreateOptions) (volume.Volume, error)
	VolumeRemove(ctx context.Context, name string, force bool) error
}

// SecretVersion is a version of a secret that is to be written. Check recognises
// the content, and Made says how it came about.
type SecretVersion struct {
	desired.Secret
	Version int
	Check   desired.SecretCheck
	Made    string
	Content []byte
}

// WriteSecret writes a version into a volume of its own and then has the secret's
// window show it, which puts it into force. On an error the version before stays
// in force, and what was written is taken away.
//
// A first version gets a note before it is written: a container that is never started
// and mounts nothing. A create that was cut off is known by it. The note goes where
// nothing is left of a version that failed; otherwise the caller removes it when
// nothing can be lost any more. notes are those that are there already. The result is
// the folder of the volume on the node.
func WriteSecret(ctx context.Context, engine SecretEngine, s SecretVersion, notes []string) (mountpoint string, err error) {
	if s.Version == 1 && len(notes) == 0 {
		id, err := createScratch(ctx, engine, "", map[string]string{desired.LabelScratch: s.NoteName()}, &container.HostConfig{})
		if err != nil {
			return "", err
		}
		notes = []string{id}
	}
	mountpoint, err = writeVersion(ctx, engine, s)
	if err == nil {
		return mountpoint, nil
	}
	later, cancel := cleaning(ctx)
	defer cancel()
	if cleared := ignoreNotFound(engine.VolumeRemove(later, s.Volume(s.Version), false)); cleared != nil {
		return "", errors.Join(err, cleared)
	}
	return "", errors.Join(err, RemoveScratch(ctx, engine, notes))
}

// writeVersion makes the volume, writes the file and has it shown.
func writeVersion(ctx context.Context, engine SecretEngine, s SecretVersion) (mountpoint string, err error) {
	name := s.Volume(s.Version)
	labels := map[string]string{
		desired.LabelSecret: s.Name, desired.LabelFile: string(desired.FileSecret), desired.LabelFileName: s.Name,
		desired.LabelFileVersion: strconv.Itoa(s.Version), desired.LabelFileOwner: s.Owner(),
		desired.LabelSecretCheck: string(s.Check), desired.LabelSecretMade: s.Made,
	}
	made, err := engine.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: labels})
	if err != nil {
		return "", fmt.Errorf("create volume %s: %w", name, err)
	}
	stamp, err := writeSecret(ctx, engine, s)
	if err != nil {
		return "", err
	}
	if err := ShowSecret(ctx, engine, s.Secret, s.Version, stamp, false); err != nil {
		return "", errors.Join(err, HideSecret(ctx, engine, s.Secret)) // just its answer may have been lost
	}
	return made.Mountpoint, nil
}

// writeSecret writes the file, and returns the stamp that it is read with.
func writeSecret(ctx context.Context, engine SecretEngine, s SecretVersion) (stamp string, err error) {
	id, err := createScratch(ctx, engine, "", map[string]string{desired.LabelScratch: s.ScratchName()}, secretHost(s.Secret, s.Version, false))
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, removeScratch(ctx, engine, id))
	}()
	reader, writer := io.Pipe()
	entries := scratchEntries([]desired.Entry{s.Entry(s.Content)})
	go func() { writer.CloseWithError(archive.Tar(ctx, writer, entries)) }()
	defer reader.Close() // ends the writer when the engine stopped reading
	if err := engine.CopyToContainer(ctx, id, "/", reader, container.CopyToContainerOptions{}); err != nil {
		return "", fmt.Errorf("write secret to volume %s: %w", s.Volume(s.Version), err)
	}
	file, err := observed.ReadSecretFile(ctx, engine, id)
	switch {
	case err != nil:
		return "", err
	case file.Missing || !bytes.Equal(file.Content, s.Content):
		return "", fmt.Errorf("write secret to volume %s: what was written is not there", s.Volume(s.Version))
	}
	return file.Stamp(), nil
}

// ShowSecret has a secret's window show a version. The window is a container that
// is never started: through it a plan sees the file without writing anything. kept
// marks the secret as one that was destroyed and whose value is kept.
func ShowSecret(ctx context.Context, engine SecretEngine, s desired.Secret, version int, stamp string, kept bool) error {
	if err := HideSecret(ctx, engine, s); err != nil {
		return err
	}
	labels := map[string]string{desired.LabelSecret: s.Name, desired.LabelFileVersion: strconv.Itoa(version), desired.LabelFileOwner: stamp}
	if kept {
		labels[desired.LabelSecretKept] = "true"
	}
	if _, err := createScratch(ctx, engine, s.WindowName(), labels, secretHost(s, version, true)); err != nil {
		return fmt.Errorf("open window to secret %s: %w", s.Name, err)
	}
	return nil
}

// HideSecret removes the container of [ShowSecret]. One that is gone is not an error.
func HideSecret(ctx context.Context, engine SecretEngine, s desired.Secret) error {
	return removeScratch(ctx, engine, s.WindowName())
}

func secretHost(s desired.Secret, version int, readOnly bool) *container.HostConfig {
	return &container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeVolume, Source: s.Volume(version), Target: scratchTarget, ReadOnly: readOnly,
		VolumeOptions: &mount.VolumeOptions{NoCopy: true}}}}
}

// RemoveScratch removes containers that an interrupted change left.
func RemoveScratch(ctx context.Context, engine SecretEngine, ids []string) error {
	for _, id := range ids {
		if err := removeScratch(ctx, engine, id); err != nil {
			return err
		}
	}
	return nil
}

// ReadSecretVersion looks at the file of a version through a container of its own,
// made for this and removed again.
func ReadSecretVersion(ctx context.Context, engine SecretEngine, s desired.Secret, version int) (file observed.SecretFile, err error) {
	id, err := createScratch(ctx, engine, "", map[string]string{desired.LabelScratch: s.ScratchName()}, secretHost(s, version, true))
	if err != nil {
		return observed.SecretFile{}, err
	}
	defer func() {
		err = errors.Join(err, removeScratch(ctx, engine, id))
	}()
	return observed.ReadSecretFile(ctx, engine, id)
}

// RemoveSecretVolumes removes the volumes of versions; one that is gone is no
// error. With unlessUsed one that a container uses after all stays.
func RemoveSecretVolumes(ctx context.Context, engine SecretEngine, volumes []string, unlessUsed bool) error {
	for _, name := range volumes {
		err := engine.VolumeRemove(ctx, name, false)
		if err != nil && !errdefs.IsNotFound(err) && !(unlessUsed && errdefs.IsConflict(err)) {
			return fmt.Errorf("remove volume %s: %w", name, err)
		}
	}
	return nil
}
