// Package certificate derives a certificate authority and what it issues from one
// secret, the seed: the same seed and requests give the same keys and certificates,
// byte for byte. So they are kept nowhere, and asking for them again is no change.
// See docs/adr/0042.
//
// Keys are of ECDSA on P-256, which everything that speaks TLS 1.2 knows, and
// signatures are deterministic (RFC 6979).
package certificate
