// Package conformance compares stacks with what Docker Compose makes of the same
// documents, and tells what becomes of every key of the Compose specification.
//
// The projects are in testdata/conformance; its README says how to write one.
// TestAccConformance (make conformance) brings each up with Docker Compose and with
// the provider on one engine and compares the engine's answers field by field. The
// list of what may differ is in package compare.
//
// What is exported makes the table in docs/guides/compose-keys.md from the
// specification's schema, the provider's verdicts and the projects.
package conformance
