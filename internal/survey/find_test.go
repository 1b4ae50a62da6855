package survey_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/survey"
)

// folder writes files below a directory of the test's.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind_AnyLayout_EachProjectOnce(t *testing.T) {
	const one = "services: {web: {image: a}}\n"
	got, err := survey.Find(folder(t, map[string]string{
		"blog/compose.yaml":           one,
		"blog/compose.override.yml":   "services: {web: {labels: [a]}}\n",
		"blog/docker-compose.dev.yml": "services: {web: {ports: ['80']}}\n", // no project by itself
		"all/Media Stack.yml":         one,
		"all/docker-compose-dns.yaml": one,
		"all/values.yaml":             "image: a\n",
		"big/docker-compose.yml":      "include: [parts/db.yaml]\n",
		"big/parts/db.yaml":           one,
		"node_modules/x/compose.yaml": one,
	}))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range got {
		lines = append(lines, p.ID+" "+p.Name)
		if p.ID == "blog" && !slices.Equal(p.Files, []string{"compose.yaml", "compose.override.yml"}) {
			t.Errorf("blog has the files %q", p.Files)
		}
	}
	want := []string{"all/Media Stack.yml all-media-stack", "all/docker-compose-dns.yaml all-dns", "big big", "blog blog"}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, not %q", lines, want)
	}
}

func TestStage_DocumentsAndDockerfiles_AreRewritten(t *testing.T) {
	to := t.TempDir()
	from := folder(t, map[string]string{
		"compose.yaml": "services:\n  a:\n    image: x:1@sha256:" + digest64 + "\n    pull_policy: always\n    healthcheck: {interval: 5m, retries: 3}\n" +
			"    devices:\n      - /dev/dri:/dev/dri\n      - \"/dev/ttyUSB0\"\n      - /dev/ttyACM0:/dev/zigbee:rwm\n      - /dev/net/tun\n",
		"Dockerfile": "FROM golang AS build\nRUN make\nFROM scratch\nCOPY --from=build /a /a\n",
		"app.conf":   "interval: 5m\n",
	})
	if err := survey.Stage(from, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"compose.yaml": "services:\n  a:\n    image: x:1\n    pull_policy: missing\n    healthcheck: {interval: 1s, retries: 3}\n" +
			"    devices:\n      - /dev/null:/dev/dri\n      - \"/dev/null:/dev/ttyUSB0\"\n      - /dev/null:/dev/zigbee:rwm\n      - /dev/net/tun\n",
		"Dockerfile": "FROM homelab.test/survey:1 AS build\nFROM homelab.test/survey:1\n",
		"app.conf":   "interval: 5m\n",
	} {
		got, err := os.ReadFile(filepath.Join(to, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is %q (%v), not %q", name, got, err, want)
		}
	}
}

const digest64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestKind_OtherNames_AreOneCause(t *testing.T) {
	for _, pair := range [][2]string{
		{`Stack differs after apply: service web/1 networks.demo_default.aliases: "" -> "web"`, `Stack differs after apply: service db-2/12 networks.x.aliases: "a" -> "b"`},
		{`container web-1 Config.Labels.io.x.y: Docker Compose "a", provider "b"`, `container a-b-1 Config.Labels.z: Docker Compose "c", provider ""`},
		{`Invalid Compose project: Line 4: service "app": volumes "./config" cannot be read`, `Invalid Compose project: Line 12: service "b": volumes "./x/y" cannot be read`},
	} {
		if a, b := survey.Kind(pair[0]), survey.Kind(pair[1]); a != b {
			t.Errorf("%q and %q are two causes", a, b)
		}
	}
	if survey.Kind("apply fails") == survey.Kind("plan fails") {
		t.Error("two causes are one")
	}
}

func TestParseEnvironment_SeveralLines_BelongToTheirVariable(t *testing.T) {
	got := survey.ParseEnvironment("A=1\nKEY=one\ntwo\nHOME=/root\nPATH=/bin\n", []string{"HOME", "PATH"}, []string{"HOME"})
	want := map[string]string{"A": "1", "KEY": "one\ntwo", "HOME": "/root"}
	if len(got) != len(want) || got["A"] != "1" || got["KEY"] != want["KEY"] || got["HOME"] != want["HOME"] {
		t.Errorf("%q, not %q", got, want)
	}
}
