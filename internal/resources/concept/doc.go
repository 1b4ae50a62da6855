// Package concept is what the Terraform concepts have in common: what their provider
// hands them, private state, and the messages for a node that cannot be looked at. It
// decides nothing.
package concept
