package desired

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
)

// Secret is a secret that is a resource of its own: a file on a node, in a volume
// for each of its versions.
type Secret struct {
	Name string
	// UID, GID and Mode are the file's, as containers have them.
	UID, GID int
	Mode     Mode
}

// NodeSecret is a service's use of a [Secret] on its node.
type NodeSecret struct {
	Name string
	// Version is the version to use; 0 means the current one.
	Version int
	// UID, GID and Mode are what the service expects of the file; nil is whatever
	// it has.
	UID, GID *int
	Mode     *Mode
}

// Owner is the text by which versions with other owners or modes are distinguished.
func (s Secret) Owner() string { return fmt.Sprintf("%d-%d-%o", s.UID, s.GID, uint32(s.Mode)) }

// ParseOwner reads what [Secret.Owner] wrote into the secret.
func (s *Secret) ParseOwner(text string) error {
	if _, err := fmt.Sscanf(text, "%d-%d-%o", &s.UID, &s.GID, &s.Mode); err != nil {
		return fmt.Errorf("read owner %q: %w", text, err)
	}
	return nil
}

// Entry is the one file of a version's volume.
func (s Secret) Entry(content []byte) Entry {
	return Entry{Path: FileEntry, Mode: uint32(s.Mode), UID: s.UID, GID: s.GID, Content: content, SizeBytes: int64(len(content))}
}

// Volume names the volume of one version.
func (s Secret) Volume(version int) string {
	return secretPrefix + s.Name + "_v" + strconv.Itoa(version)
}

// WindowName names the container through which the current version is seen.
func (s Secret) WindowName() string { return "homelab-secret-" + s.Name }

// ScratchName is the label [LabelScratch] of containers through which versions are
// written. It is not a stack's name.
func (s Secret) ScratchName() string { return "secret/" + s.Name }

// NoteName is the label [LabelScratch] of the container that is there for as long as
// the first version is being written.
func (s Secret) NoteName() string { return s.ScratchName() + noteSuffix }

const secretPrefix = "homelab_secret_"

// secretFile is where an engine keeps the file of a version's volume, below its own
// directory.
var secretFile = regexp.MustCompile(`/volumes/` + secretPrefix + `([a-zA-Z0-9][a-zA-Z0-9_.-]*)_v([1-9][0-9]*)/_data/` + FileEntry + `$`)

// ParseSecretFile reports whether a path of a node is the file of a secret's version,
// as homelab_secret gives it out for mounts, and which.
func ParseSecretFile(source string) (NodeSecret, bool) {
	match := secretFile.FindStringSubmatch(path.Clean(source))
	if match == nil {
		return NodeSecret{}, false
	}
	version, err := strconv.Atoi(match[2])
	return NodeSecret{Name: match[1], Version: version}, err == nil
}

// SecretFile is the path of a version's file, where volumes is the directory in
// which the node's engine keeps volumes.
func (s Secret) SecretFile(volumes string, version int) string {
	return path.Join(volumes, s.Volume(version), "_data", FileEntry)
}
