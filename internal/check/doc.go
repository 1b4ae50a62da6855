// Package check holds the rules that look across the resources of a run: ports, names,
// address ranges, zones, memory and platforms of images. Each resource says what it
// takes of its node; a rule compares that with what others take and what exists. It is
// pure.
package check
