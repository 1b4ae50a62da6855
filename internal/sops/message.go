package sops

import "fmt"

// Format is how a SOPS file is written.
type Format string

// The formats of SOPS. Binary is whatever the others are not: the complete file is
// one value.
const (
	YAML   Format = "yaml"
	JSON   Format = "json"
	Dotenv Format = "dotenv"
	INI    Format = "ini"
	Binary Format = "binary"
)

// Request is what homelab-sops reads from its standard input, as JSON.
type Request struct {
	Format Format
	// File is the encrypted file's content.
	File []byte
}

// Answer is what homelab-sops writes to its standard output, as JSON. Either
// Failure is set, or the rest is.
type Answer struct {
	// Raw is the decrypted file.
	Raw []byte
	// Values are the file's values by their flattened keys; a nil value is a
	// null. Nil for a binary file, and for one of several documents.
	Values  map[string]*string
	Failure *Failure
}

// Kind says why a file could not be decrypted.
type Kind string

// The kinds of [Failure].
const (
	// NotSOPS means that the file carries no metadata of SOPS.
	NotSOPS Kind = "not a SOPS file"
	// Unparsable means that the file is not written in its format.
	Unparsable Kind = "unparsable"
	// NoKey means that none of the keys at hand decrypts the file.
	NoKey Kind = "no key"
	// Tampered means that the file is not as SOPS wrote it.
	Tampered Kind = "tampered"
	// Ambiguous means that two of the file's keys are the same when flattened.
	Ambiguous Kind = "ambiguous"
)

// Failure is why a file was not decrypted. It never holds a value of the file,
// nor a part of a key.
type Failure struct {
	Kind Kind
	// Reason adds what is known, as a part of a sentence; it may be empty.
	Reason string
	// Recipients are the keys that the file is encrypted to, for [NoKey].
	Recipients []Recipient
	// Names are the flattened keys of the file's values, sorted, for [NoKey]: SOPS
	// leaves them readable. Nil for a file that has no values.
	Names []string
	// Needed is how many groups of recipients have to be decrypted, where it is
	// more than one.
	Needed int
}

// Error returns the failure in one line.
func (f *Failure) Error() string {
	if f.Reason == "" {
		return fmt.Sprintf("decrypt SOPS file: %s", f.Kind)
	}
	return fmt.Sprintf("decrypt SOPS file: %s: %s", f.Kind, f.Reason)
}

// Recipient is one key that a file is encrypted to.
type Recipient struct {
	// Type is SOPS's word for the kind of key, such as "age", "pgp" or "kms".
	Type string
	// Name is the public key, fingerprint or address.
	Name string
	// Reason says why it did not serve.
	Reason string
}
