package diagram

import "strings"

// Markdown returns a diagram in a fenced block, with a legend of what is in it and
// what was left out.
func Markdown(d Diagram) string {
	var out strings.Builder
	out.WriteString("```mermaid\n" + d.Mermaid + "```\n")
	var legend []string
	for _, entry := range []struct{ sign, meaning string }{
		{":::exposed", "orange: reachable by a port"},
		{":::served", "green: served by a reverse proxy"},
		{":::unwell", "red: unhealthy"},
		{":::absent", "dashed: not running, not there or unused"},
		{" -->", "arrow: depends on"},
		{" ==>", "thick arrow: shares namespace or volumes"},
		{".- net_", "dotted line: joins the network"},
	} {
		if strings.Contains(d.Mermaid, entry.sign) {
			legend = append(legend, entry.meaning)
		}
	}
	if len(legend) > 0 {
		out.WriteString("\n" + strings.Join(legend, " · ") + "\n")
	}
	for _, omitted := range d.Omitted {
		out.WriteString("\n> Shortened to fit: " + omitted + "\n")
	}
	return out.String()
}
