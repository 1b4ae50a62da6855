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
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// DirectoryEngine is what directories take of a node's engine.
type DirectoryEngine interface {
	scratchEngine
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
}

// ErrNoDirectory says that a window's directory is not there.
var ErrNoDirectory = errors.New("there is no such directory on the node")

// OpenWindow returns the container through which a directory of the node is seen,
// and makes it if its keeper has none. It is kept, never started, so that plans can
// look through it without writing anything. A directory that is missing is
// [ErrNoDirectory]; it is not made.
func OpenWindow(ctx context.Context, engine DirectoryEngine, root, keeper string) (string, error) {
	name := desired.WindowName(root, keeper)
	if id, err := findWindow(ctx, engine, name); id != "" || err != nil {
		return id, err
	}
	// A mount, unlike a bind in the short form, never makes what is missing: not
	// when the container is made, and not when a plan looks through it.
	host := &container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeBind, Source: root, Target: scratchTarget}}}
	id, err := createScratch(ctx, engine, name, map[string]string{desired.LabelWindow: root}, host)
	switch {
	case errdefs.IsConflict(err): // another resource was faster
		return findWindow(ctx, engine, name)
	case err != nil && strings.Contains(err.Error(), "bind source path does not exist"): // moby/moby, volume/mounts/validate.go
		return "", fmt.Errorf("open window to %s: %w", root, ErrNoDirectory)
	case err != nil:
		return "", fmt.Errorf("open window to %s: %w", root, err)
	}
	return id, nil
}

func findWindow(ctx context.Context, engine DirectoryEngine, name string) (string, error) {
	c, err := engine.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("inspect container %s: %w", name, err)
	}
	return c.ID, nil
}

// CloseWindow removes the container of [OpenWindow]. One that is gone is no error.
func CloseWindow(ctx context.Context, engine DirectoryEngine, root, keeper string) error {
	return removeScratch(ctx, engine, desired.WindowName(root, keeper))
}

// MakeRoot makes a directory for a window and all that is missing above it, as
// the engine does for a bind mount in the short form: root's, with mode 0755.
// One that exists is left as it is.
func MakeRoot(ctx context.Context, engine DirectoryEngine, root, keeper string) (err error) {
	name := desired.WindowName(root, keeper) + "-make"
	if err := removeScratch(ctx, engine, name); err != nil { // a killed apply may have left it
		return err
	}
	id, err := createScratch(ctx, engine, name, map[string]string{desired.LabelScratch: root},
		&container.HostConfig{Binds: []string{root + ":" + scratchTarget}})
	if err != nil {
		return fmt.Errorf("make directory %s: %w", root, err)
	}
	defer func() {
		if removeErr := removeScratch(ctx, engine, id); err == nil {
			err = removeErr
		}
	}()
	// The engine mounts, and so makes, what an archive is about to be put into.
	if err := putDirectories(ctx, engine, id, nil); err != nil {
		return fmt.Errorf("make directory %s: %w", root, err)
	}
	return nil
}

// WriteDirectories makes directories and sets owners and modes, through a window
// that mounts root. Nothing below them is written. Doing it again does the same.
func WriteDirectories(ctx context.Context, engine DirectoryEngine, window, root string, writes []plan.DirectoryWrite) error {
	var headers []*tar.Header
	var names []string
	for i := range writes {
		headers = append(headers, directoryHeader(root, &writes[i]))
		names = append(names, writes[i].Path)
	}
	if err := putDirectories(ctx, engine, window, headers); err != nil {
		return fmt.Errorf("write directories %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}

// directoryHeader keeps the time of a directory that exists: only its owner and
// mode are ours.
func directoryHeader(root string, w *plan.DirectoryWrite) *tar.Header {
	name := path.Join(scratchTarget, strings.TrimPrefix(w.Path, root))
	modified := time.Now()
	if w.Had.State == observed.DirectoryPresent {
		modified = w.Had.Modified
	}
	return &tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(name, "/") + "/", Mode: int64(w.Mode), Uid: w.UID, Gid: w.GID, ModTime: modified}
}

// putDirectories sends an archive of directories. The engine refuses it where one
// of them is no directory by now (noOverwriteDirNonDir), and else merges: what it
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
