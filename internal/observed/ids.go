package observed

import (
	"fmt"
	"path"

	"github.com/docker/docker/api/types/system"
)

// NoID is an owner that is not known: of the node, what an engine without root
// calls its users; in a container, one of the node's users that is not mapped.
const NoID = -1

// IDs says which of the node's users a container's root is, and so every other:
// the engine maps a range to a range. The zero value maps each to itself.
type IDs struct {
	// UID and GID are the node's IDs of a container's root; NoID when the engine
	// doesn't tell, as without root.
	UID, GID int
}

// idsOf reads the mapping of an engine with userns-remap out of its data
// directory, whose last element is the mapped root's "uid.gid" (moby/moby,
// daemon/daemon_unix.go, setupDaemonRoot).
func idsOf(info system.Info) IDs {
	switch {
	case hasSecurityOption(info, "rootless"):
		return IDs{NoID, NoID}
	case !hasSecurityOption(info, "userns"):
		return IDs{}
	}
	var ids IDs
	if n, err := fmt.Sscanf(path.Base(info.DockerRootDir), "%d.%d", &ids.UID, &ids.GID); n != 2 || err != nil {
		return IDs{NoID, NoID}
	}
	return ids
}

// dataRoot is the directory that holds those of all mappings.
func dataRoot(info system.Info) string {
	if ids := idsOf(info); ids == (IDs{}) || ids.UID == NoID {
		return info.DockerRootDir
	}
	return path.Dir(info.DockerRootDir)
}

// InContainer returns the user and group that containers have for those that the
// engine read from the node's disk. An engine without root reads what its
// containers read; any other the node's own IDs, of which those outside of the
// mapped range are NoID to a container.
func (m IDs) InContainer(uid, gid int) (int, int) {
	return unshift(uid, m.UID), unshift(gid, m.GID)
}

func unshift(read, root int) int {
	switch {
	case root == NoID:
		return read
	case read < root:
		return NoID
	default:
		return read - root
	}
}
