// Package sops decrypts SOPS files in a program of its own, homelab-sops, which
// is beside the provider's.
//
// SOPS brings the clients of every key service it knows: tens of megabytes, and
// milliseconds of each start. Terraform starts a provider several times a plan,
// and most plans decrypt nothing, so only that program carries them. What passes
// between the two goes through pipes: no decrypted value is written to a file,
// an argument or an environment variable.
package sops
