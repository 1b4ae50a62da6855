package compose

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestLoad_RelativeBind_IsDelivered(t *testing.T) {
	dir := filesIn(t, map[string]string{"conf/app.yml": "a: b", "conf/d/": "", "single.conf": "x", "run.sh": "#!/bin/sh"})
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o775); err != nil {
		t.Fatal(err)
	}
	stack := mustLoad(t, Input{Dir: dir, Compose: webService(`
		volumes:
			- ./conf:/etc/app:ro
			- ./single.conf:/etc/single.conf
			- ./run.sh:/run.sh:ro
			- /srv/data:/data`)})
	s := stack.Services["web"]
	if len(s.Mounts) != 1 || s.Mounts[0].Source != "/srv/data" {
		t.Errorf("mounts %+v", s.Mounts)
	}
	conf, single, script := s.Files[0], s.Files[1], s.Files[2]
	if conf.Kind != desired.FileBind || conf.Name != "conf" || conf.Target != "/etc/app" || !conf.Directory || len(conf.Entries) != 2 || !strings.HasPrefix(conf.Digest, "sha256:") {
		t.Errorf("got %+v", conf)
	}
	if single.Directory || single.Entries[0].Path != desired.FileEntry || single.Entries[0].Local != filepath.Join(dir, "single.conf") || single.Entries[0].SizeBytes != 1 {
		t.Errorf("got %+v", single)
	}
	if script.Entries[0].Mode != 0o755 {
		t.Errorf("mode %o", script.Entries[0].Mode)
	}
	want := []string{`service "web": "./single.conf" is delivered read-only to /etc/single.conf: add :ro to say so, or use a named volume or an absolute path of the node for data that the service writes`}
	if !reflect.DeepEqual(stack.Warnings, want) {
		t.Errorf("warnings %q", stack.Warnings)
	}
}

func TestLoad_DeliveredFileChanges_ChangesOnlyItsDigest(t *testing.T) {
	dir := filesIn(t, map[string]string{"a.conf": "1", "b.conf": "1"})
	in := Input{Dir: dir, Compose: "services:\n  a: {image: x, volumes: [\"./a.conf:/c:ro\"]}\n  b: {image: x, volumes: [\"./b.conf:/c:ro\"]}\n"}
	before := mustLoad(t, in)
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	after := mustLoad(t, in)
	if before.Services["a"].Files[0].Digest == after.Services["a"].Files[0].Digest {
		t.Error("the changed file has its old digest")
	}
	if !reflect.DeepEqual(before.Services["b"], after.Services["b"]) {
		t.Error("the other service changed too")
	}
}

func TestLoad_Config_FromEverySource(t *testing.T) {
	dir := filesIn(t, map[string]string{"f.conf": "file", "tree/x": "y"})
	stack := mustLoad(t, Input{Dir: dir, Variables: map[string]string{"V": "variable", "WHO": "me"}, Compose: webService(`
		configs:
			- inline
			- {source: file, target: etc/f.conf, uid: "7", gid: "8", mode: "0440"}
			- {source: variable, target: /v}
			- {source: tree, target: /tree}`) + `configs:
  inline: {content: "hello ${WHO}"}
  file: {file: f.conf}
  variable: {environment: V}
  tree: {file: ./tree}
`})
	files := map[string]desired.File{}
	for _, f := range stack.Services["web"].Files {
		files[f.Target] = f
		if f.Kind != desired.FileConfig || !strings.HasPrefix(f.Digest, "sha256:") {
			t.Errorf("got %+v", f)
		}
	}
	if f := files["/inline"]; string(f.Entries[0].Content) != "hello me" || f.Source != "content" || f.Entries[0].Mode != 0o444 {
		t.Errorf("got %+v", f)
	}
	if e := files["/etc/f.conf"].Entries[0]; e.UID != 7 || e.GID != 8 || e.Mode != 0o440 {
		t.Errorf("got %+v", e)
	}
	if f := files["/v"]; string(f.Entries[0].Content) != "variable" || f.Source != "environment" {
		t.Errorf("got %+v", f)
	}
	if f := files["/tree"]; !f.Directory || f.Entries[0].Path != "x" {
		t.Errorf("got %+v", f)
	}
}

func TestLoad_EnvAndLabelFiles_AreReadBelowTheDirectory(t *testing.T) {
	dir := filesIn(t, map[string]string{"a.env": "A=file\nB=$WHO\nC=c", "l.env": "x=1"})
	stack := mustLoad(t, Input{Dir: dir, Variables: map[string]string{"WHO": "me"}, Compose: webService(`
		env_file: [a.env, {path: none.env, required: false}]
		label_file: l.env
		environment: {A: own}
		labels: {y: 2}`)})
	s := stack.Services["web"]
	if got := strings.Join(s.Config.Env, " "); got != "A=own B=me C=c" {
		t.Errorf("got %q", got)
	}
	if want := map[string]string{"x": "1", "y": "2"}; !reflect.DeepEqual(s.Config.Labels, want) {
		t.Errorf("got %v", s.Config.Labels)
	}
}

func TestLoad_IncludeAndExtends_KeepPathsRelativeToTheirFile(t *testing.T) {
	dir := filesIn(t, map[string]string{
		"sub/compose.yaml": "services:\n  inner: {image: x, volumes: [\"./data:/d:ro\"], env_file: [in.env]}\n",
		"sub/data/f":       "1", "sub/in.env": "I=1",
		"base/base.yaml": "services:\n  base: {image: y, volumes: [\"./conf:/c:ro\"]}\n",
		"base/conf/g":    "2",
	})
	stack := mustLoad(t, Input{Dir: dir, Compose: "include: [sub/compose.yaml]\nservices:\n  web: {extends: {file: base/base.yaml, service: base}, tty: true}\n"})
	inner, web := stack.Services["inner"], stack.Services["web"]
	if inner.Files[0].Name != "sub/data" || inner.Config.Env[0] != "I=1" {
		t.Errorf("got %+v", inner)
	}
	if web.Files[0].Name != "base/conf" || web.Image.Reference != "y" || !web.Config.Tty {
		t.Errorf("got %+v", web)
	}
}

func TestLoad_ProcessEnvironmentAndDotEnv_AreNotRead(t *testing.T) {
	t.Setenv("FROM_SHELL", "shell")
	dir := filesIn(t, map[string]string{".env": "FROM_FILE=file"})
	stack := mustLoad(t, Input{Dir: dir, Compose: webService("environment: {A: \"${FROM_SHELL}${FROM_FILE}\", FROM_SHELL: , NAME: $COMPOSE_PROJECT_NAME}")})
	if got := stack.Services["web"].Config.Env; !reflect.DeepEqual(got, []string{"A=", "FROM_SHELL", "NAME=demo"}) {
		t.Errorf("got %q", got)
	}
	for _, name := range []string{`"FROM_SHELL" is not set, so it counts as empty`, `"FROM_FILE" is not set`, `environment names "FROM_SHELL" without a value`} {
		if !contains(stack.Warnings, name) {
			t.Errorf("no warning of %s: %q", name, stack.Warnings)
		}
	}
}

func TestLoad_Build_IsHashedByContentNotPlace(t *testing.T) {
	files := map[string]string{"app/Dockerfile": "FROM x", "app/main.go": "package main", "app/.dockerignore": "*.log", "app/a.log": "1"}
	compose := webService(`
		build:
			context: ./app
			args: {A: "1", B: }
			target: run
			labels: {l: m}
			network: host
			shm_size: 1m
			tags: [t2, t1]
			cache_from: [c]
			extra_hosts: ["h=10.0.0.1"]
			platforms: [linux/arm64]
			pull: true
			no_cache: true`)
	load := func(dir string) *desired.Build {
		return mustLoad(t, Input{Dir: dir, Compose: compose, Variables: map[string]string{"B": "2"}}).Services["web"].Image.Build
	}
	dir, other := filesIn(t, files), filesIn(t, files)
	a, b := load(dir), load(other)
	if a.Hash != b.Hash || !strings.HasPrefix(a.Hash, "sha256:") {
		t.Errorf("%s and %s differ", a.Hash, b.Hash)
	}
	if a.Dockerfile != "Dockerfile" || *a.Args["A"] != "1" || *a.Args["B"] != "2" || a.ShmSizeBytes != 1<<20 || a.Platform != "linux/arm64" || a.ExtraHosts[0] != "h:10.0.0.1" || !a.Pull || !a.NoCache || a.Context != filepath.Join(dir, "app") {
		t.Errorf("got %+v", a)
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(other, "app", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if write("a.log", "2"); load(other).Hash != a.Hash {
		t.Error("an ignored file changes the hash")
	}
	if write("main.go", "package other"); load(other).Hash == a.Hash {
		t.Error("a changed file keeps the hash")
	}
}

func TestLoad_BuildWithoutImage_IsNamedLikeDockerCompose(t *testing.T) {
	dir := filesIn(t, map[string]string{"f": "1"})
	s := mustLoad(t, Input{Dir: dir, Compose: "services:\n  web:\n    build: {dockerfile_inline: FROM x}\n"}).Services["web"]
	if s.Image.Reference != "demo-web" || s.Config.Image != "demo-web" || s.Image.Build.DockerfileInline != "FROM x" || s.Image.Build.Dockerfile != "" {
		t.Errorf("got %+v", s.Image)
	}
}

func TestLoad_MissingDockerfile_IsAnError(t *testing.T) {
	errs := mustFail(t, Input{Dir: filesIn(t, map[string]string{"f": "1"}), Compose: "services:\n  web:\n    build: .\n"})
	if !strings.Contains(errs[0].Detail, "Dockerfile: no such file") || errs[0].Line != 3 {
		t.Errorf("got %v", errs)
	}
}

func TestLoad_SeccompProfile_IsInlined(t *testing.T) {
	dir := filesIn(t, map[string]string{"p.json": "{ \"a\": 1 }"})
	s := mustLoad(t, Input{Dir: dir, Compose: webService("security_opt: [\"seccomp=p.json\", systempaths=unconfined]")}).Services["web"]
	if !reflect.DeepEqual(s.Host.SecurityOpt, []string{`seccomp={"a":1}`}) || s.Host.MaskedPaths == nil || s.Host.ReadonlyPaths == nil {
		t.Errorf("got %+v", s.Host.SecurityOpt)
	}
}

func TestLoad_NodePathInConfig_WarnsWhereItIsRead(t *testing.T) {
	dir := filesIn(t, map[string]string{"f": "1"})
	stack := mustLoad(t, Input{Compose: webService("configs: [c]") + "configs: {c: {file: " + filepath.Join(dir, "f") + "}}\n"})
	if !contains(stack.Warnings, "where Terraform runs, not on the node") {
		t.Errorf("got %q", stack.Warnings)
	}
}

func TestLoad_IncludeWithAbsoluteDirectory_IsRefused(t *testing.T) {
	dir := filesIn(t, map[string]string{"c.yaml": "services: {inner: {image: x}}\n"})
	errs := mustFail(t, Input{Dir: dir, Compose: "include: [{path: c.yaml, project_directory: " + dir + "}]\n" + webService("tty: true")})
	if !strings.Contains(errs[0].Detail, "project_directory must be relative") || errs[0].Line != 1 {
		t.Errorf("got %v", errs)
	}
}

func TestLoad_MistakeInIncludedFile_IsReported(t *testing.T) {
	for content, want := range map[string]string{
		"services: {inner: {imagee: x}}\n":                                                "unknown key 'imagee'",
		"services: {inner: {image: x, init: maybe}}\n":                                    "neither true nor false",
		"services: {inner: {image: x, develop: {watch: [{path: a, action: rebuild}]}}}\n": `service "inner": key "develop" is not supported`,
		"services: [\n": "parse",
	} {
		dir := filesIn(t, map[string]string{"c.yaml": content})
		errs := mustFail(t, Input{Dir: dir, Compose: "include: [c.yaml]\n" + webService("tty: true")})
		if len(errs) != 1 || !strings.Contains(errs[0].Detail, want) {
			t.Errorf("got %v", errs)
		}
	}
}

func TestLoad_JSON_IsADocument(t *testing.T) {
	stack := mustLoad(t, Input{Compose: `{"services": {"web": {"image": "nginx", "ports": [{"target": 80, "published": 8080}], "deploy": {"resources": {"limits": {"cpus": 0.5}}}, "environment": {"A": 1.5, "B": null}}}}`})
	if s := stack.Services["web"]; s.Host.NanoCPUs != 5e8 || s.Config.Env[0] != "A=1.5" || s.Host.PortBindings["80/tcp"][0].HostPort != "8080" {
		t.Errorf("got %+v", s)
	}
}
