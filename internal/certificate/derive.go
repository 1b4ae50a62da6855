package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// MinSeedBytes is how long a seed has to be: 32 random characters of 64 are more
// than 128 bits.
const MinSeedBytes = 32

// ErrShortSeed means that a seed could be guessed.
var ErrShortSeed = errors.New("the seed is too short")

// salt sets these keys apart from whatever else is made from the same seed. A new
// way to derive needs another one.
const salt = "homelab pki v1"

// derive stretches the seed to n bytes for one purpose (RFC 5869).
func derive(seed []byte, n int, purpose ...string) ([]byte, error) {
	var info strings.Builder
	for _, part := range purpose {
		fmt.Fprintf(&info, "%d:%s", len(part), part)
	}
	return hkdf.Key(sha256.New, seed, []byte(salt), info.String(), n)
}

// deriveKey makes the key for a purpose: a number of 64 bits more than the curve's
// order needs is reduced, so that every key is as likely as any other (FIPS 186-5,
// A.2.1).
func deriveKey(seed []byte, purpose ...string) (*ecdsa.PrivateKey, error) {
	curve := elliptic.P256()
	bits, err := derive(seed, curve.Params().BitSize/8+8, append([]string{"key"}, purpose...)...)
	if err != nil {
		return nil, err
	}
	one := big.NewInt(1)
	d := new(big.Int).SetBytes(bits)
	d.Mod(d, new(big.Int).Sub(curve.Params().N, one))
	d.Add(d, one)
	return ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, curve.Params().BitSize/8)))
}

// deriveSerial makes a certificate's serial number, which is positive and of 20
// bytes at most (RFC 5280, 4.1.2.2).
func deriveSerial(seed []byte, purpose ...string) (*big.Int, error) {
	bits, err := derive(seed, 16, append([]string{"serial"}, purpose...)...)
	if err != nil {
		return nil, err
	}
	bits[0] = bits[0]&0x7f | 0x40
	return new(big.Int).SetBytes(bits), nil
}

// steady signs the same way every time.
type steady struct{ *ecdsa.PrivateKey }

// Sign leaves the random numbers out, which makes the signature deterministic.
func (s steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, opts)
}
