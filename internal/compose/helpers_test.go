package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// yamlText takes the indentation of a raw string in a test away, which is made
// of tabs, so that what remains is YAML.
func yamlText(s string) string {
	lines := strings.Split(strings.TrimRight(strings.Trim(s, "\n"), "\t"), "\n")
	indent := -1
	for _, line := range lines {
		if n := len(line) - len(strings.TrimLeft(line, "\t")); strings.TrimSpace(line) != "" && (indent < 0 || n < indent) {
			indent = n
		}
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], strings.Repeat("\t", max(indent, 0)))
		lines[i] = strings.ReplaceAll(lines[i], "\t", "  ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func mustLoad(t *testing.T, in Input) desired.Stack {
	t.Helper()
	in.Name = "demo"
	in.Compose = yamlText(in.Compose)
	stack, err := Load(t.Context(), in)
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	return stack
}

// oneService loads a document with the one service "web" that has the given
// keys.
func oneService(t *testing.T, keys string) desired.Service {
	t.Helper()
	return mustLoad(t, Input{Compose: webService(keys)}).Services["web"]
}

func webService(keys string) string {
	lines := strings.Split(strings.TrimSpace(yamlText(keys)), "\n")
	return "services:\n  web:\n    image: nginx\n    " + strings.Join(lines, "\n    ") + "\n"
}

func mustFail(t *testing.T, in Input) []*Error {
	t.Helper()
	if in.Name == "" {
		in.Name = "demo"
	}
	in.Compose = yamlText(in.Compose)
	_, err := Load(t.Context(), in)
	if err == nil {
		t.Fatal("no error")
	}
	errs := Errors(err)
	if len(errs) == 0 {
		t.Fatalf("the error holds no *Error: %v", err)
	}
	return errs
}

// filesIn writes files below a new directory; a name that ends in "/" is a
// directory.
func filesIn(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func contains(list []string, part string) bool {
	for _, item := range list {
		if strings.Contains(item, part) {
			return true
		}
	}
	return false
}
