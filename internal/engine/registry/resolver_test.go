package registry_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
)

// start runs an in-process registry behind wrap and returns its host.
func start(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	h := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(wrap(h))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func open(h http.Handler) http.Handler { return h }

// push stores a new image under a reference and returns its digest.
func push(t *testing.T, ref string, opts ...remote.Option) string {
	t.Helper()
	image, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(parsed, image, opts...); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func resolver(opts ...registry.Option) *registry.Resolver {
	defaults := []registry.Option{registry.WithKeychain(anonymous{}), registry.WithRetryWait(time.Millisecond, 5*time.Second)}
	return registry.New(append(defaults, opts...)...)
}

type anonymous struct{}

func (anonymous) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

type login struct{ user, password string }

func (l login) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: l.user, Password: l.password}, nil
}

func TestDigest_Tag_IsResolved(t *testing.T) {
	ref := start(t, open) + "/app:1"
	want := push(t, ref)
	got, err := resolver().Digest(t.Context(), ref)
	if err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestDigest_MovedTag_IsSeen(t *testing.T) {
	ref := start(t, open) + "/app:1"
	first := push(t, ref)
	r := resolver()
	if got, _ := r.Digest(t.Context(), ref); got != first {
		t.Fatalf("got %s, want %s", got, first)
	}
	second := push(t, ref)
	if got, _ := r.Digest(t.Context(), ref); got != second {
		t.Errorf("got %s, want %s", got, second)
	}
}

func TestDigest_ReferenceWithDigest_AsksNoOne(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	got, err := resolver().Digest(t.Context(), "registry.invalid/app:1@"+digest)
	if err != nil || got != digest {
		t.Errorf("got %s, %v; want %s", got, err, digest)
	}
}

func TestDigest_HeadRefused_FallsBackToGet(t *testing.T) {
	var refuse atomic.Bool
	ref := start(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refuse.Load() && r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			next.ServeHTTP(w, r)
		})
	}) + "/app:1"
	want := push(t, ref)
	refuse.Store(true)
	got, err := resolver().Digest(t.Context(), ref)
	if err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestDigest_AbsentTag_IsNotFound(t *testing.T) {
	host := start(t, open)
	_, err := resolver().Digest(t.Context(), host+"/absent:1")
	if !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestDigest_BadReference_IsInvalid(t *testing.T) {
	_, err := resolver().Digest(t.Context(), "App:1:2")
	if !errors.Is(err, registry.ErrInvalidReference) {
		t.Errorf("got %v, want ErrInvalidReference", err)
	}
}

// answer wraps a registry so that the first times manifest requests get status.
func answer(times int32, status int, header http.Header, asked *atomic.Int32) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reading := r.Method == http.MethodHead || r.Method == http.MethodGet
			if reading && strings.Contains(r.URL.Path, "/manifests/") && asked.Add(1) <= times {
				for key := range header {
					w.Header().Set(key, header.Get(key))
				}
				w.WriteHeader(status)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func TestDigest_TooManyRequests_WaitsAsAskedThenSucceeds(t *testing.T) {
	var asked atomic.Int32
	asked.Store(100) // no refusals while the image is pushed
	ref := start(t, answer(1, http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}}, &asked)) + "/app:1"
	want := push(t, ref)
	asked.Store(0)
	began := time.Now()
	got, err := resolver().Digest(t.Context(), ref)
	if err != nil || got != want {
		t.Fatalf("got %s, %v; want %s", got, err, want)
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("waited %v, want at least 1s", waited)
	}
}

func TestDigest_RetryAfterTooFarOff_GivesUpAtOnce(t *testing.T) {
	var asked atomic.Int32
	ref := start(t, answer(100, http.StatusTooManyRequests, http.Header{"Retry-After": {"3600"}}, &asked)) + "/app:1"
	_, err := resolver().Digest(t.Context(), ref)
	if !errors.Is(err, registry.ErrRateLimited) || asked.Load() != 1 {
		t.Errorf("got %v after %d requests, want ErrRateLimited after 1", err, asked.Load())
	}
	if !strings.Contains(err.Error(), "1h0m0s") {
		t.Errorf("does not say how long: %v", err)
	}
}

func TestDigest_TooManyRequestsThatStay_AreRateLimited(t *testing.T) {
	var asked atomic.Int32
	ref := start(t, answer(100, http.StatusTooManyRequests, nil, &asked)) + "/app:1"
	_, err := resolver().Digest(t.Context(), ref)
	if !errors.Is(err, registry.ErrRateLimited) || asked.Load() != 4 {
		t.Errorf("got %v after %d requests, want ErrRateLimited after 4", err, asked.Load())
	}
}

func TestDigest_ServerErrors_AreRetried(t *testing.T) {
	var asked atomic.Int32
	asked.Store(100)
	ref := start(t, answer(2, http.StatusBadGateway, nil, &asked)) + "/app:1"
	want := push(t, ref)
	asked.Store(0)
	got, err := resolver().Digest(t.Context(), ref)
	if err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestDigest_Refusals_AreNeverRetried(t *testing.T) {
	for status, want := range map[int]error{
		http.StatusUnauthorized: registry.ErrDenied,
		http.StatusForbidden:    registry.ErrDenied,
		http.StatusNotFound:     registry.ErrNotFound,
	} {
		var asked atomic.Int32
		ref := start(t, answer(100, status, nil, &asked)) + "/app:1"
		_, err := resolver().Digest(t.Context(), ref)
		if !errors.Is(err, want) || asked.Load() != 1 {
			t.Errorf("%d: got %v after %d requests, want %v after 1", status, err, asked.Load(), want)
		}
	}
}

func TestDigest_NothingListens_IsUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = resolver().Digest(t.Context(), address+"/app:1")
	if !errors.Is(err, registry.ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}

func TestDigest_Cancelled_ReturnsTheContextsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := resolver().Digest(ctx, start(t, open)+"/app:1")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func protected(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "lab" || password != "hunter2" {
			w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestDigest_BasicAuth_UsesTheKeychain(t *testing.T) {
	ref := start(t, protected) + "/app:1"
	want := push(t, ref, remote.WithAuth(&authn.Basic{Username: "lab", Password: "hunter2"}))
	got, err := resolver(registry.WithKeychain(login{"lab", "hunter2"})).Digest(t.Context(), ref)
	if err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestDigest_WrongPassword_IsDeniedAndNotShown(t *testing.T) {
	ref := start(t, protected) + "/app:1"
	_, err := resolver(registry.WithKeychain(login{"lab", "wrong-secret"})).Digest(t.Context(), ref)
	var e *registry.Error
	if !errors.Is(err, registry.ErrDenied) || !errors.As(err, &e) {
		t.Fatalf("got %v, want ErrDenied", err)
	}
	if text := e.Error() + e.Detail(); strings.Contains(text, "wrong-secret") || !strings.Contains(text, "docker login") {
		t.Errorf("unexpected text: %s", text)
	}
}

func TestAuth_Login_IsEncodedForTheEngine(t *testing.T) {
	encoded, err := resolver(registry.WithKeychain(login{"lab", "hunter2"})).Auth(t.Context(), "nginx")
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.URLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got["username"] != "lab" || got["password"] != "hunter2" || got["serveraddress"] != "https://index.docker.io/v1/" {
		t.Errorf("got %v", got)
	}
}

func TestAuth_NoCredentials_IsEmpty(t *testing.T) {
	got, err := resolver().Auth(t.Context(), "nginx")
	if err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}
