package registry_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
)

func TestCheck_BadSettings_NameTheAttributeAndTheWayOut(t *testing.T) {
	for name, c := range map[string]struct {
		host            string
		settings        registry.Settings
		attribute, says string
	}{
		"scheme in the key":     {"https://registry.lan/", registry.Settings{}, "", `write "registry.lan"`},
		"path in the key":       {"ghcr.io/owner", registry.Settings{}, "", `Write "ghcr.io"`},
		"no host":               {"docker io", registry.Settings{}, "", "is not a registry"},
		"empty key":             {"", registry.Settings{}, "", "is not a registry"},
		"port out of range":     {"registry.lan:70000", registry.Settings{}, "", "is not a registry"},
		"scheme in the mirror":  {"docker.io", registry.Settings{Mirror: "https://registry.lan/docker"}, "mirror", `write "registry.lan/docker"`},
		"tag in the mirror":     {"docker.io", registry.Settings{Mirror: "registry.lan/docker:1"}, "mirror", "neither tag nor digest"},
		"upper case":            {"docker.io", registry.Settings{Mirror: "registry.lan/Docker"}, "mirror", "lower case"},
		"mirror without domain": {"docker.io", registry.Settings{Mirror: "mirror/docker"}, "mirror", "a domain or a port"},
		"its own mirror":        {"docker.io", registry.Settings{Mirror: "registry-1.docker.io"}, "mirror", "its own mirror"},
		"no password":           {"docker.io", registry.Settings{Username: "me"}, "password", "without a password"},
		"no username":           {"docker.io", registry.Settings{Password: "hunter2"}, "username", "without a username"},
	} {
		err := registry.Check(c.host, c.settings)
		var fault *registry.SettingsError
		if !errors.As(err, &fault) || fault.Attribute != c.attribute || !strings.Contains(fault.Detail, c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCheck_GoodSettings_AreAccepted(t *testing.T) {
	for host, settings := range map[string]registry.Settings{
		"docker.io":         {Mirror: "registry.lan/docker", Username: "me", Password: "hunter2"},
		"ghcr.io":           {Mirror: "127.0.0.1:5000"},
		"registry.lan:5000": {Mirror: "localhost/a-b/c_d/"},
		"10.0.2.20":         {},
		"[::1]:5000":        {},
		"quay.io":           {Unknown: true, Username: "me"},
	} {
		if err := registry.Check(host, settings); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestMirrors_Reference_IsRewritten(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	r := resolver(registry.WithSettings(map[string]registry.Settings{
		"docker.io": {Mirror: "registry.lan/docker"}, "ghcr.io": {Mirror: "mirror.lan:5000/"}, "quay.io": {Username: "me", Password: "x"},
	}))
	for ref, want := range map[string][]string{
		"nginx":                       {"registry.lan/docker/library/nginx:latest"},
		"nginx:1":                     {"registry.lan/docker/library/nginx:1"},
		"docker.io/grafana/loki:3":    {"registry.lan/docker/grafana/loki:3"},
		"index.docker.io/a/b":         {"registry.lan/docker/a/b:latest"},
		"nginx:1@" + digest:           {"registry.lan/docker/library/nginx@" + digest},
		"ghcr.io/owner/app@" + digest: {"mirror.lan:5000/owner/app@" + digest},
		"quay.io/owner/app:1":         nil,
		"registry.lan/docker/a:1":     nil,
	} {
		if got, err := r.Mirrors(ref); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v", ref, got, err)
		}
	}
}

func TestDigest_Mirror_IsAskedInPlaceOfTheRegistry(t *testing.T) {
	mirror := start(t, open)
	want := push(t, mirror+"/hub/library/app:1")
	var asked atomic.Int32
	origin := start(t, answer(0, 0, nil, &asked))
	r := resolver(registry.WithSettings(map[string]registry.Settings{"docker.io": {Mirror: mirror + "/hub"}, origin: {Mirror: mirror + "/hub"}}))
	for _, ref := range []string{"app:1", origin + "/library/app:1"} {
		if got, err := r.Digest(t.Context(), ref); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", ref, got, err, want)
		}
	}
	if asked.Load() != 0 {
		t.Error("the registry was asked too")
	}
}

func TestDigest_MirrorWithoutAnswer_FallsBackToTheRegistry(t *testing.T) {
	var asked atomic.Int32
	refusing := start(t, answer(100, http.StatusForbidden, nil, &asked))
	for name, mirror := range map[string]string{"away": away(t), "without the image": start(t, open), "refusing": refusing} {
		origin := start(t, open)
		want := push(t, origin+"/app:1")
		r := resolver(registry.WithSettings(map[string]registry.Settings{origin: {Mirror: mirror}}))
		if got, err := r.Digest(t.Context(), origin+"/app:1"); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestDigest_NeitherMirrorNorRegistryKnowsIt_TellsOfBoth(t *testing.T) {
	mirror, origin := away(t), start(t, open)
	r := resolver(registry.WithSettings(map[string]registry.Settings{origin: {Mirror: mirror}}))
	_, err := r.Digest(t.Context(), origin+"/app:1")
	var e *registry.Error
	if !errors.As(err, &e) || !errors.Is(err, registry.ErrNotFound) || e.Registry != origin ||
		!strings.Contains(e.Detail(), "mirror "+mirror+": registry unreachable") {
		t.Errorf("got %v", err)
	}
}

// away is an address where nothing listens.
func away(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return s.Listener.Addr().String()
}

func TestDigest_SettingsCredentials_GoBeforeTheKeychain(t *testing.T) {
	host := start(t, protected)
	want := push(t, host+"/app:1", remote.WithAuth(&authn.Basic{Username: "lab", Password: "hunter2"}))
	r := resolver(registry.WithSettings(map[string]registry.Settings{host: {Username: "lab", Password: "hunter2"}}), registry.WithKeychain(login{"lab", "old"}))
	if got, err := r.Digest(t.Context(), host+"/app:1"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// A password is for the registry that it was given for.
func TestDigest_RegistrysCredentials_AreNotShownToItsMirror(t *testing.T) {
	var sent atomic.Bool
	mirror := start(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				sent.Store(true)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="mirror"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
	})
	origin := start(t, protected)
	want := push(t, origin+"/app:1", remote.WithAuth(&authn.Basic{Username: "lab", Password: "hunter2"}))
	r := resolver(registry.WithSettings(map[string]registry.Settings{origin: {Mirror: mirror, Username: "lab", Password: "hunter2"}}))
	if got, err := r.Digest(t.Context(), origin+"/app:1"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if sent.Load() {
		t.Error("the mirror was sent credentials")
	}
	if got, _ := r.Auth(t.Context(), mirror+"/app:1"); got != "" {
		t.Error("the engine would send the mirror credentials")
	}
}

func TestDigest_BearerToken_IsFetchedWithTheCredentials(t *testing.T) {
	token := func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "lab" || password != "hunter2" || !strings.HasPrefix(r.URL.Query().Get("scope"), "repository:app:") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"token":"pass"}`))
	}
	host := start(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/token":
				token(w, r)
			case r.Header.Get("Authorization") != "Bearer pass":
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="lab"`)
				w.WriteHeader(http.StatusUnauthorized)
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	settings := registry.Settings{Username: "lab", Password: "hunter2"}
	want := push(t, host+"/app:1", remote.WithAuth(&authn.Basic{Username: settings.Username, Password: settings.Password}))
	r := resolver(registry.WithSettings(map[string]registry.Settings{host: settings}))
	if got, err := r.Digest(t.Context(), host+"/app:1"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := resolver().Digest(t.Context(), host+"/app:1"); !errors.Is(err, registry.ErrDenied) {
		t.Errorf("without credentials: %v", err)
	}
}

func TestDigest_SettingsKnownOnlyAtApply_AreNotGuessed(t *testing.T) {
	var asked atomic.Int32
	host := start(t, answer(0, 0, nil, &asked))
	r := resolver(registry.WithSettings(map[string]registry.Settings{host: {Unknown: true}}))
	_, err := r.Digest(t.Context(), host+"/app:1")
	var later interface{ UnknownUntilApply() bool }
	if !errors.As(err, &later) || !later.UnknownUntilApply() || asked.Load() != 0 {
		t.Errorf("got %v after %d requests", err, asked.Load())
	}
}

func TestAuth_Settings_ServeTheEngineToo(t *testing.T) {
	r := resolver(registry.WithSettings(map[string]registry.Settings{"registry-1.docker.io": {Username: "lab", Password: "hunter2"}}))
	encoded, err := r.Auth(t.Context(), "docker.io/library/nginx:1")
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.URLEncoding.DecodeString(encoded)
	if err != nil || !strings.Contains(string(text), `"password":"hunter2"`) {
		t.Errorf("got %s, %v", text, err)
	}
}
