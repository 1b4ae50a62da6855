package observed

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// DirectoryState says what is known of a directory.
type DirectoryState string

const (
	// DirectoryUnseen means that no window looks there.
	DirectoryUnseen DirectoryState = "unseen"
	// DirectoryMissing means that nothing has that path.
	DirectoryMissing DirectoryState = "missing"
	// DirectoryPresent means that it is there.
	DirectoryPresent DirectoryState = "present"
	// DirectoryBlocked means that what is there, or on the way, is no directory.
	DirectoryBlocked DirectoryState = "blocked"
)

// Directory is a path of a node as it was found. The zero value is unseen.
type Directory struct {
	State DirectoryState

	// UID and GID are as containers have them, NodeUID and NodeGID as the node
	// has them; each may be NoID. They, Mode and Modified are of what is present.
	UID, GID, NodeUID, NodeGID int
	Mode                       desired.Mode
	Modified                   time.Time

	// Missing are the directories above it that are missing, the highest first;
	// the window's own is not among them: NoRoot says that it is missing too.
	Missing []string
	NoRoot  bool
	// Obstacle is what is in the way when it is blocked: a path and what it is,
	// such as "a file".
	Obstacle, Kind string
}

// DirectoryReader is what [ReadDirectories] needs of an engine. It only reads.
type DirectoryReader interface {
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	ContainerStatPath(ctx context.Context, id, path string) (container.PathStat, error)
	CopyFromContainer(ctx context.Context, id, path string) (io.ReadCloser, container.PathStat, error)
}

// Windows returns the containers through which directories of the node are seen:
// their IDs by the path that each mounts. It is not to be written to.
func (n *Node) Windows() map[string]string { return n.index.windows }

// looks bounds how many directories of a node are looked at at once.
const looks = 4

// ReadDirectories looks at directories through windows, one call for each that is
// there. Contents are not read: of a directory's archive only the first entry is,
// which is the directory itself. Every path has an entry in the result.
func ReadDirectories(ctx context.Context, r DirectoryReader, windows map[string]string, ids IDs, paths []string) (map[string]Directory, error) {
	var mu sync.Mutex // guards found
	found := map[string]Directory{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looks)
	for _, p := range paths {
		group.Go(func() error {
			d, err := look(ctx, r, windows, p)
			if err != nil {
				return fmt.Errorf("look at directory %s: %w", p, err)
			}
			if d.State == DirectoryPresent {
				d.NodeUID, d.NodeGID = d.UID, d.GID // as they were read
				if ids.UID == NoID {
					d.NodeUID, d.NodeGID = NoID, NoID
				}
				d.UID, d.GID = ids.InContainer(d.UID, d.GID)
			}
			mu.Lock()
			defer mu.Unlock()
			found[p] = d
			return nil
		})
	}
	return found, group.Wait()
}

// window is a container and where it shows a path.
type window struct{ id, root string }

// windowOf finds the window that shows a path, best one that mounts a directory
// above it, which shows more of what is in the way, and the highest of those.
func windowOf(windows map[string]string, p string) (window, bool) {
	var best window
	for root, id := range windows {
		if !desired.Below(p, root) || best.root != "" && best.root != p && (root == p || len(root) > len(best.root)) {
			continue
		}
		best = window{id, root}
	}
	return best, best.root != ""
}

// target is where the window's container has a path.
func (w window) target(p string) string {
	return path.Join(desired.DirectoryTarget, strings.TrimPrefix(p, w.root))
}

func look(ctx context.Context, r DirectoryReader, windows map[string]string, p string) (Directory, error) {
	w, ok := windowOf(windows, p)
	if !ok {
		return Directory{State: DirectoryUnseen}, nil
	}
	content, stat, err := r.CopyFromContainer(ctx, w.id, w.target(p))
	if err != nil {
		return w.explain(ctx, r, p, err)
	}
	defer content.Close()
	if kind := kindOf(stat); kind != "" {
		return Directory{State: DirectoryBlocked, Obstacle: p, Kind: kind}, nil
	}
	header, err := tar.NewReader(content).Next()
	if err != nil {
		return Directory{}, fmt.Errorf("read archive: %w", err)
	}
	// A connection whose answer was read to its end can be used again.
	_, _ = io.CopyN(io.Discard, content, smallArchive)
	return Directory{State: DirectoryPresent, UID: header.Uid, GID: header.Gid, Mode: modeOf(stat.Mode), Modified: header.ModTime}, nil
}

// smallArchive is what an empty directory's archive is smaller than, in bytes.
const smallArchive = 16 << 10

// explain finds out why a path can't be read: whether it is missing, from where
// on, or something is in the way. The engine answers alike for a missing path, a
// missing source of the mount, and a container that is gone.
func (w window) explain(ctx context.Context, r DirectoryReader, p string, failure error) (Directory, error) {
	if _, err := r.ContainerInspect(ctx, w.id); errdefs.IsNotFound(err) {
		return Directory{State: DirectoryUnseen}, nil
	} else if err != nil {
		return Directory{}, err
	}
	if p == w.root && unmountable(failure) {
		return Directory{State: DirectoryBlocked, Obstacle: p, Kind: somethingElse}, nil
	}
	d, err := w.above(ctx, r, p)
	switch {
	case err != nil:
		return Directory{}, errors.Join(failure, err)
	case d.State == DirectoryMissing && len(d.Missing) == 0 && !errdefs.IsNotFound(failure):
		return Directory{}, failure
	}
	return d, nil
}

// above tells from where on a path that can't be read is missing, or what is in
// the way.
func (w window) above(ctx context.Context, r DirectoryReader, p string) (Directory, error) {
	missing := Directory{State: DirectoryMissing, NoRoot: p == w.root}
	for _, dir := range w.between(p) {
		if missing.NoRoot || len(missing.Missing) > 0 {
			missing.Missing = append(missing.Missing, dir)
			continue
		}
		stat, err := r.ContainerStatPath(ctx, w.id, w.target(dir))
		switch {
		case errdefs.IsNotFound(err) && dir == w.root:
			missing.NoRoot = true
		case errdefs.IsNotFound(err):
			missing.Missing = append(missing.Missing, dir)
		case err != nil && dir == w.root && unmountable(err):
			return Directory{State: DirectoryBlocked, Obstacle: dir, Kind: somethingElse}, nil
		case err != nil:
			return Directory{}, err
		case kindOf(stat) != "":
			return Directory{State: DirectoryBlocked, Obstacle: dir, Kind: kindOf(stat)}, nil
		}
	}
	return missing, nil
}

// between lists the window's directory and those from there to above a path.
func (w window) between(p string) []string {
	if p == w.root {
		return nil
	}
	var list []string
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		list = append([]string{dir}, list...)
		if dir == w.root {
			return list
		}
	}
}

const somethingElse = "something else"

// unmountable tells that a window's directory became a file, which can't be mounted
// over a directory. The engine passes on what the kernel says: to 20.10 of the
// mount, to newer ones of the place to mount it at.
func unmountable(err error) bool {
	return strings.Contains(err.Error(), "not a directory") || strings.Contains(err.Error(), "is a directory")
}

// kindOf says what something is that is no directory, and nothing of one.
func kindOf(stat container.PathStat) string {
	switch {
	case stat.Mode.IsDir():
		return ""
	case stat.Mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case stat.Mode.IsRegular():
		return "a file"
	default:
		return somethingElse
	}
}

func modeOf(mode fs.FileMode) desired.Mode {
	bits := desired.Mode(mode.Perm())
	for bit, value := range map[fs.FileMode]desired.Mode{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&bit != 0 {
			bits |= value
		}
	}
	return bits
}
