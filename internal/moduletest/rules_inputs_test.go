package moduletest

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
)

// free are the inputs in which nothing but the type can be wrong, each with why. Those
// of pki are checked by homelab_pki, which has them as its own arguments.
var free = map[string]string{
	"node":             "the provider knows the nodes, and names them",
	"ingress":          "what the module ingress puts out",
	"sso":              "what the module auth puts out",
	"command":          "words of the image's",
	"entrypoint":       "words of the image's",
	"labels":           "any text",
	"dashboard":        "texts to show",
	"pki/seed":         "homelab_pki checks it",
	"pki/name":         "homelab_pki checks it",
	"pki/not_before":   "homelab_pki checks it",
	"pki/years":        "homelab_pki checks it",
	"pki/certificates": "homelab_pki checks it",
}

var (
	variableBlock = regexp.MustCompile(`(?ms)^variable "([a-z0-9_]+)" \{\n.*?\n\}`)
	typeLine      = regexp.MustCompile(`(?m)^  type\s+=\s+(.*)$`)
	descriptive   = regexp.MustCompile(`(?m)^  description\s+=\s+`)
	loose         = regexp.MustCompile(`\bany\b`)
)

func TestModules_EveryInput_IsTypedDescribedAndValidated(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		files, _ := filepath.Glob(filepath.Join(module.Dir, "*.tf")) // the pattern is well formed
		for _, file := range files {
			for _, block := range variableBlock.FindAllStringSubmatch(read(t, file), -1) {
				text, name := block[0], block[1]
				kind := typeLine.FindStringSubmatch(text)
				switch {
				case len(kind) < 2 || loose.MatchString(kind[1]):
					t.Errorf("variable %s has no type, or any", name)
				case !descriptive.MatchString(text):
					t.Errorf("variable %s has no description", name)
				case strings.Contains(text, "\n  validation {") || kind[1] == "bool":
				case free[name] == "" && free[module.Name+"/"+name] == "":
					t.Errorf("variable %s has no validation: what can be wrong in it? If nothing can, say why in this test's list", name)
				}
			}
		}
	})
}

// longestCall is how many lines a call of a module may have to be small.
const longestCall = 14

var callBlock = regexp.MustCompile(`(?ms)^module "([a-z0-9_-]+)" \{\n.*?\n\}`)

func TestModules_Readme_CallsAreSmall(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		calls := callBlock.FindAllStringSubmatch(read(t, filepath.Join(module.Dir, "README.md")), -1)
		if len(calls) == 0 {
			t.Error("README.md calls no module")
		}
		for _, call := range calls {
			if lines := strings.Count(call[0], "\n") + 1; lines > longestCall {
				t.Errorf("README.md calls the module as %s with %d lines, more than %d", call[1], lines, longestCall)
			}
		}
	})
}
