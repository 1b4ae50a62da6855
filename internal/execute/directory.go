package execute

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/directory"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// DirectoryEngine is what directories take of a node's engine.
type DirectoryEngine interface {
	scratchEngine
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	ContainerStatPath(ctx context.Context, id, path string) (container.PathStat, error)
}

// ErrNoDirectory says that a window's directory is not there.
var ErrNoDirectory = errors.New("there is no such directory on the node")

// OpenWindow returns the container through which a directory of the node is seen,
// and makes it if its keeper has none. It is kept, never started, so that plans can
// look through it without writing anything. A directory that is missing is
// [ErrNoDirectory]; it is not made. A window that should be flat is not where the
// kernel refuses that to the engine.
func OpenWindow(ctx context.Context, engine DirectoryEngine, want directory.Window, keeper string) (observed.Window, error) {
	name := desired.WindowName(want.Root, keeper)
	if have, err := engine.ContainerInspect(ctx, name); err == nil {
		flat := have.Config != nil && have.Config.Labels[desired.LabelWindowFlat] != ""
		return observed.Window{Root: want.Root, Flat: flat, ID: have.ID, Name: name}, nil
	} else if !errdefs.IsNotFound(err) {
		return observed.Window{}, fmt.Errorf("inspect container %s: %w", name, err)
	}
	labels := map[string]string{desired.LabelWindow: want.Root}
	if want.Flat {
		labels[desired.LabelWindowFlat] = "true"
	}
	id, err := createScratch(ctx, engine, name, labels, mountOf(want))
	switch {
	case errdefs.IsConflict(err): // another resource was faster
		return OpenWindow(ctx, engine, want, keeper)
	case err != nil && strings.Contains(err.Error(), "bind source path does not exist"): // moby/moby, volume/mounts/validate.go
		return observed.Window{}, fmt.Errorf("open window to %s: %w", want.Root, ErrNoDirectory)
	case err != nil:
		return observed.Window{}, fmt.Errorf("open window to %s: %w", want.Root, err)
	}
	if want.Flat && !mounts(ctx, engine, id) {
		if err := removeScratch(ctx, engine, id); err != nil {
			return observed.Window{}, err
		}
		return OpenWindow(ctx, engine, directory.Window{Root: want.Root}, keeper)
	}
	return observed.Window{Root: want.Root, Flat: want.Flat, ID: id, Name: name}, nil
}

// mounts reports whether a window can be mounted. In a user namespace, as without
// root, the kernel mounts no directory without the file systems below it, which
// could show what they hide (mount_namespaces(7), "Restrictions").
func mounts(ctx context.Context, engine DirectoryEngine, id string) bool {
	_, err := engine.ContainerStatPath(ctx, id, scratchTarget)
	return err == nil || !strings.Contains(err.Error(), "invalid argument")
}

// mountOf mounts a directory. A mount, unlike a bind in the short form, never makes
// what is missing: not when the container is made, and not when a plan looks through
// it.
func mountOf(w directory.Window) *container.HostConfig {
	m := mount.Mount{Type: mount.TypeBind, Source: w.Root, Target: scratchTarget}
	if w.Flat {
		m.BindOptions = &mount.BindOptions{NonRecursive: true}
	}
	return &container.HostConfig{Mounts: []mount.Mount{m}}
}

// CloseWindow removes the container of [OpenWindow]. One that is gone is not an error.
func CloseWindow(ctx context.Context, engine DirectoryEngine, root, keeper string) error {
	return removeScratch(ctx, engine, desired.WindowName(root, keeper))
}

// MakeRoot makes a directory for a window and all that is missing above it, as
// the engine does for a bind mount in the short form: root's, with mode 0755.
// One that exists is left as it is.
func MakeRoot(ctx context.Context, engine DirectoryEngine, root, keeper string) error {
	host := &container.HostConfig{Binds: []string{root + ":" + scratchTarget}}
	// The engine mounts, and so makes, what an archive is about to be put into.
	if err := through(ctx, engine, root, keeper, host, nil); err != nil {
		return fmt.Errorf("make directory %s: %w", root, err)
	}
	return nil
}

// WriteDirectories makes directories and sets owners and modes, through a container
// of its own that mounts root: no symbolic link below leads out of it. Nothing below
// the directories is written. Doing it again does the same.
func WriteDirectories(ctx context.Context, engine DirectoryEngine, root directory.Window, keeper string, writes []directory.Write) error {
	var headers []*tar.Header
	var names []string
	for i := range writes {
		headers = append(headers, directoryHeader(root.Root, &writes[i]))
		names = append(names, writes[i].Path)
	}
	if err := through(ctx, engine, root.Root, keeper, mountOf(root), headers); err != nil {
		return fmt.Errorf("write directories %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}

// through sends directories into a mount of root.
func through(ctx context.Context, engine DirectoryEngine, root, keeper string, host *container.HostConfig, headers []*tar.Header) (err error) {
	name := desired.WindowName(root, keeper) + "-make"
	if err := removeScratch(ctx, engine, name); err != nil { // a killed apply may have left it
		return err
	}
	id, err := createScratch(ctx, engine, name, map[string]string{desired.LabelScratch: root}, host)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, removeScratch(ctx, engine, id))
	}()
	return putDirectories(ctx, engine, id, headers)
}

// directoryHeader keeps the time of a directory that exists: only its owner and
// mode are ours.
func directoryHeader(root string, w *directory.Write) *tar.Header {
	name := path.Join(scratchTarget, strings.TrimPrefix(w.Path, root))
	modified := time.Now()
	if w.Had.State == observed.DirectoryPresent {
		modified = w.Had.Modified
	}
	return &tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(name, "/") + "/", Mode: int64(w.Mode), Uid: w.UID, Gid: w.GID, ModTime: modified}
}

// putDirectories sends an archive of directories. The engine refuses it where one
// of them is not a directory by now (noOverwriteDirNonDir), and else merges: what it
// has and the archive does not is left alone.
func putDirectories(ctx context.Context, engine DirectoryEngine, id string, headers []*tar.Header) error {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	for _, header := range headers {
		if err := w.WriteHeader(header); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return engine.CopyToContainer(ctx, id, "/", &content, container.CopyToContainerOptions{})
}
