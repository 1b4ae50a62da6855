// Package survey tries the provider on Compose projects that other people wrote:
// every project below a directory, such as a clone of a public repository, is
// brought up by Docker Compose on one node of a lab and by the provider on another.
// It counts what loads, plans, applies, settles, is the same, is adopted and is
// destroyed, and groups the causes of what does not. Run it with "make survey";
// docs/dev/survey.md says what it does to a project first.
//
// It is for tests only, and has no projects of its own.
package survey
