// Package handshake serves a provider to Terraform as the plugin library does,
// with a certificate that is quick to make.
//
// Terraform starts a provider three times for a plan and once more for an apply,
// and both sides prove to each other who they are with a certificate made for
// that one process. The plugin library makes one on the curve P-521, which Go
// computes without assembly: making it, signing with it and checking it take some
// 15 ms in each start. On P-256 it is well below one. See docs/adr/0021.
package handshake
