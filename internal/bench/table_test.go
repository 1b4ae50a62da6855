package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// series are the measurements of one thing.
type series struct {
	name  string
	times []time.Duration
}

func (s *series) add(d time.Duration) { s.times = append(s.times, d) }

// median is the middle of the measurements, of an odd number of them.
func (s *series) median() time.Duration {
	sorted := slices.Sorted(slices.Values(s.times))
	return sorted[len(sorted)/2]
}

// target is what a series is held to: a ratio to the sum of others that must not be
// exceeded.
type target struct {
	what     string
	measured *series
	by       []*series
	atMost   float64
}

func (t target) ratio() float64 {
	var by time.Duration
	for _, s := range t.by {
		by += s.median()
	}
	return t.measured.median().Seconds() / by.Seconds()
}

func (t target) met() bool { return t.ratio() <= t.atMost }

// table is what is printed: every series, then every target, as Markdown.
func table(measured []*series, targets []target) string {
	var b strings.Builder
	b.WriteString("| Measured | Median | All |\n|---|---|---|\n")
	for _, s := range measured {
		var all []string
		for _, d := range s.times {
			all = append(all, fmt.Sprintf("%.3f", d.Seconds()))
		}
		fmt.Fprintf(&b, "| %s | %.3f s | %s |\n", s.name, s.median().Seconds(), strings.Join(all, ", "))
	}
	b.WriteString("\n| Target | Ratio | At most | Met |\n|---|---|---|---|\n")
	for _, t := range targets {
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %s |\n", t.what, t.ratio(), t.atMost, map[bool]string{true: "yes", false: "**no**"}[t.met()])
	}
	return b.String()
}
