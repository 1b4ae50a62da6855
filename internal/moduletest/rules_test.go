package moduletest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// eachModule runs a test for every module.
func eachModule(t *testing.T, test func(t *testing.T, root string, module catalog.Module)) {
	t.Helper()
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	names, err := catalog.Modules(root)
	if err != nil || len(names) == 0 {
		t.Fatalf("modules: %v, %v", names, err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			module, err := catalog.Read(root, name)
			if err != nil {
				t.Fatal(err)
			}
			test(t, root, module)
		})
	}
}

func TestModules_EveryImage_HasItsDocumentation(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		if described, pinned := slices.Sorted(maps.Keys(module.Specs)), slices.Sorted(maps.Keys(module.Pinned)); !slices.Equal(described, pinned) {
			t.Errorf("tests/images.yaml describes %v, images.tf has %v", described, pinned)
		}
		for kind, spec := range module.Specs {
			if !strings.HasPrefix(module.Pinned[kind], spec.Image+":") {
				t.Errorf("%s is %s in images.tf, and %s in tests/images.yaml", kind, module.Pinned[kind], spec.Image)
			}
			if len(spec.Documented) == 0 {
				t.Errorf("%s: tests/images.yaml does not say where it is documented", kind)
			}
			if spec.Real+spec.Simulated == "" {
				continue
			}
			if _, err := images.ReadRecipe(spec.Real + spec.Simulated); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
}

var (
	variableLine   = regexp.MustCompile(`(?m)^variable "([a-z0-9_]+)" \{`)
	validationLine = regexp.MustCompile(`(?m)^  validation \{`)
	refusedLine    = regexp.MustCompile(`expect_failures\s*=\s*\[var\.([a-z0-9_]+)\]`)
)

func TestModules_EveryValidation_HasARejectingTest(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		rules, refused := map[string]int{}, map[string]int{}
		files, _ := filepath.Glob(filepath.Join(module.Dir, "*.tf")) // the pattern is well formed
		for _, file := range files {
			text := read(t, file)
			at := variableLine.FindAllStringSubmatchIndex(text, -1)
			for i, m := range at {
				until := len(text)
				if i+1 < len(at) {
					until = at[i+1][0]
				}
				rules[text[m[2]:m[3]]] += len(validationLine.FindAllString(text[m[0]:until], -1))
			}
		}
		files, _ = filepath.Glob(filepath.Join(module.Dir, "tests", "*.tftest.hcl"))
		for _, file := range files {
			for _, m := range refusedLine.FindAllStringSubmatch(read(t, file), -1) {
				refused[m[1]]++
			}
		}
		for name, count := range rules {
			if refused[name] < count {
				t.Errorf("variable %s has %d validations, and %d tests that it refuses something", name, count, refused[name])
			}
		}
	})
}

func TestModules_EveryFile_IsShort(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		err := filepath.WalkDir(module.Dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if lines := strings.Count(read(t, path), "\n"); lines > 300 {
				t.Errorf("%s has %d lines, more than 300", path, lines)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestModules_Readme_HasPictureInputsAndExample(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		text := read(t, filepath.Join(module.Dir, "README.md"))
		if written, err := module.WriteTable(text); err != nil || written != text {
			t.Errorf("README.md does not say which images were tested with what: run \"make generate\": %v", err)
		}
		wanted := []string{"```mermaid\n", "```hcl\n", "BEGIN_TF_DOCS"}
		if len(module.Pinned) > 0 {
			wanted = append(wanted, "BEGIN_IMAGES")
		}
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("README.md has no %s", strings.TrimSpace(want))
			}
		}
		if examples, err := filepath.Glob(filepath.Join(module.Dir, "examples", "*", "main.tf")); err != nil || len(examples) == 0 {
			t.Errorf("there is no example, %v", err)
		}
	})
}

func TestModules_Media_IsCalledInUnderFifteenLines(t *testing.T) {
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(read(t, filepath.Join(root, "modules", "media", "README.md")), "```hcl\n")
	call, _, found := strings.Cut(after, "```")
	if lines := strings.Count(call, "\n"); !found || lines >= 15 || !strings.HasPrefix(call, "module \"media\" {\n") {
		t.Errorf("README.md begins with a call of %d lines:\n%s", lines, call)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
