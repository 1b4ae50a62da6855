package core

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/directory"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// directoryWriter makes and changes directories of a node through its keeper's
// windows.
type directoryWriter struct {
	engine Engine
	keeper string
	facts  observed.Facts
	paths  []string
	// windows are those that are open.
	windows []observed.Window
}

// read opens the windows to what is there, and looks at the directories.
func (w *directoryWriter) read(ctx context.Context) (map[string]Directory, error) {
	w.windows = nil
	for _, want := range windowsOf(w.paths, w.facts.DataRoot) {
		window, err := execute.OpenWindow(ctx, w.engine, want, w.keeper)
		if err != nil && !errors.Is(err, execute.ErrNoDirectory) {
			return nil, err
		}
		if err == nil {
			w.windows = append(w.windows, window)
		}
	}
	return observed.ReadDirectories(ctx, w.engine, w.windows, w.facts.IDs, w.paths)
}

// makeRoots makes what is to be written through and is missing; made reports whether
// anything was.
func (w *directoryWriter) makeRoots(ctx context.Context, have map[string]Directory) (made bool, err error) {
	for _, p := range w.paths {
		root := w.windowOf(p).Root
		if !slices.Contains(have[p].Missing, root) && (root != p || have[p].State != observed.DirectoryMissing) {
			continue
		}
		if err := execute.MakeRoot(ctx, w.engine, root, w.keeper); err != nil {
			return made, err
		}
		made = true
	}
	return made, nil
}

// windowOf is what a path is written through.
func (w *directoryWriter) windowOf(p string) directory.Window {
	list := directory.Windows(p, w.facts.DataRoot)
	last := list[len(list)-1]
	for _, open := range w.windows {
		if open.Root == last.Root {
			last.Flat = open.Flat
		}
	}
	return last
}

// write looks again right before it writes: since the plan a symbolic link may have been
// put in the way. Where that is still possible, it mounts what only root can redirect ([directory.WriteRoot]).
func (w *directoryWriter) write(ctx context.Context, writes []directory.Write) error {
	if len(writes) == 0 {
		return nil
	}
	var paths []string
	for i := range writes {
		for p := writes[i].Path; p != "/"; p = path.Dir(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	have, err := observed.ReadDirectories(ctx, w.engine, w.windows, w.facts.IDs, slices.Compact(paths))
	if err != nil {
		return err
	}
	if problems := directory.Obstacles(writes, have); len(problems) > 0 {
		return &DirectoriesError{problems}
	}
	through := map[directory.Window][]directory.Write{}
	for i := range writes {
		root := directory.WriteRoot(w.windowOf(writes[i].Path), writes[i].Path, have)
		through[root] = append(through[root], writes[i])
	}
	for _, root := range sortedWindows(through) { // what is above comes first
		if err := execute.WriteDirectories(ctx, w.engine, root, w.keeper, through[root]); err != nil {
			return err
		}
	}
	return nil
}

// windowsOf is what is mounted to see the paths, sorted.
func windowsOf(paths []string, dataRoot string) []directory.Window {
	windows := map[directory.Window]bool{}
	for _, p := range paths {
		for _, window := range directory.Windows(p, dataRoot) {
			windows[window] = true
		}
	}
	return sortedWindows(windows)
}

func sortedWindows[V any](windows map[directory.Window]V) []directory.Window {
	return slices.SortedFunc(maps.Keys(windows), func(a, b directory.Window) int { return strings.Compare(a.Root, b.Root) })
}

// closeWindows removes the keeper's windows that are needed no more, whichever
// version opened them.
func closeWindows(ctx context.Context, engine Engine, keeper string, needed []directory.Window) error {
	list, err := observed.ListWindows(ctx, engine)
	if err != nil {
		return err
	}
	for _, w := range list {
		if w.Name != desired.WindowName(w.Root, keeper) || slices.ContainsFunc(needed, func(n directory.Window) bool { return n.Root == w.Root }) {
			continue
		}
		if err := execute.CloseWindow(ctx, engine, w.Root, keeper); err != nil {
			return err
		}
	}
	return nil
}
