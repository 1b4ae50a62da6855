// Package compare reads what Docker Compose and the provider left an engine with,
// and compares it field by field. The list of what may differ is Differences.
//
// It is for tests only: the conformance suite's and the survey's.
package compare
