package stack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/volume"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// delivered has a file of each kind, and a service that has none.
const delivered = `
services:
  conf: {image: "homelab.test/app:1", configs: [{source: settings, target: /etc/settings}]}
  key: {image: "homelab.test/app:1", secrets: [token]}
  site: {image: "homelab.test/app:1", volumes: ["./site:/site:ro"]}
  none: {image: "homelab.test/app:1"}
configs:
  settings: {file: ./settings}
secrets:
  token: {environment: TOKEN}
`

func TestAccStack_Files_AreDeliveredAndChangeOnlyTheirUsers(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"settings": "color=red\n", "site/index": "hello\n", "site/deep/er": "down\n"})
	config := func(token string) string {
		return b.config(delivered, fmt.Sprintf("project_directory = %q", dir), fmt.Sprintf("secrets = { TOKEN = %q }", token))
	}
	look := holds(func() error { w.look(); return nil })
	update := plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)
	b.test(
		b.step(config("s3cret-one"), look, b.expectFileVolumes(3),
			b.expectFile("conf", "/etc/settings", "color=red\n"), b.expectFile("key", "/run/secrets/token", "s3cret-one"),
			b.expectFile("site", "/site/index", "hello\n"), b.expectFile("site", "/site/deep/er", "down\n")),
		unchanged(config("s3cret-one")),
		after(func() { writeFiles(t, dir, map[string]string{"settings": "color=blue\n"}) },
			expecting(b.step(config("s3cret-one"), w.onlyTouched("conf/1"), look, b.expectFileVolumes(3),
				b.expectFile("conf", "/etc/settings", "color=blue\n")), update)),
		after(func() { writeFiles(t, dir, map[string]string{"site/deep/er": "deeper\n"}) },
			expecting(b.step(config("s3cret-one"), w.onlyTouched("site/1"), look, b.expectFileVolumes(3),
				b.expectFile("site", "/site/deep/er", "deeper\n")), update)),
		expecting(b.step(config("s3cret-two"), w.onlyTouched("key/1"), look, b.expectFileVolumes(3),
			b.expectFile("key", "/run/secrets/token", "s3cret-two")),
			acctest.ExpectDifferences(address, `services.key.spec.secrets./run/secrets/token: "secret (version 1)" -> "secret (version 2)"`)),
	)
	b.expectNothing()
}

// expectFileVolumes is the number of volumes with delivered files: one for each,
// and none of an earlier version.
func (b *bench) expectFileVolumes(want int) acctest.StateCheck {
	return holds(func() error {
		if got := b.fileVolumes(); len(got) != want {
			return fmt.Errorf("the volumes with delivered files are %v, want %d", got, want)
		}
		return nil
	})
}

func (b *bench) fileVolumes() []string {
	b.Helper()
	list, err := b.engine.VolumeList(b.Context(), volume.ListOptions{})
	b.must(err)
	var names []string
	for _, v := range list.Volumes {
		if v.Labels[desired.LabelStack] == b.name && v.Labels[desired.LabelFile] != "" {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestAccStack_InlineConfig_SharedByTwoServices_IsOneVolume(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	config := func(color string) string {
		return b.config(fmt.Sprintf(`
services:
  a: {image: "homelab.test/app:1", configs: [{source: settings, target: /settings}]}
  b: {image: "homelab.test/app:1", configs: [{source: settings, target: /elsewhere}]}
  c: {image: "homelab.test/app:1"}
configs:
  settings: {content: "color=%s"}
`, color))
	}
	b.test(
		b.step(config("red"), holds(func() error { w.look(); return nil }), b.expectFileVolumes(1),
			b.expectFile("a", "/settings", "color=red"), b.expectFile("b", "/elsewhere", "color=red")),
		expecting(b.step(config("blue"), w.onlyTouched("a/1", "b/1"), b.expectFileVolumes(1),
			b.expectFile("a", "/settings", "color=blue")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
	)
}

func TestAccStack_FileVolumeDeletedByHand_IsDeliveredAgain(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  web: {image: "homelab.test/app:1", configs: [{source: settings, target: /settings}]}
configs:
  settings: {content: "color=red"}
`)
	b.test(
		b.step(config),
		after(func() {
			b.remove("web")
			for _, name := range b.fileVolumes() {
				b.must(b.engine.VolumeRemove(t.Context(), name, false))
			}
		}, expecting(b.step(config, b.expectFile("web", "/settings", "color=red")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate))),
	)
}

func TestAccStack_Build_RebuildsWhenTheContextChanges(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"page": "one\n", ".dockerignore": "ignored\n", "ignored": "1",
		"Dockerfile": "FROM homelab.test/app:1\nARG COLOR=none\nENV COLOR=$COLOR\nCOPY page /page\n"})
	config := func(color string) string {
		return b.config(fmt.Sprintf(`
services:
  made: {build: {context: ., args: {COLOR: %s}}}
  other: {image: "homelab.test/app:1"}
`, color), fmt.Sprintf("project_directory = %q", dir))
	}
	look := holds(func() error { w.look(); return nil })
	color := func(want string) acctest.StateCheck {
		return holds(func() error {
			if env := b.container("made").Config.Env; !slices.Contains(env, "COLOR="+want) {
				return fmt.Errorf("made has %v, want COLOR=%s", env, want)
			}
			return nil
		})
	}
	b.test(
		b.step(config("red"), look, b.expectFile("made", "/page", "one\n"), color("red")),
		after(func() { writeFiles(t, dir, map[string]string{"ignored": "2"}) }, unchanged(config("red"))),
		after(func() { writeFiles(t, dir, map[string]string{"page": "two\n"}) },
			expecting(b.step(config("red"), w.onlyTouched("made/1"), look, b.expectFile("made", "/page", "two\n")), b.expectBuild())),
		expecting(b.step(config("blue"), w.onlyTouched("made/1"), b.expectFile("made", "/page", "two\n"), color("blue")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
	)
}

// expectBuild is a plan that builds service "made", says so by the build's hash
// alone, and knows no digest yet.
func (b *bench) expectBuild() acctest.PlanCheck {
	return acctest.PlanCheck(func(plan *tfjson.Plan) error {
		change, err := acctest.Change(plan, address)
		if err != nil {
			return err
		}
		lines := acctest.Differences(change)
		for _, line := range lines {
			if !strings.HasPrefix(line, "services.made.spec.build: ") && !strings.HasPrefix(line, "services.made.digest: ") &&
				!strings.HasPrefix(line, "services.made.state: ") {
				return fmt.Errorf("the plan says %q", lines)
			}
		}
		if len(lines) < 2 {
			return fmt.Errorf("the plan says only %q", lines)
		}
		return nil
	})
}

func TestAccStack_BuildFromScratch_RunsTheBinaryOfTheContext(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"Dockerfile": "FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n"})
	program, err := images.BuildApp(t.Context(), "")
	b.must(err)
	b.must(os.WriteFile(filepath.Join(dir, "app"), program, 0o755))
	config := b.config("services:\n  made: {build: .}\n", fmt.Sprintf("project_directory = %q", dir))
	b.test(b.step(config, b.expectFile("made", "/proc/1/comm", "app\n")), unchanged(config))
}
