package desired

import (
	"cmp"
	"slices"
	"strings"
)

// shortestHidden is how many bytes a part of a secret must have to be hidden: shorter
// ones are in any text.
const shortestHidden = 4

// Redaction is a text that must not be shown, and what is shown in its place.
type Redaction struct{ Hidden, Shown string }

// RedactSecret returns the redactions of a secret: of its text, and of each of its
// lines, because a program may quote only one.
func RedactSecret(value, shown string) []Redaction {
	var out []Redaction
	for _, part := range append(strings.Split(value, "\n"), value) {
		if part = strings.TrimSpace(part); len(part) >= shortestHidden {
			out = append(out, Redaction{part, shown})
		}
	}
	return out
}

// NewRedactor returns what applies redactions to texts, the longest first: one secret
// may be part of another.
func NewRedactor(redactions []Redaction) *strings.Replacer {
	sorted := slices.SortedFunc(slices.Values(redactions), func(a, b Redaction) int {
		return cmp.Or(cmp.Compare(len(b.Hidden), len(a.Hidden)), strings.Compare(a.Hidden+a.Shown, b.Hidden+b.Shown))
	})
	var pairs []string
	for _, r := range sorted {
		pairs = append(pairs, r.Hidden, r.Shown)
	}
	return strings.NewReplacer(pairs...)
}
