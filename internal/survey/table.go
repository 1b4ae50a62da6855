package survey

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Table is the outcome in Markdown: how many projects passed each step, those with
// relative mounts apart, and the causes of failure with how many projects have them.
func (r *Results) Table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	counted := func(r Result) bool { return r.Passed(Readable) && r.Passed(Composed) }
	groups := []struct {
		title string
		holds func(Result) bool
	}{
		{"all projects", func(Result) bool { return true }},
		{"all that Docker Compose runs", counted},
		{"of these without relative mounts", func(r Result) bool { return counted(r) && !r.Relative }},
		{"of these with relative mounts", func(r Result) bool { return counted(r) && r.Relative }},
	}
	b.WriteString("| step |")
	for _, g := range groups {
		b.WriteString(" " + g.title + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(groups)) + "\n| projects |")
	for _, g := range groups {
		fmt.Fprintf(&b, " %d |", r.count(g.holds))
	}
	b.WriteString("\n")
	for _, step := range Steps {
		fmt.Fprintf(&b, "| %s |", step)
		for _, g := range groups {
			all := r.count(g.holds)
			passed := r.count(func(one Result) bool { return g.holds(one) && one.Passed(step) })
			fmt.Fprintf(&b, " %d (%s) |", passed, percent(passed, all))
		}
		b.WriteString("\n")
	}
	b.WriteString(r.causes())
	return b.String()
}

func percent(part, all int) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(all))
}

func (r *Results) count(holds func(Result) bool) int {
	n := 0
	for _, one := range r.all {
		if holds(one) {
			n++
		}
	}
	return n
}

// causes lists what the failures of a step have in common, the commonest first.
func (r *Results) causes() string {
	var b strings.Builder
	b.WriteString("\n| step | cause | projects | relative | for example |\n| --- | --- | --- | --- | --- |\n")
	for _, step := range Steps {
		projects := map[string][]string{}
		relative := map[string]int{}
		for _, id := range slices.Sorted(maps.Keys(r.all)) {
			seen := map[string]bool{}
			for _, text := range r.all[id].Steps[step] {
				kind := Kind(text)
				if seen[kind] {
					continue
				}
				seen[kind] = true
				projects[kind] = append(projects[kind], id)
				if r.all[id].Relative {
					relative[kind]++
				}
			}
		}
		kinds := slices.SortedFunc(maps.Keys(projects), func(a, b string) int {
			if n := len(projects[b]) - len(projects[a]); n != 0 {
				return n
			}
			return strings.Compare(a, b)
		})
		for _, kind := range kinds {
			ids := projects[kind]
			fmt.Fprintf(&b, "| %s | %s | %d | %d | %s |\n", step, strings.ReplaceAll(kind, "|", `\|`), len(ids), relative[kind], strings.Join(ids[:min(3, len(ids))], ", "))
		}
	}
	return b.String()
}

// varying are the parts of a cause that differ from project to project.
var varying = []rewriting{
	{regexp.MustCompile(`(?m)^time="[^"]*" level=\w+ .*$`), ""},
	{regexp.MustCompile(`(?s)\n.*Log(s| lines).*`), ""},
	{regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{12}\b`), "ID"},
	{regexp.MustCompile(`(container|network|volume|image|request) [^ :]+ ([A-Z])`), "$1 X $2"},
	{regexp.MustCompile(`\b(Labels|environment|labels|sysctls|logging\.options|Sysctls)\.[^:\s]+`), "$1.X"},
	{regexp.MustCompile(`\b(networks|Networks|volumes|ports|Ports|tmpfs|extra_hosts)\.[^:\s]*?(\.[A-Za-z_0-9]+)?:( |$)`), "$1.X$2:$3"},
	{regexp.MustCompile(`\bservice [\w.-]+(/\d+)? `), "service X "},
	{regexp.MustCompile(`\[[^\]]*\]`), "[]"},
	{regexp.MustCompile(`"(?:[^"\\]|\\.)*"`), `"…"`},
	{regexp.MustCompile(`(?:/[\w.@:+-]+)+/?`), "PATH"},
	{regexp.MustCompile(`\b[Ll]ine \d+`), "line N"},
	{regexp.MustCompile(`services\.[\w.-]+?(\.(?:image|build|ports|volumes|environment|networks|env_file|command|deploy|depends_on|healthcheck)|[: ])`), "services.X$1"},
	{regexp.MustCompile(`\b\d+\b`), "N"},
	{regexp.MustCompile(`\s+`), " "},
}

// longest is how much of a cause tells what kind it is.
const longest = 220

// Kind is a cause without names, paths, values and numbers.
func Kind(cause string) string {
	for _, v := range varying {
		cause = v.line.ReplaceAllString(cause, v.by)
	}
	cause = strings.TrimSpace(cause)
	if runes := []rune(cause); len(runes) > longest {
		cause = string(runes[:longest]) + "…"
	}
	return cause
}
