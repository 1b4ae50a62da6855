// Package directory decides what is done about directories of a node: which are created,
// whose owner or mode is set, and through what they are seen. It is pure.
package directory

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// What a directory has of which nothing was said, and one above it that was
// missing too: what the engine gives to those that it makes for bind mounts.
const (
	defaultOwner = 0
	defaultMode  = desired.Mode(0o755)
)

// Write is a directory to make, or whose owner or mode to set. UID and
// GID are as containers have them.
type Write struct {
	Path     string
	UID, GID int
	Mode     desired.Mode
	// Had is the directory as it was found; missing for one to make.
	Had observed.Directory
}

// Problem is why a directory cannot be had as it is wanted.
type Problem struct{ Path, Detail string }

// Decide decides what to write so that the directories are as they are
// wanted, sorted by path, so that what is above comes first. What was not seen is
// taken for missing. Nothing below a directory is ever written, except further
// directories that are wanted.
func Decide(want []desired.Directory, have map[string]observed.Directory) ([]Write, []Problem) {
	writes := map[string]Write{}
	var problems []Problem
	for _, w := range want {
		write, needed, problem := directory(w, have[w.Path])
		if problem != "" {
			problems = append(problems, Problem{w.Path, problem})
		}
		if needed {
			writes[w.Path] = write
		}
		for _, above := range have[w.Path].Missing {
			if _, wanted := writes[above]; !wanted {
				writes[above] = Write{Path: above, UID: defaultOwner, GID: defaultOwner, Mode: defaultMode,
					Had: observed.Directory{State: observed.DirectoryMissing}}
			}
		}
	}
	var sorted []Write
	for _, p := range slices.Sorted(maps.Keys(writes)) {
		sorted = append(sorted, writes[p])
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return sorted, problems
}

func directory(w desired.Directory, have observed.Directory) (write Write, needed bool, problem string) {
	write = Write{Path: w.Path, UID: defaultOwner, GID: defaultOwner, Mode: defaultMode, Had: have}
	if have.State == observed.DirectoryBlocked {
		return write, false, obstacle(w.Path, have)
	}
	if have.State == observed.DirectoryPresent {
		write.UID, write.GID, write.Mode = have.UID, have.GID, have.Mode
	}
	set(&write.UID, w.UID)
	set(&write.GID, w.GID)
	set(&write.Mode, w.Mode)
	if have.State != observed.DirectoryPresent {
		return write, true, ""
	}
	needed = write.UID != have.UID || write.GID != have.GID || write.Mode != have.Mode
	if needed && (write.UID == observed.NoID || write.GID == observed.NoID) {
		return write, false, foreign(w, have)
	}
	return write, needed, ""
}

// Obstacles says what is in the way of writes, as it was found right before them.
func Obstacles(writes []Write, have map[string]observed.Directory) []Problem {
	var problems []Problem
	for i := range writes {
		p := writes[i].Path
		if d := have[p]; d.State == observed.DirectoryBlocked {
			problems = append(problems, Problem{p, obstacle(p, d)})
		}
	}
	return problems
}

func set[T any](field, wanted *T) {
	if wanted != nil {
		*field = *wanted
	}
}

func obstacle(p string, have observed.Directory) string {
	where := have.Obstacle
	if have.Obstacle != p {
		where += ", above " + p + ","
	}
	if have.Kind != observed.SymbolicLink {
		return fmt.Sprintf("On the node %s is %s, not a directory, and is left as it is. Move it away, or write another path.", where, have.Kind)
	}
	return fmt.Sprintf("On the node %s is a symbolic link to %s. Links are not followed: anyone who can write to %s could make this one lead to any directory of the node. "+
		"If you mean what the link leads to, write %s instead of %s; if not, remove the link.",
		where, have.Target, path.Dir(have.Obstacle), path.Join(have.Target, strings.TrimPrefix(p, have.Obstacle)), p)
}

// foreign explains that an owner cannot be kept: the engine takes owners as its
// containers have them, and these have no such one.
func foreign(w desired.Directory, have observed.Directory) string {
	missing, node := "uid", have.NodeUID
	if w.UID != nil || have.UID != observed.NoID {
		missing, node = "gid", have.NodeGID
	}
	return fmt.Sprintf("The directory belongs to the node's %s %d, which containers don't have because the engine maps users (userns-remap), "+
		"so the engine cannot keep it when it changes the rest. Set %s too.", missing, node, missing)
}
