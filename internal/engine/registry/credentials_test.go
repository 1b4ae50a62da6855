package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
)

// dockerConfig makes a Docker configuration the one of the test, and nothing else.
func dockerConfig(t *testing.T, document string) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "config.json")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", dir)
	for _, name := range []string{"DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"} {
		t.Setenv(name, "")
	}
	return path
}

// helper puts a program docker-credential-<name> on PATH and returns the file into
// which it writes what it was asked for.
func helper(t *testing.T, name, script string) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "asked")
	text := fmt.Sprintf("#!/bin/sh\nread server\necho \"$1 $server\" >> %s\n%s\n", log, script)
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-"+name), []byte(text), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return log
}

func askedFor(t *testing.T, log string) []string {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Fields(strings.ReplaceAll(string(text), "get ", ""))
}

// engineAuth is what the engine is given for a reference.
func engineAuth(t *testing.T, r *registry.Resolver, ref string) map[string]string {
	t.Helper()
	encoded, err := r.Auth(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if encoded == "" {
		return nil
	}
	text, err := base64.URLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var auth map[string]string
	if err := json.Unmarshal(text, &auth); err != nil {
		t.Fatal(err)
	}
	return auth
}

func TestAuth_DockerConfiguration_IsReadAsDockerDoes(t *testing.T) {
	login := base64.StdEncoding.EncodeToString([]byte("lab:hunter2"))
	path := dockerConfig(t, fmt.Sprintf(`{"auths":{"https://index.docker.io/v1/":{"auth":%q},"r.lan:5000":{"auth":%q},"https://old.lan/v2/":{"auth":%q},"token.lan":{"identitytoken":"refresh"}}}`, login, login, login))
	r := registry.New()
	for ref, server := range map[string]string{"nginx": "https://index.docker.io/v1/", "registry-1.docker.io/library/nginx": "https://index.docker.io/v1/",
		"r.lan:5000/app:1": "r.lan:5000", "old.lan/app": "old.lan"} {
		got := engineAuth(t, r, ref)
		if got["username"] != "lab" || got["password"] != "hunter2" || got["serveraddress"] != server {
			t.Errorf("%s: %v", ref, got)
		}
		if source := r.AuthSource(t.Context(), ref); source != "the Docker configuration file "+path {
			t.Errorf("%s: from %q", ref, source)
		}
	}
	if got := engineAuth(t, r, "token.lan/app"); got["identitytoken"] != "refresh" || got["password"] != "" {
		t.Errorf("identity token: %v", got)
	}
	if got, source := engineAuth(t, r, "other.lan/app"), r.AuthSource(t.Context(), "other.lan/app"); got != nil || source != "no credentials (the Docker configuration file "+path+" has none)" {
		t.Errorf("none: %v from %q", got, source)
	}
	t.Setenv("DOCKER_AUTH_CONFIG", fmt.Sprintf(`{"auths":{"other.lan":{"auth":%q}}}`, login))
	if got, source := engineAuth(t, r, "other.lan/app"), r.AuthSource(t.Context(), "other.lan/app"); got["password"] != "hunter2" || source != "the environment variable DOCKER_AUTH_CONFIG" {
		t.Errorf("environment: %v from %q", got, source)
	}
}

func TestAuth_NoDockerConfiguration_IsNoError(t *testing.T) {
	path := dockerConfig(t, "")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	r := registry.New()
	if got, source := engineAuth(t, r, "nginx"), r.AuthSource(t.Context(), "nginx"); got != nil || source != "no credentials (there is no Docker configuration file)" {
		t.Errorf("got %v from %q", got, source)
	}
}

func TestAuth_CredentialHelper_IsAskedOnceForEachRegistry(t *testing.T) {
	dockerConfig(t, `{"auths":{"hub.lan":{}},"credsStore":"all","credHelpers":{"ecr.lan":"one"}}`)
	all := helper(t, "all", `case $server in token.lan) echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}';;
no*) echo "credentials not found in native keychain"; exit 1;; *) echo '{"ServerURL":"x","Username":"lab","Secret":"hunter2"}';; esac`)
	// What a helper leaves running, such as an agent, holds its output open.
	one := helper(t, "one", `sleep 3 & echo '{"Username":"AWS","Secret":"swordfish"}'`)
	r := registry.New(registry.WithSettings(map[string]registry.Settings{"own.lan": {Username: "me", Password: "mine"}}))
	var group sync.WaitGroup
	for _, ref := range []string{"nginx", "hub.lan/a", "hub.lan/b/c", "hub.lan/a", "ecr.lan/x", "ecr.lan/y", "own.lan/app", "no.lan/app"} {
		group.Go(func() { _, _ = r.Auth(t.Context(), ref) })
	}
	group.Wait()
	for ref, want := range map[string]map[string]string{
		"hub.lan/a":     {"username": "lab", "password": "hunter2", "serveraddress": "hub.lan"},
		"nginx":         {"username": "lab", "password": "hunter2", "serveraddress": "https://index.docker.io/v1/"},
		"ecr.lan/x":     {"username": "AWS", "password": "swordfish", "serveraddress": "ecr.lan"},
		"token.lan/app": {"identitytoken": "refresh", "serveraddress": "token.lan"},
		"no.lan/app":    nil, "own.lan/app": {"username": "me", "password": "mine", "serveraddress": "own.lan"},
	} {
		if got := engineAuth(t, r, ref); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", ref, got, want)
		}
	}
	for ref, want := range map[string]string{
		"hub.lan/a":   "the credential helper docker-credential-all",
		"ecr.lan/x":   "the credential helper docker-credential-one",
		"no.lan/app":  "no credentials (the credential helper docker-credential-all has none)",
		"own.lan/app": `the username and password of registries["own.lan"] in the provider block`,
	} {
		if got := r.AuthSource(t.Context(), ref); got != want {
			t.Errorf("%s: from %q, want %q", ref, got, want)
		}
	}
	asked := map[string]int{}
	for _, server := range append(askedFor(t, all), askedFor(t, one)...) {
		asked[server]++
	}
	if want := map[string]int{"https://index.docker.io/v1/": 1, "hub.lan": 1, "ecr.lan": 1, "no.lan": 1, "token.lan": 1}; fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

func TestAuth_HelperFails_NamesItAndTheRegistryAndNoSecret(t *testing.T) {
	dockerConfig(t, `{"credHelpers":{"broken.lan":"broken","odd.lan":"odd","gone.lan":"gone"},"credsStore":"broken"}`)
	helper(t, "broken", `echo "swordfish"; echo "swordfish" >&2; exit 3`)
	helper(t, "odd", `echo "swordfish is not JSON"`)
	r := registry.New()
	for ref, want := range map[string]string{
		"broken.lan/app": `get credentials of registry "broken.lan" from the credential helper docker-credential-broken: it ended with exit status 3; ` +
			`run "echo broken.lan | docker-credential-broken get" where Terraform runs to see why, or set username and password under registries["broken.lan"] in the provider block`,
		"nginx": `get credentials of registry "docker.io" from the credential helper docker-credential-broken: it ended with exit status 3; ` +
			`run "echo https://index.docker.io/v1/ | docker-credential-broken get" where`,
		"odd.lan/app":  `from the credential helper docker-credential-odd: its answer is not a JSON document of a helper; run`,
		"gone.lan/app": `from the credential helper docker-credential-gone: there is no such program on PATH; install it where Terraform runs, or set username`,
	} {
		_, err := r.Auth(t.Context(), ref)
		var typed *registry.CredentialError
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	_, err := r.Digest(t.Context(), "broken.lan/app:1")
	var explained *registry.Error
	if !errors.As(err, &explained) || !errors.Is(err, registry.ErrCredentials) || !strings.Contains(explained.Detail(), `Image "broken.lan/app:1" cannot be looked up: get credentials of registry "broken.lan"`) {
		t.Errorf("look-up: %v", err)
	}
}

func TestAuth_DockerConfigurationIsBroken_NamesTheFile(t *testing.T) {
	path := dockerConfig(t, `{"auths": swordfish}`)
	_, err := registry.New().Auth(t.Context(), "r.lan/app")
	if err == nil || !strings.Contains(err.Error(), "the Docker configuration file "+path) || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("got %v", err)
	}
}

func TestDigest_Denied_SaysWithWhichCredentials(t *testing.T) {
	host := start(t, protected)
	push(t, host+"/app:1", remote.WithAuth(&authn.Basic{Username: "lab", Password: "hunter2"}))
	path := dockerConfig(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("lab:swordfish"))))
	given := map[string]registry.Settings{host: {Username: "lab", Password: "swordfish"}}
	for want, r := range map[string]*registry.Resolver{
		"(it was asked with the Docker configuration file " + path + ")":                                           registry.New(),
		fmt.Sprintf("(it was asked with the username and password of registries[%q] in the provider block)", host): registry.New(registry.WithSettings(given)),
		"(it was asked with no credentials)":                                                                       resolver(),
	} {
		_, err := r.Digest(t.Context(), host+"/app:1")
		var denied *registry.Error
		if !errors.As(err, &denied) || !strings.Contains(denied.Detail(), want) || strings.Contains(denied.Detail(), "swordfish") {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// What the helper gives opens the registry for look-ups too.
func TestDigest_HelpersCredentials_OpenTheRegistry(t *testing.T) {
	host := start(t, protected)
	want := push(t, host+"/app:1", remote.WithAuth(&authn.Basic{Username: "lab", Password: "hunter2"}))
	dockerConfig(t, `{"credsStore":"all"}`)
	helper(t, "all", `echo '{"Username":"lab","Secret":"hunter2"}'`)
	if got, err := registry.New().Digest(t.Context(), host+"/app:1"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
