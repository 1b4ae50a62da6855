package directory

import (
	"path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Window is a directory of the node that is mounted in order to see what
// is below it.
type Window struct {
	Root string
	// Flat leaves out file systems that are mounted below Root.
	Flat bool
}

// Windows says what to mount in order to see a path and whether any part
// of it is a symbolic link, from the top: the engine follows links in what it
// mounts, so each mount's own path has to be seen through another one. The last is
// what the path is written through.
//
// The node's root and what holds dataRoot, the engine's own directory, are flat:
// otherwise the mounts of all containers would come along, and while they are
// mounted twice, the engine cannot remove them.
func Windows(p, dataRoot string) []Window {
	list := []Window{{Root: "/", Flat: true}}
	for _, dir := range ancestors(p) {
		list = append(list, Window{Root: dir, Flat: holdsEngine(dir, dataRoot)})
		if !list[len(list)-1].Flat {
			return list
		}
	}
	return append(list, Window{Root: p, Flat: holdsEngine(p, dataRoot)})
}

func holdsEngine(dir, dataRoot string) bool {
	return desired.Below(desired.DefaultDataRoot, dir) || dataRoot != "" && desired.Below(dataRoot, dir)
}

// ancestors are the directories above a path, the highest first, without the root.
func ancestors(p string) []string {
	var list []string
	for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
		list = append([]string{dir}, list...)
	}
	return list
}

// WriteRoot says which directory to mount in order to write a path that is seen
// through a window. Between a look and the write somebody may put a symbolic link
// into a directory that others than root can write to. So the highest such directory
// is mounted: nobody but root can redirect the mount, and from inside of it no link
// leads out. Have are the directories above the path as they were found.
func WriteRoot(window Window, p string, have map[string]observed.Directory) Window {
	for _, dir := range ancestors(p) {
		if d := have[dir]; desired.Below(dir, window.Root) && d.State == observed.DirectoryPresent && !onlyRootWrites(d) {
			return Window{Root: dir}
		}
	}
	return window
}

// onlyRootWrites reports whether nobody but root can put something into a directory.
// Without root the engine's own user counts as root, and so do IDs that it cannot
// know.
func onlyRootWrites(d observed.Directory) bool {
	const group, others = 0o020, 0o002
	uid, gid := d.NodeUID, d.NodeGID
	if uid == observed.NoID {
		uid, gid = d.UID, d.GID
	}
	return uid == 0 && d.Mode&others == 0 && (d.Mode&group == 0 || gid == 0)
}
