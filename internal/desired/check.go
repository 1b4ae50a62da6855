package desired

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// The cost of a SecretCheck: 32 MiB and about 0.14 s for each guess on a small
// machine (see docs/adr on secret checks). The prefix goes up with any change of
// these, and a change to them must keep reading the checks made before: a check
// that cannot be read counts as another secret.
const (
	checkPrefix  = "scrypt-1"
	checkN       = 1 << 15
	checkR       = 8
	checkP       = 1
	checkKeySize = 32
	checkSalt    = 16
)

// SecretCheck is a slow salted hash by which a secret is recognised without
// being kept: "scrypt-1$<salt>$<hash>", both in base64.
type SecretCheck string

// NewSecretCheck returns a check of value with a fresh random salt. It takes
// some tens of milliseconds on purpose.
func NewSecretCheck(value []byte) (SecretCheck, error) {
	salt := make([]byte, checkSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	key, err := scrypt.Key(value, salt, checkN, checkR, checkP, checkKeySize)
	if err != nil {
		return "", fmt.Errorf("hash secret: %w", err)
	}
	enc := base64.RawStdEncoding
	return SecretCheck(checkPrefix + "$" + enc.EncodeToString(salt) + "$" + enc.EncodeToString(key)), nil
}

// Matches reports whether the check was made from value. A check it cannot read
// matches nothing.
func (c SecretCheck) Matches(value []byte) bool {
	parts := strings.Split(string(c), "$")
	if len(parts) != 3 || parts[0] != checkPrefix {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	got, err := scrypt.Key(value, salt, checkN, checkR, checkP, checkKeySize)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1
}
