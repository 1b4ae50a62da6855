package observed

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Window is a container through which a directory of the node is seen.
type Window struct {
	// Root is the path that it mounts. The engine follows symbolic links in it, so
	// whether it has one shows only in a window above.
	Root string
	// Flat means that nothing is seen of file systems that are mounted below Root:
	// what such a file system is mounted on is seen, and is always a directory.
	Flat     bool
	ID, Name string
}

// Windows returns the containers through which directories of the node are seen.
// It is not to be written to.
func (n *Node) Windows() []Window { return n.index.windows }

// ListWindows lists the windows of a node, whatever keeps them.
func ListWindows(ctx context.Context, r interface {
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
}) ([]Window, error) {
	list, err := r.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", desired.LabelWindow))})
	if err != nil {
		return nil, fmt.Errorf("list windows: %w", err)
	}
	var windows []Window
	for i := range list {
		if w, ok := windowOf(&list[i]); ok {
			windows = append(windows, w)
		}
	}
	return windows, nil
}

// windowOf returns the window that a container is; ok is false if it is none.
func windowOf(c *container.Summary) (w Window, ok bool) {
	w = Window{Root: c.Labels[desired.LabelWindow], Flat: c.Labels[desired.LabelWindowFlat] != "", ID: c.ID}
	if len(c.Names) > 0 {
		w.Name = trimName(c.Names[0])
	}
	return w, w.Root != ""
}

// target is where the window's container has a path.
func (w Window) target(p string) string {
	if w.Root == "/" {
		return path.Join(desired.DirectoryTarget, p)
	}
	return path.Join(desired.DirectoryTarget, strings.TrimPrefix(p, w.Root))
}

// shows reports whether the window shows what a directory is, with its owner.
func (w Window) shows(p string) bool {
	return w.Root == p || !w.Flat && desired.Below(p, w.Root)
}

// showing returns the highest window that shows a directory.
func showing(windows []Window, p string) (Window, bool) {
	return highest(windows, func(w Window) bool { return w.shows(p) })
}

// listing returns the highest window that shows a path as an entry of the directory
// above it, and so whether it is a symbolic link.
func listing(windows []Window, p string) (Window, bool) {
	return highest(windows, func(w Window) bool { return w.Root != p && w.shows(path.Dir(p)) })
}

func highest(windows []Window, fits func(Window) bool) (best Window, ok bool) {
	for _, w := range windows {
		if fits(w) && (!ok || len(w.Root) < len(best.Root)) {
			best, ok = w, true
		}
	}
	return best, ok
}

// header reads the first entry of a path's archive, which is the path itself.
func (w Window) header(ctx context.Context, r DirectoryReader, p string) (*tar.Header, container.PathStat, error) {
	content, stat, err := r.CopyFromContainer(ctx, w.ID, w.target(p))
	if err != nil {
		return nil, stat, err
	}
	defer content.Close()
	header, err := tar.NewReader(content).Next()
	if err != nil {
		return nil, stat, fmt.Errorf("read archive: %w", err)
	}
	// A connection whose answer was read to its end can be used again.
	_, _ = io.CopyN(io.Discard, content, smallArchive)
	return header, stat, nil
}

// smallArchive is what an empty directory's archive is smaller than, in bytes.
const smallArchive = 16 << 10

// missing is what a path is that the engine did not find. It answers alike for a
// missing path, a missing source of the mount, and a container that is gone.
func (w Window) missing(ctx context.Context, r DirectoryReader) (Directory, error) {
	_, err := r.ContainerInspect(ctx, w.ID)
	switch {
	case errdefs.IsNotFound(err):
		return Directory{State: DirectoryUnseen}, nil
	case err != nil:
		return Directory{}, err
	default:
		return Directory{State: DirectoryMissing}, nil
	}
}

// walk looks at every part of the paths, from the top, as far as there are
// directories; what is below anything else has no entry. Only the state and what is
// in the way are filled in.
func walk(ctx context.Context, r DirectoryReader, windows []Window, paths []string) (map[string]Directory, error) {
	levels := map[int][]string{}
	for _, p := range paths {
		for depth, part := range parts(p) {
			if !slices.Contains(levels[depth], part) {
				levels[depth] = append(levels[depth], part)
			}
		}
	}
	entries := map[string]Directory{"/": {State: DirectoryPresent}}
	for depth := range len(levels) {
		var mu sync.Mutex // guards seen
		seen := map[string]Directory{}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(looks)
		for _, part := range levels[depth] {
			if entries[path.Dir(part)].State != DirectoryPresent {
				continue
			}
			group.Go(func() error {
				d, err := entryOf(ctx, r, windows, part)
				if err != nil {
					return fmt.Errorf("look at directory %s: %w", part, err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[part] = d
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for part, d := range seen {
			entries[part] = d
		}
	}
	return entries, nil
}

// entryOf says what a path is, without following it, in a directory that is one.
func entryOf(ctx context.Context, r DirectoryReader, windows []Window, p string) (Directory, error) {
	w, ok := listing(windows, p)
	if !ok {
		return Directory{State: DirectoryUnseen}, nil
	}
	stat, err := r.ContainerStatPath(ctx, w.ID, w.target(p))
	switch {
	case errdefs.IsNotFound(err):
		return w.missing(ctx, r)
	case err != nil:
		return Directory{}, err
	case stat.Mode.IsDir():
		return Directory{State: DirectoryPresent}, nil
	case kindOf(stat) != SymbolicLink:
		return blocked(p, stat, nil), nil
	}
	header, _, err := w.header(ctx, r, p) // where it leads
	if err != nil {
		return Directory{}, err
	}
	return blocked(p, stat, header), nil
}

// parts are a path and those above it, the highest first, without the root.
func parts(p string) []string {
	var list []string
	for ; p != "/"; p = path.Dir(p) {
		list = append([]string{p}, list...)
	}
	return list
}
