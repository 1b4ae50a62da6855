// Package archive turns local files into the entries that are delivered to a
// node, and entries into digests and tar streams.
//
// Nothing here depends on modification times, on the order in which a
// directory is read, or on who owns a file where Terraform runs: the same
// content gives the same entries, digest and stream on every machine. Large
// files are named by [desired.Entry.Local] and streamed, never held in memory.
// All functions are safe for concurrent use.
package archive
