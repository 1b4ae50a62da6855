package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
)

// Directory is a directory of a node with what it is to have. Nil fields are
// whatever they are.
type Directory struct {
	// Path is absolute and clean.
	Path string
	// UID and GID are as the node's containers have them, which on a node that
	// maps users is not what the node itself shows.
	UID, GID *int
	Mode     *Mode
}

// Fits reports whether a directory can be as two declarations have it: what one of
// them leaves out the other one may say.
func (d Directory) Fits(other Directory) bool {
	return compatible(d.UID, other.UID) && compatible(d.GID, other.GID) && compatible(d.Mode, other.Mode)
}

func compatible[T comparable](a, b *T) bool { return a == nil || b == nil || *a == *b }

// String is the directory's owner and mode, as far as they are given.
func (d Directory) String() string {
	var parts []string
	if d.UID != nil {
		parts = append(parts, fmt.Sprintf("uid %d", *d.UID))
	}
	if d.GID != nil {
		parts = append(parts, fmt.Sprintf("gid %d", *d.GID))
	}
	if d.Mode != nil {
		parts = append(parts, "mode "+d.Mode.String())
	}
	return strings.Join(parts, ", ")
}

// Mode is a directory's permissions, with the bits for setuid (04000), setgid
// (02000) and sticky (01000).
type Mode uint32

const modeDigits = 4

// ParseMode reads four octal digits, such as "0750". Fewer are refused: in HCL an
// unquoted 0750 is the number 750.
func ParseMode(text string) (Mode, error) {
	bits, err := strconv.ParseUint(text, 8, 16)
	if err != nil || len(text) != modeDigits {
		return 0, fmt.Errorf("%q is not a mode: write four octal digits in quotes, such as \"0750\", or \"2775\" with the setgid bit", text)
	}
	return Mode(bits), nil
}

// String writes the mode as [ParseMode] reads it.
func (m Mode) String() string { return fmt.Sprintf("%04o", uint32(m)) }

// MaxID is the largest user or group ID: the one above means "no change" to
// chown(2).
const MaxID = 1<<32 - 2

// kernelPaths are not on a disk.
var kernelPaths = []string{"/proc", "/sys", "/dev"}

// DefaultDataRoot is where engines keep their own data by default.
const DefaultDataRoot = "/var/lib/docker"

// CheckDirectory says as the end of a sentence what makes a path unfit for a
// directory of a node; dataRoot is the engine's own directory, "" when it is not
// known.
func CheckDirectory(p, dataRoot string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("%q is not absolute: write the path from the node's root, such as \"/srv/media\"", p)
	case p == "/":
		return fmt.Errorf("the root of the node cannot be managed: name a directory below it")
	case path.Clean(p) != p:
		return fmt.Errorf("%q has other spellings: write %q", p, path.Clean(p))
	case strings.ContainsFunc(p, unicode.IsControl):
		return fmt.Errorf("%q has a control character", p)
	case strings.Contains(p, ":"):
		return fmt.Errorf("%q has a colon, which engines cannot mount", p)
	}
	for _, kernel := range kernelPaths {
		if Below(p, kernel) {
			return fmt.Errorf("%q belongs to the kernel", p)
		}
	}
	for _, root := range []string{DefaultDataRoot, dataRoot} {
		if root != "" && Below(p, root) {
			return fmt.Errorf("%q belongs to the Docker engine, which keeps its own data in %s", p, root)
		}
	}
	return nil
}

// Below reports whether a clean path is a directory or lies in it.
func Below(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

// DirectoryTarget is where a window (LabelWindow) mounts its part of the node.
const DirectoryTarget = "/files"

// WindowName is the name of the container through which its keeper sees the
// directory root of a node.
func WindowName(root, keeper string) string {
	sum := sha256.Sum256([]byte(root + "\x00" + keeper))
	return windowPrefix + hex.EncodeToString(sum[:6])
}

const windowPrefix = "homelab-window-"

// IsWindowName reports whether a container is called as a window is.
func IsWindowName(name string) bool { return strings.HasPrefix(name, windowPrefix) }
