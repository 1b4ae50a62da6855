// Package netns works inside network namespaces other than the process's own.
// It is for the labs of tests, Linux-only, and needs root.
package netns
