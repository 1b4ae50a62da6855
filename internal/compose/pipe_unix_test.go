//go:build unix

package compose

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Nobody writes into the pipes: opening one waits for ever.
func TestLoad_NamedPipe_IsRefused(t *testing.T) {
	web := func(keys string) string { return "services:\n  web:\n    image: web:1\n" + keys }
	for name, c := range map[string]struct {
		pipe, compose string
		files         map[string]string
	}{
		"env_file":       {pipe: "pipe", compose: web("    env_file: [pipe]\n")},
		"raw env_file":   {pipe: "pipe", compose: web("    env_file: [{path: pipe, format: raw}]\n")},
		"label_file":     {pipe: "pipe", compose: web("    label_file: [pipe]\n")},
		"config":         {pipe: "pipe", compose: web("    configs: [c]\nconfigs: {c: {file: ./pipe}}\n")},
		"secret":         {pipe: "pipe", compose: web("    secrets: [s]\nsecrets: {s: {file: ./pipe}}\n")},
		"build secret":   {pipe: "pipe", compose: web("    build: {context: ctx, secrets: [s]}\nsecrets: {s: {file: ./pipe}}\n"), files: map[string]string{"ctx/Dockerfile": "FROM scratch\n"}},
		"ssh key":        {pipe: "pipe", compose: web("    build: {context: ctx, ssh: [\"default=pipe\"]}\n"), files: map[string]string{"ctx/Dockerfile": "FROM scratch\n"}},
		"seccomp":        {pipe: "pipe", compose: web("    security_opt: [\"seccomp=pipe\"]\n")},
		"bind":           {pipe: "pipe", compose: web("    volumes: [\"./pipe:/data:ro\"]\n")},
		"below a bind":   {pipe: "dir/pipe", compose: web("    volumes: [\"./dir:/data:ro\"]\n")},
		"ignore file":    {pipe: "dir/.homelabignore", compose: web("    volumes: [\"./dir:/data:ro\"]\n")},
		"below a config": {pipe: "dir/pipe", compose: web("    configs: [c]\nconfigs: {c: {file: ./dir}}\n")},
		"context":        {pipe: "pipe", compose: web("    build: pipe\n")},
		"Dockerfile":     {pipe: "ctx/Dockerfile", compose: web("    build: ctx\n")},
		"dockerignore":   {pipe: "ctx/.dockerignore", compose: web("    build: ctx\n"), files: map[string]string{"ctx/Dockerfile": "FROM scratch\n"}},
		"include":        {pipe: "pipe", compose: "include: [pipe]\n" + web("")},
		"include of include": {pipe: "sub/pipe", compose: "include: [sub/part.yaml]\n" + web(""),
			files: map[string]string{"sub/part.yaml": "include: [pipe]\nservices: {a: {image: \"a:1\"}}\n"}},
		"env_file of include": {pipe: "pipe", compose: "include: [{path: part.yaml, env_file: pipe}]\n" + web(""),
			files: map[string]string{"part.yaml": "services: {a: {image: \"a:1\"}}\n"}},
		"extends": {pipe: "pipe", compose: web("    extends: {file: pipe, service: a}\n")},
		"extends of extends": {pipe: "sub/pipe", compose: web("    extends: {file: sub/part.yaml, service: a}\n"),
			files: map[string]string{"sub/part.yaml": "services: {a: {image: \"a:1\", extends: {file: pipe, service: b}}}\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filesIn(t, c.files)
			pipe := filepath.Join(dir, c.pipe)
			if err := os.MkdirAll(filepath.Dir(pipe), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(pipe, 0o644); err != nil {
				t.Fatal(err)
			}
			errs := mustFail(t, Input{Compose: c.compose, Dir: dir})
			text := errs[0].Error()
			if errs[0].Attribute != "compose" || !strings.Contains(text, "named pipe") || !strings.Contains(text, filepath.Base(c.pipe)) {
				t.Errorf("attribute %q: %s", errs[0].Attribute, text)
			}
			if len(errs) > 1 {
				t.Errorf("%d errors: %v", len(errs), errs)
			}
		})
	}
}

func TestLoad_NullDevice_IsAnEmptyFile(t *testing.T) {
	mustLoad(t, Input{Compose: webService("env_file: [/dev/null]\nsecrets: [s]") + "secrets: {s: {file: /dev/null}}\n"})
}
