package observed

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
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
	// DirectoryBlocked means that what is there, or on the way, is not a directory; a
	// symbolic link is none, wherever it leads.
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

	// Missing are the directories above it that are missing, the highest first.
	Missing []string
	// Obstacle is what is in the way when it is blocked: a path and what it is,
	// such as "a file". Target is where it leads if it is a symbolic link.
	Obstacle, Kind, Target string
}

// DirectoryReader is what [ReadDirectories] needs of an engine. It only reads.
type DirectoryReader interface {
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	ContainerStatPath(ctx context.Context, id, path string) (container.PathStat, error)
	CopyFromContainer(ctx context.Context, id, path string) (io.ReadCloser, container.PathStat, error)
}

// looks bounds how many directories of a node are looked at at once.
const looks = 4

// ReadDirectories looks at directories through windows. Every directory on the way
// is looked at on its own, one call for each, so that no symbolic link is followed;
// then one call for each that is there asks for its owner. Contents are not read: of
// a directory's archive only the first entry is, which is the directory itself.
// Every path has an entry in the result; it is unseen where a window is missing.
func ReadDirectories(ctx context.Context, r DirectoryReader, windows []Window, ids IDs, paths []string) (map[string]Directory, error) {
	entries, err := walk(ctx, r, windows, paths)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards found
	found := map[string]Directory{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looks)
	for _, p := range paths {
		group.Go(func() error {
			d := onTheWay(entries, p)
			if d.State == DirectoryPresent {
				var err error
				if d, err = lookAt(ctx, r, windows, p); err != nil {
					return fmt.Errorf("look at directory %s: %w", p, err)
				}
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
	err = group.Wait()
	return found, err
}

// onTheWay says of a path what is known from the walk: present where every part of
// it is a directory.
func onTheWay(entries map[string]Directory, p string) Directory {
	d := Directory{State: DirectoryPresent}
	for _, part := range parts(p) {
		switch entry, ok := entries[part]; {
		case d.State == DirectoryMissing && part != p:
			d.Missing = append(d.Missing, part)
		case d.State == DirectoryMissing || !ok:
		case entry.State == DirectoryMissing && part != p:
			d = Directory{State: DirectoryMissing, Missing: []string{part}}
		case entry.State != DirectoryPresent:
			return entry
		}
	}
	return d
}

// lookAt reads a directory's owner and mode through the window that shows most.
func lookAt(ctx context.Context, r DirectoryReader, windows []Window, p string) (Directory, error) {
	w, ok := showing(windows, p)
	if !ok {
		return Directory{State: DirectoryUnseen}, nil
	}
	header, stat, err := w.header(ctx, r, p)
	switch {
	case errdefs.IsNotFound(err):
		return w.missing(ctx, r)
	case err != nil:
		return Directory{}, err
	case !stat.Mode.IsDir(): // it was one a moment ago
		return blocked(p, stat, header), nil
	}
	return Directory{State: DirectoryPresent, UID: header.Uid, GID: header.Gid, Mode: modeOf(stat.Mode), Modified: header.ModTime}, nil
}

func blocked(p string, stat container.PathStat, header *tar.Header) Directory {
	d := Directory{State: DirectoryBlocked, Obstacle: p, Kind: kindOf(stat)}
	if stat.Mode&fs.ModeSymlink != 0 {
		d.Target = header.Linkname
		if !path.IsAbs(d.Target) {
			d.Target = path.Join(path.Dir(p), d.Target)
		}
	}
	return d
}

// kindOf says what something is that is not a directory.
func kindOf(stat container.PathStat) string {
	switch {
	case stat.Mode&fs.ModeSymlink != 0:
		return SymbolicLink
	case stat.Mode.IsRegular():
		return "a file"
	default:
		return "something else"
	}
}

// SymbolicLink is the kind of an obstacle that leads elsewhere.
const SymbolicLink = "a symbolic link"

func modeOf(mode fs.FileMode) desired.Mode {
	bits := desired.Mode(mode.Perm())
	for bit, value := range map[fs.FileMode]desired.Mode{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&bit != 0 {
			bits |= value
		}
	}
	return bits
}
