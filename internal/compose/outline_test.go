package compose

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOutline_WithoutSecretsAndFiles_TellsWhatIsDeclared(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "labels"), []byte("caddy=web.home.arpa\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stack, err := Outline(t.Context(), Input{Name: "home", Dir: dir, Variables: map[string]string{"PORT": "8080"}, Secrets: map[string]string{"PORT": "x"}, Compose: yamlText(`
		services:
			web:
				image: "web:1"
				build: ./nowhere
				env_file: ./missing.env
				label_file: ./labels
				ports: ["${PORT}:80"]
				depends_on: [db]
				environment: {PASSWORD: "${PASSWORD:?the password}", OTHER: "${OTHER}"}
				configs: [site]
			db: {image: pg, secrets: [password]}
		configs: {site: {file: ./missing.conf}}
		secrets: {password: {environment: PASSWORD}}`)})
	if err != nil {
		t.Fatal(err)
	}
	web := stack.Services["web"]
	if web.Config.Labels["caddy"] != "web.home.arpa" || len(web.Host.PortBindings) != 1 || len(web.Dependencies) != 1 || len(web.Networks) != 1 {
		t.Errorf("%+v", web)
	}
	if len(web.Files) > 0 || web.Image.Build != nil {
		t.Error("files were read")
	}
	if stack.Networks["default"].Name != "home_default" {
		t.Errorf("%+v", stack.Networks)
	}
}

func TestOutline_BadDocument_IsTheErrorOfLoad(t *testing.T) {
	for document, want := range map[string]string{
		"services: {web: {image: x, prots: []}}":        "prots",
		"services: [":                                   "compose",
		"services: {web: {image: x, ports: ['a:b:c']}}": "ports",
	} {
		_, err := Outline(t.Context(), Input{Name: "home", Compose: document})
		var texts []string
		for _, e := range Errors(err) {
			texts = append(texts, e.Error())
		}
		if !contains(texts, want) {
			t.Errorf("%s: %q", document, texts)
		}
	}
}
