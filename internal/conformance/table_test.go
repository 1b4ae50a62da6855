package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
)

// wanted is how many projects there have to be at least.
const wanted = 80

func rows(t *testing.T) ([]conformance.Row, int) {
	t.Helper()
	projects, err := conformance.Load(projectsDir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conformance.Rows(projects)
	if err != nil {
		t.Fatal(err)
	}
	return rows, len(projects)
}

// TestRows_EveryKey_IsInAProject holds the projects to the specification: a key
// that is supported and in no project would be supported by hearsay.
func TestRows_EveryKey_IsInAProject(t *testing.T) {
	all, projects := rows(t)
	if projects < wanted {
		t.Errorf("%d projects, %d are wanted", projects, wanted)
	}
	for _, row := range all {
		if len(row.Projects) == 0 {
			t.Errorf("%s (%s) is in no project", row.Key, row.Verdict)
		}
		if row.Verdict != conformance.Same && row.Why == "" {
			t.Errorf("%s: %s without a reason", row.Key, row.Verdict)
		}
	}
}

func TestDiffers_EveryKey_IsSupported(t *testing.T) {
	all, _ := rows(t)
	supported := map[string]bool{}
	for _, row := range all {
		supported[row.Key] = row.Verdict == conformance.Differ
	}
	for key := range conformance.Differs {
		if !supported[key] {
			t.Errorf("%s is no key of the specification that is supported", key)
		}
	}
}

func TestMarkdown_IsThePageInDocs(t *testing.T) {
	all, projects := rows(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "compose-keys.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != conformance.Markdown(all, projects) {
		t.Error(`docs/guides/compose-keys.md is not what the keys and projects say: run "make generate"`)
	}
}

func TestMarkdown_EveryKey_IsOneLine(t *testing.T) {
	all, projects := rows(t)
	lines := 0
	for line := range strings.Lines(conformance.Markdown(all, projects)) {
		if strings.HasPrefix(line, "| `") {
			lines++
		}
	}
	if lines != len(all) {
		t.Errorf("%d keys are in %d lines", len(all), lines)
	}
}

// TestSample_EveryName_IsAProject holds the projects that "make check" compares: one
// that is renamed or removed would be left out without a word.
func TestSample_EveryName_IsAProject(t *testing.T) {
	names, err := os.ReadFile(filepath.Join("testdata", "sample"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(names)) {
		if _, err := os.Stat(filepath.Join(projectsDir, name)); err != nil {
			t.Error(err)
		}
	}
}
