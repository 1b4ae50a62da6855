package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What is around the table of images in a README.
const (
	tableBegin = "<!-- BEGIN_IMAGES -->\n"
	tableEnd   = "<!-- END_IMAGES -->"
)

// WriteTable returns a README with the table of the module's images in its place: what
// it runs, where that is documented, and what it was tested with. A module without
// images needs no place for it; any other is an error.
func (m Module) WriteTable(readme string) (string, error) {
	before, rest, found := strings.Cut(readme, tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	switch {
	case found && ended:
		return before + tableBegin + m.table() + tableEnd + after, nil
	case len(m.Pinned) > 0:
		return "", fmt.Errorf("find place for the table of images: there is no %s%s", tableBegin, tableEnd)
	}
	return readme, nil
}

// table is what the README says.
func (m Module) table() string {
	var b strings.Builder
	b.WriteString("\n| service | image | documented | tested with |\n| --- | --- | --- | --- |\n")
	for _, kind := range slices.Sorted(maps.Keys(m.Pinned)) {
		spec := m.Specs[kind]
		var links []string
		for i, url := range spec.Documented {
			links = append(links, fmt.Sprintf("[%d](%s)", i+1, url))
		}
		with := "a stand-in only"
		if spec.Real != "" {
			with = "the real program"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", kind, m.Pinned[kind], strings.Join(links, ", "), with)
	}
	return b.String() + "\n"
}
