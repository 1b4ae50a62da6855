package stack_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	composefile "github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// updateSpellings has the tests write docs/dev/spellings.md instead of holding it
// against what they see (make spellings).
var updateSpellings = flag.Bool("update-spellings", false, "write docs/dev/spellings.md")

// isAlone reports whether a spelling excludes other fields, and so needs a service of
// its own.
func (s spelling) isAlone() bool {
	key := s.key()
	return key == "network_mode" || key == "pid" || key == "ipc" || key == "uts" || key == "privileged" || strings.Contains(s.keys, "\n")
}

func (s spelling) key() string {
	key, _, _ := strings.Cut(s.keys, ":")
	if key == "expose" {
		return "ports" // the engine has both in one list
	}
	return key
}

// spelledServices spreads spellings over as few services as will do: a service has
// no field twice.
func spelledServices(list []spelling) [][]spelling {
	var services [][]spelling
	var taken []map[string]bool
next:
	for _, s := range list {
		for i := range services {
			if !s.isAlone() && !taken[i][s.key()] && !taken[i][""] {
				services[i], taken[i][s.key()] = append(services[i], s), true
				continue next
			}
		}
		services, taken = append(services, []spelling{s}), append(taken, map[string]bool{s.key(): true, "": s.isAlone()})
	}
	return services
}

// spelledDocument is a Compose document with the services s0, s1 and so on.
func spelledDocument(services [][]spelling, names *strings.Replacer) string {
	var b strings.Builder
	b.WriteString("networks: {n: {enable_ipv6: true, ipam: {config: [{subnet: 10.213.7.0/24}, {subnet: \"fd42::/64\"}]}}}\nvolumes: {vol: {}}\nservices:\n")
	for i, list := range services {
		fmt.Fprintf(&b, "  s%d:\n    image: homelab.test/app:1\n", i)
		for _, s := range list {
			b.WriteString("    " + strings.ReplaceAll(s.keys, "\n", "\n    ") + "\n")
		}
	}
	return names.Replace(b.String())
}

const verdict = "at plan"

// A spelling that no engine can carry is refused at plan, and the table says so.
func TestSpellings_Table_SaysWhatAPlanRefuses(t *testing.T) {
	names := strings.NewReplacer("STACK", "stack", "OUTSIDE", "outside", "SHORTID", strings.Repeat("a", 12), "FULLID", strings.Repeat("a", 64))
	seen := map[string]string{}
	for _, s := range spellings {
		_, err := composefile.Load(t.Context(), composefile.Input{Name: "stack", Compose: spelledDocument([][]spelling{{s}}, names)})
		if (s.at == "") != (err != nil) {
			t.Errorf("%q: refused with %v", s.keys, err)
		}
		seen[s.cell()] = "same"
		if err != nil {
			_, text, _ := strings.Cut(strings.ReplaceAll(err.Error(), "stack_n", "STACK_n"), `service "s0": `)
			seen[s.cell()] = "refused: " + text
		}
	}
	holdSpellings(t, verdict, seen)
}

// cell is a spelling as the table has it.
func (s spelling) cell() string { return "`" + strings.ReplaceAll(s.keys, "\n", "`, `") + "`" }

// holdSpellings holds a column of docs/dev/spellings.md against what a test saw by
// spelling, or writes it. A column that is not there is of an engine that nobody
// recorded.
func holdSpellings(t *testing.T, column string, seen map[string]string) {
	t.Helper()
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "dev", "spellings.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, columns, rows := readSpellings(string(text))
	if *updateSpellings {
		if err := os.WriteFile(file, []byte(head+writeSpellings(columns, rows, column, seen)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !slices.Contains(columns, column) {
		t.Logf("docs/dev/spellings.md has no column for %s: make spellings", column)
		return
	}
	if column == verdict && len(rows) != len(spellings) {
		t.Errorf("docs/dev/spellings.md has %d rows for %d spellings: make spellings", len(rows), len(spellings))
	}
	for spelling, value := range seen {
		if got := rows[spelling][column]; got != value {
			t.Errorf("docs/dev/spellings.md, %s, %s: %s, and the test saw %s: make spellings", spelling, column, got, value)
		}
	}
}

// readSpellings reads what is before the table, its columns except for the first,
// and the rows by spelling.
func readSpellings(text string) (head string, columns []string, rows map[string]map[string]string) {
	at := strings.Index(text, "| ")
	if at < 0 {
		return text, []string{verdict}, nil
	}
	lines := strings.Split(strings.TrimSpace(text[at:]), "\n")
	columns, rows = cells(lines[0])[1:], map[string]map[string]string{}
	for _, line := range lines[min(2, len(lines)):] {
		row := cells(line)
		rows[row[0]] = map[string]string{}
		for i, column := range columns {
			rows[row[0]][column] = row[i+1]
		}
	}
	return text[:at], columns, rows
}

func cells(line string) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
}

func writeSpellings(columns []string, rows map[string]map[string]string, column string, seen map[string]string) string {
	if !slices.Contains(columns, column) {
		columns = append(columns, column)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| in the document | %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)+1))
	for _, s := range spellings {
		b.WriteString("| " + s.cell())
		for _, name := range columns {
			value := rows[s.cell()][name]
			if name == column {
				value = seen[s.cell()]
			}
			b.WriteString(" | " + value)
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
