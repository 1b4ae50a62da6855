package topology

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// homelab loads the Compose documents testdata/homelabs/<name>/<node>/<stack>.yaml.
func homelab(t *testing.T, name string) diagram.Homelab {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "homelabs", name, "*", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents of %s: %v", name, err)
	}
	var list []declaration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		stack, err := compose.Outline(t.Context(), compose.Input{Name: strings.TrimSuffix(filepath.Base(file), ".yaml"), Compose: string(text)})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, declaration{filepath.Base(filepath.Dir(file)), stack})
	}
	return fromDeclarations(list, defaultCriticality)
}

// golden compares with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it, and write it with -update:\n%s", file, got)
	}
}

// references are the five homelabs that the project has to be able to express.
var references = []string{"app-platform", "layered", "multi-stack", "service-vms", "three-node"}

func TestDraw_ReferenceHomelabs_AreDrawnCompletely(t *testing.T) {
	for _, name := range references {
		for _, by := range []diagram.GroupBy{diagram.ByNode, diagram.ByStack, diagram.ByCriticality} {
			t.Run(name+" by "+string(by), func(t *testing.T) {
				d := diagram.Draw(homelab(t, name), diagram.Options{GroupBy: by, Show: defaultShow})
				if len(d.Omitted) > 0 {
					t.Errorf("left out: %q", d.Omitted)
				}
				golden(t, filepath.Join("diagrams", name+"-by-"+string(by)+".mmd"), d.Mermaid)
			})
		}
	}
}

func TestGuide_Diagram_IsTheOneThatIsDrawn(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "guides", "topology.md"))
	if err != nil {
		t.Fatal(err)
	}
	drawn := diagram.Markdown(diagram.Draw(homelab(t, "app-platform"), diagram.Options{Show: defaultShow}))
	if !strings.Contains(string(guide), drawn) {
		t.Errorf("docs/guides/topology.md does not have this diagram:\n%s", drawn)
	}
}
