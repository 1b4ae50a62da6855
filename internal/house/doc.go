// Package house holds the rules of how this repository is built, as tests: which
// package may import which, where a clock or a background context may be used,
// and how long a file may be. Each rule carries its reason.
//
// The package has no code of its own. The rules are in rules_test.go, the table
// of who may import whom in layers_test.go. To change a rule, change it there
// and say why in an architecture decision record (docs/adr).
package house
