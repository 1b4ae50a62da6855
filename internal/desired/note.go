package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Note says on a node that something is being made there for the first time: an
// empty volume that is there before it and goes after it. Where one is found, the
// create was cut off, and no state has what it left.
type Note struct {
	// Kind is NoteStack or NoteNetwork, and Name what is being made.
	Kind, Name string
}

// The kinds of what there are notes of.
const (
	NoteStack   = "stack"
	NoteNetwork = "network"
)

// Label is the value of the volume's LabelScratch.
func (n Note) Label() string { return n.Kind + "/" + n.Name + noteSuffix }

const noteSuffix = "/first"

// IsNote reports whether a LabelScratch says that something is being made for the
// first time.
func IsNote(label string) bool { return strings.HasSuffix(label, noteSuffix) }

// Volume is the volume's name. It has the hash of what it is about, so that it is
// never too long for an engine.
func (n Note) Volume() string {
	sum := sha256.Sum256([]byte(n.Label()))
	return "homelab_creating_" + n.Kind + "_" + hex.EncodeToString(sum[:8])
}
