package moduletest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
)

var (
	runBlock   = regexp.MustCompile(`(?ms)^run "[a-z0-9_]+" \{\n.*?\n\}\n?`)
	expectLine = regexp.MustCompile(`(?m)^  expect_failures\s*=.*\n`)
	checkedBy  = regexp.MustCompile(`validation rule at ([^:\s]+:[0-9]+),`)
)

// Counting says that there are enough tests of refusals. This one has Terraform say
// which rule refused, for each: what the tests expect is taken out, so that every run
// ends with the rule's error.
func TestAccModules_EachValidation_RefusesInATest(t *testing.T) {
	c := acctest.NewCLI(t) // skips without TF_ACC
	if os.Getenv(allVariable) == "" {
		t.Skip("make test-modules runs this test")
	}
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(c.Dir, "modules"), os.DirFS(filepath.Join(root, "modules"))); err != nil {
		t.Fatal(err)
	}
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		rules := validations(t, module.Dir)
		if len(rules) == 0 {
			return
		}
		dir := filepath.Join(c.Dir, "modules", module.Name)
		refusals(t, dir)
		at := "-chdir=" + dir
		c.Must(t, []string{at, "get", "-no-color"})
		refused := map[string]bool{}
		for line := range strings.Lines(c.Run(t, at, "test", "-no-color", "-json").Stdout) {
			var message struct {
				Diagnostic struct{ Detail string }
			}
			if err := json.Unmarshal([]byte(line), &message); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			for _, m := range checkedBy.FindAllStringSubmatch(message.Diagnostic.Detail, -1) {
				refused[filepath.Base(m[1])] = true // also of a copy that only tests call
			}
		}
		for _, rule := range rules {
			if !refused[rule] {
				t.Errorf("the validation at %s refuses nothing in a test", rule)
			}
		}
	})
}

// validations are the places of a module's rules, as "variables.tf:12".
func validations(t *testing.T, dir string) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.tf")) // the pattern is well formed
	var found []string
	for _, file := range files {
		number := 0
		for line := range strings.Lines(read(t, file)) {
			number++
			if strings.HasPrefix(line, "  validation {") {
				found = append(found, fmt.Sprintf("%s:%d", filepath.Base(file), number))
			}
		}
	}
	return found
}

// refusals leaves of a module's tests the runs that expect a refusal, each in a file of
// its own, for the first failure of a file is its last, and without what they expect.
func refusals(t *testing.T, dir string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "tests", "*.tftest.hcl"))
	for _, file := range files {
		text := read(t, file)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		before := runBlock.ReplaceAllString(text, "")
		for i, run := range runBlock.FindAllString(text, -1) {
			if !expectLine.MatchString(run) {
				continue
			}
			name := fmt.Sprintf("%s_%d.tftest.hcl", strings.TrimSuffix(filepath.Base(file), ".tftest.hcl"), i)
			if err := os.WriteFile(filepath.Join(dir, "tests", name), []byte(before+expectLine.ReplaceAllString(run, "")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
