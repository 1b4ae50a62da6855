package moduletest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
)

// renovate is what renovate.json says of images.
type renovate struct {
	CustomManagers []struct{ ManagerFilePatterns, MatchStrings []string }
	PackageRules   []struct {
		MatchPackageNames []string
		Versioning        string
	}
}

func readRenovate(t *testing.T, root string) renovate {
	t.Helper()
	var config renovate
	if err := json.Unmarshal([]byte(read(t, filepath.Join(root, "renovate.json"))), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.CustomManagers) != 1 || len(config.CustomManagers[0].MatchStrings) != 1 || len(config.CustomManagers[0].ManagerFilePatterns) != 1 {
		t.Fatalf("renovate.json: %+v", config)
	}
	return config
}

// pattern is a regular expression as Renovate writes it, /between slashes/.
func pattern(t *testing.T, text string) *regexp.Regexp {
	t.Helper()
	inner, begins := strings.CutPrefix(text, "/")
	inner, ends := strings.CutSuffix(inner, "/")
	if !begins || !ends {
		t.Fatalf("renovate.json: %s is no pattern between slashes", text)
	}
	return regexp.MustCompile(inner)
}

// dockerVersion is what Renovate takes for a version in a tag, after a "v" and before
// what the first hyphen begins: https://docs.renovatebot.com/modules/versioning/docker/
var dockerVersion = regexp.MustCompile(`^v?\d+(\.\d+)*\w*(-.*)?$`)

// versions reports whether Renovate can order an image's versions by its tag: as versions
// commonly look, or as a rule for the image says.
func (r renovate) versions(t *testing.T, image, tag string) bool {
	t.Helper()
	for _, rule := range r.PackageRules {
		how, own := strings.CutPrefix(rule.Versioning, "regex:")
		for _, name := range rule.MatchPackageNames {
			if own && pattern(t, name).MatchString(image) {
				return regexp.MustCompile(how).MatchString(tag)
			}
		}
	}
	return dockerVersion.MatchString(tag)
}

func TestModules_EveryImage_IsPinnedAndKnownToRenovate(t *testing.T) {
	eachModule(t, func(t *testing.T, root string, module catalog.Module) {
		pins, err := module.Pins()
		if err != nil {
			t.Fatal(err)
		}
		config := readRenovate(t, root)
		if manager := config.CustomManagers[0].ManagerFilePatterns[0]; !pattern(t, manager).MatchString("modules/" + module.Name + "/images.tf") {
			t.Errorf("Renovate does not look into images.tf: %s", manager)
		}
		text, _ := os.ReadFile(filepath.Join(module.Dir, "images.tf")) // none, none found
		line := regexp.MustCompile(config.CustomManagers[0].MatchStrings[0])
		matches := map[string]bool{}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			matches[m[line.SubexpIndex("depName")]+":"+m[line.SubexpIndex("currentValue")]] = true
		}
		for _, p := range pins {
			if p.Renovate != p.Image || !matches[p.Image+":"+p.Tag] {
				t.Errorf("images.tf:%d: Renovate does not know %s:%s: the line above is %q", p.Line, p.Image, p.Tag, "# renovate: datasource=docker depName="+p.Renovate)
			}
			if strings.HasPrefix(p.Tag, "latest") || !config.versions(t, p.Image, p.Tag) {
				t.Errorf("images.tf:%d: %s:%s is no version that Renovate can raise: give it one, or renovate.json a rule with its versioning", p.Line, p.Image, p.Tag)
			}
		}
		if quoted := strings.Count(string(text), `= "`); quoted != len(pins) {
			t.Errorf("images.tf has %d texts and %d images: one image a line, and nothing else", quoted, len(pins))
		}
	})
}

// imageText is an image with a tag in a module, as in "nginx:1.29.3".
var imageText = regexp.MustCompile(`(?m)^\s*image\s*=\s*"[^"$]+:[^"$]+"`)

func TestModules_Images_StandInOneFile(t *testing.T) {
	eachModule(t, func(t *testing.T, _ string, module catalog.Module) {
		files, _ := filepath.Glob(filepath.Join(module.Dir, "*.tf"))
		for _, file := range files {
			if found := imageText.FindString(read(t, file)); found != "" {
				t.Errorf("%s names an image that Renovate does not see: %s", file, strings.TrimSpace(found))
			}
		}
	})
}
