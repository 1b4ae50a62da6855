package compose

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// buildOf loads a document and returns a service's build.
func buildOf(t *testing.T, in Input, service string) *desired.Build {
	t.Helper()
	b := mustLoad(t, in).Services[service].Image.Build
	if b == nil {
		t.Fatalf("service %s has no build", service)
	}
	return b
}

// TestLoad_BuildHash_IsAsInEarlierReleases keeps images from being built again
// because of an upgrade: the hash was recorded before the builder was BuildKit.
func TestLoad_BuildHash_IsAsInEarlierReleases(t *testing.T) {
	dir := filesIn(t, map[string]string{"Dockerfile": "FROM x\n", "a": "1", ".dockerignore": "b\n", "b": "2"})
	for _, name := range []string{"Dockerfile", "a", ".dockerignore"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"build: .": "sha256:a5499a7724c86059fa5f652ab9771575cb26b54e585538a999b96cdec6ebc275",
		"build: {context: ., args: {A: '1'}, target: t, labels: {l: m}, network: host, shm_size: 1m, tags: [u, t], cache_from: [c], extra_hosts: ['h=10.0.0.1'], platforms: [linux/arm64], pull: true, no_cache: true}": "sha256:2e704309edf6ff0d7bf7508d23fcd86cee5a2085966684f7305addc62598c5b6",
		"build: {dockerfile_inline: FROM x}": "sha256:5d9cc33565a786aa6770a0c937dc99fdf9426fc668154701f0e75bd15a03689b",
	} {
		if got := buildOf(t, Input{Dir: dir, Compose: webService(text)}, "web").Hash; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestLoad_Build_EveryKey(t *testing.T) {
	dir := filesIn(t, map[string]string{"app/a": "", "Dockerfile.web": "FROM x", "lib/b": "", "key": "private", "token": "from file"})
	b := buildOf(t, Input{Dir: dir, Secrets: map[string]string{"TOKEN": "from argument"}, Compose: webService(`
		build:
			context: ./app
			dockerfile: ../Dockerfile.web
			additional_contexts: {lib: ./lib, img: "docker-image://alpine:3", src: "https://example.com/x.git#main"}
			cache_to: ["type=inline"]
			cache_from: ["type=registry,ref=a/b:c", d]
			entitlements: [network.host]
			privileged: true
			no_cache_filter: [test]
			platforms: [linux/arm64, linux/amd64]
			provenance: mode=max
			sbom: true
			secrets: [env, {source: file, target: named}]
			ssh: ["k=./key"]
			ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}`) + "secrets: {env: {environment: TOKEN}, file: {file: ./token}}\n"}, "web")
	want := desired.Build{
		Context: filepath.Join(dir, "app"), Dockerfile: "../Dockerfile.web", Dir: dir, Hash: b.Hash,
		Contexts: map[string]desired.BuildContext{"lib": {Local: filepath.Join(dir, "lib")}, "img": {Source: "docker-image://alpine:3"}, "src": {Source: "https://example.com/x.git#main"}},
		CacheTo:  []string{"type=inline"}, CacheFrom: []string{"type=registry,ref=a/b:c", "d"},
		Entitlements: []string{"network.host", "security.insecure"}, NoCacheFilter: []string{"test"},
		Platforms: []string{"linux/amd64", "linux/arm64"}, Provenance: "mode=max", SBOM: "true",
		Secrets: []desired.BuildSecret{{ID: "env", Value: []byte("from argument")}, {ID: "named", Value: []byte("from file")}},
		SSH:     []desired.BuildSSH{{ID: "k", Path: filepath.Join(dir, "key")}},
		Ulimits: []string{"nofile=10:20", "nproc=5:5"},
	}
	if !reflect.DeepEqual(*b, want) {
		t.Errorf("got  %+v\nwant %+v", *b, want)
	}
}

func TestLoad_RemoteBuild_IsHashedByItsURL(t *testing.T) {
	load := func(url string) *desired.Build { return buildOf(t, Input{Compose: webService("build: " + url)}, "web") }
	b := load("https://example.com/x.git#main:sub")
	if !b.Remote || b.Context != "https://example.com/x.git#main:sub" || b.Dockerfile != "Dockerfile" {
		t.Errorf("got %+v", b)
	}
	if b.Hash != load("https://example.com/x.git#main:sub").Hash || b.Hash == load("https://example.com/x.git#other").Hash {
		t.Error("the hash does not follow the URL")
	}
}

func TestLoad_BuildSetting_ChangesTheHash(t *testing.T) {
	dir := filesIn(t, map[string]string{"f": "", "lib/b": "", "token": "", "key": ""})
	seen := map[string]string{}
	for _, setting := range []string{
		"", "additional_contexts: {lib: ./lib}", "additional_contexts: {lib: .}", "additional_contexts: {lib: 'docker-image://x'}",
		"cache_to: ['type=inline']", "entitlements: [a]", "no_cache_filter: [a]", "platforms: [linux/amd64, linux/arm64]",
		"provenance: true", "sbom: true", "secrets: [token]", "ssh: ['k=./key']", "ulimits: {nproc: 5}", "privileged: true",
	} {
		hash := buildOf(t, Input{Dir: dir, Compose: webService("build: {context: ., dockerfile_inline: FROM x, "+setting+"}") + "secrets: {token: {file: ./token}}\n"}, "web").Hash
		if other, taken := seen[hash]; taken {
			t.Errorf("%q and %q have one hash", setting, other)
		}
		seen[hash] = setting
	}
}

func TestLoad_BuildSecretRotated_KeepsTheHash(t *testing.T) {
	load := func(value string) *desired.Build {
		return buildOf(t, Input{Dir: t.TempDir(), Secrets: map[string]string{"TOKEN": value},
			Compose: webService("build: {context: ., dockerfile_inline: FROM x, secrets: [s]}") + "secrets: {s: {environment: TOKEN}}\n"}, "web")
	}
	if a, b := load("one"), load("two"); a.Hash != b.Hash || string(b.Secrets[0].Value) != "two" {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func TestLoad_BuildsOnEachOther_KnowTheirBases(t *testing.T) {
	dir := filesIn(t, map[string]string{"base/f": "1", "Dockerfile": "ARG TAG=none\nFROM base:${TAG}\n"})
	text := `
services:
  app: {build: {context: ., args: {TAG: "1"}}}
  base: {image: "docker.io/library/base:1", build: {context: ./base, dockerfile_inline: FROM scratch}}
  named: {build: {context: ./base, dockerfile_inline: FROM b, additional_contexts: {b: "service:app"}}}
  tools: {build: {context: ./base, dockerfile_inline: FROM scratch}}
  user: {build: {context: ./base, dockerfile_inline: FROM scratch, additional_contexts: {t: "service:tools"}}}
`
	load := func() map[string]desired.Service { return mustLoad(t, Input{Dir: dir, Compose: text}).Services }
	before := load()
	bases := func(service string) (names []string) {
		for _, base := range before[service].Image.Build.Bases {
			names = append(names, base.Reference)
		}
		return names
	}
	for service, want := range map[string][]string{"app": {"docker.io/library/base:1"}, "base": nil, "named": {"demo-app"}, "user": {"demo-tools"}} {
		if got := bases(service); !slices.Equal(got, want) {
			t.Errorf("%s has the bases %q, want %q", service, got, want)
		}
	}
	if got := before["named"].Image.Build.Contexts["b"].Source; got != "docker-image://demo-app" {
		t.Errorf("the context is %q", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "base", "f"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	after := load()
	for _, service := range []string{"base", "app", "named", "user"} {
		if before[service].Image.Build.Hash == after[service].Image.Build.Hash {
			t.Errorf("%s keeps its hash though what it starts from changed", service)
		}
	}
}

// What the errors say as the way out is one.
func TestLoad_WaysOutThatErrorsName_Load(t *testing.T) {
	dir := filesIn(t, map[string]string{"f": "1"})
	text := "services:\n  web: {image: i, build: .}\n  app: {image: i, volumes: [\"./data:/data\"]}\n"
	errs := mustFail(t, Input{Name: "demo", Dir: dir, Compose: strings.Replace(text, "./data", "./f", 1)})
	if len(errs) != 1 || !strings.Contains(errs[0].Detail, `here build goes first. To take the image, remove build, in the document or in an entry of overrides: services: { web: { build: !reset null } }`) {
		t.Errorf("got %v", errs)
	}
	errs = mustFail(t, Input{Name: "demo", Dir: dir, Compose: text})
	if len(errs) != 1 || !strings.Contains(errs[0].Detail, `will do: services: { app: { volumes: ["/srv/demo/data:/data"] } }`) {
		t.Errorf("got %v", errs)
	}
	stack := mustLoad(t, Input{Name: "demo", Dir: dir, Compose: text, Overrides: []string{
		"services: { web: { build: !reset null } }", `services: { app: { volumes: ["/srv/demo/data:/data"] } }`}})
	if got := stack.Services["app"].Mounts; stack.Services["web"].Image.Build != nil || len(got) != 1 || got[0].Source != "/srv/demo/data" {
		t.Errorf("got %+v", got)
	}
	stack = mustLoad(t, Input{Name: "demo", Compose: webService("pull_policy: never")})
	if !stack.Services["web"].Image.OwnPolicy {
		t.Error("whose the pull policy is is not known")
	}
}

func TestLoad_BuildThatCannotBe_SaysWhy(t *testing.T) {
	dir := filesIn(t, map[string]string{"Dockerfile": "FROM x"})
	big := strings.Repeat("x", maxBuildSecret+1)
	for name, tt := range map[string]struct{ compose, want string }{
		"circle":          {"services:\n  a: {build: {context: ., additional_contexts: {x: 'service:b'}}}\n  b: {build: {context: ., additional_contexts: {x: 'service:a'}}}\n", "wait for each other"},
		"no such service": {webService("build: {context: ., additional_contexts: {x: 'service:nope'}}"), `declares unknown service "nope"`},
		"one image twice": {"services:\n  a: {image: i, build: .}\n  b: {image: 'i:latest', build: {context: ., target: t}}\n", "build the image i:latest from different sources"},
		"service context": {webService("build: {context: 'service:a'}"), "name the service under build.additional_contexts"},
		"missing context": {webService("build: {context: ., additional_contexts: {x: ./nope}}"), "build.additional_contexts.x \"./nope\" cannot be read"},
		"OCI layout":      {webService("build: {context: ., additional_contexts: {x: 'oci-layout://x'}}"), "is not supported"},
		"unknown secret":  {webService("build: {context: ., secrets: [nope]}"), "refers to undefined build secret nope"},
		"large secret":    {webService("build: {context: ., secrets: [s]}") + "secrets: {s: {environment: BIG}}\n", "and a build takes secrets of 512000 at most"},
		"secret without":  {webService("build: {context: ., secrets: [s]}") + "secrets: {s: {environment: UNSET}}\n", "which is not set"},
		"missing key":     {webService("build: {context: ., ssh: ['k=./nope']}"), "build.ssh \"./nope\" cannot be read"},
		"cache":           {webService("build: {context: ., cache_from: ['ref=x']}"), "has no type"},
		"cache attribute": {webService("build: {context: ., cache_to: ['type=inline,x']}"), "is not an attribute"},
		"platform":        {webService("platform: linux/arm64\nbuild: {context: ., platforms: [linux/amd64]}"), "build.platforms MUST include service.platform"},
		"named network":   {webService("build: {context: ., network: lan, sbom: true}"), "build.network \"lan\" needs the engine's classic builder, and build.sbom BuildKit"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := mustFail(t, Input{Dir: dir, Compose: tt.compose, Secrets: map[string]string{"BIG": big}})
			if !slices.ContainsFunc(errs, func(e *Error) bool { return strings.Contains(e.Error(), tt.want) }) {
				t.Errorf("got %v, want %q", errs, tt.want)
			}
		})
	}
}
