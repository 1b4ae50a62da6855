package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// testRegistry is a registry at one loopback address for both sides: where the
// provider runs and on the node.
type testRegistry struct {
	address string
	engine  *client.Client

	server *http.Server

	mu    sync.Mutex // guards what follows
	asked []string   // "METHOD path" of all requests, and who asked unless it was the node
	// behave answers in the registry's place where it returns true; nil: never.
	behave func(w http.ResponseWriter, r *http.Request, next http.Handler) bool
}

// startRegistry runs a registry until the test ends.
func startRegistry(t *testing.T) *testRegistry {
	t.Helper()
	node := labtest.Node(t)
	here, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there, err := node.Listen(here.Addr().(*net.TCPAddr).Port)
	if err != nil {
		t.Fatal(err)
	}
	r := &testRegistry{address: here.Addr().String(), engine: labtest.Engine(t)}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	r.server = &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, req.Method+" "+req.URL.Path+byProvider(req))
		behave := r.behave
		r.mu.Unlock()
		if behave == nil || !behave(w, req, handler) {
			handler.ServeHTTP(w, req)
		}
	})}
	go func() { _ = r.server.Serve(here) }()
	go func() { _ = r.server.Serve(there) }()
	t.Cleanup(r.stop)
	return r
}

// fromProvider marks what was not asked by the node, but by the provider for a plan.
const fromProvider = " (provider)"

func byProvider(req *http.Request) string {
	if strings.HasPrefix(req.UserAgent(), "terraform-provider-homelab") {
		return fromProvider
	}
	return ""
}

// stop has nothing listen any more.
func (r *testRegistry) stop() { _ = r.server.Close() }

// behaves sets how the registry answers from now on; nil is normally.
func (r *testRegistry) behaves(how func(w http.ResponseWriter, r *http.Request, next http.Handler) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behave = how
}

// took returns how many requests contained a text since the last call.
func (r *testRegistry) took(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, request := range r.asked {
		if strings.Contains(request, text) {
			n++
		}
	}
	r.asked = nil
	return n
}

// digest is what a tag means in the registry.
func (r *testRegistry) digest(t *testing.T, ref string) string {
	t.Helper()
	found, err := remote.Get(mustParse(t, r.address+"/"+ref))
	if err != nil {
		t.Fatal(err)
	}
	return found.Digest.String()
}

func mustParse(t *testing.T, ref string) name.Reference {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// pushIndex makes an index of an image that the registry has and of a copy for
// another platform. It returns the digest of the former.
func (r *testRegistry) pushIndex(t *testing.T, source, ref string) string {
	t.Helper()
	own, err := remote.Image(mustParse(t, r.address+"/"+source))
	if err != nil {
		t.Fatal(err)
	}
	config, err := own.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	foreign := config.DeepCopy()
	foreign.Architecture = "s390x"
	other, err := mutate.ConfigFile(own, foreign)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}},
		mutate.IndexAddendum{Add: own, Descriptor: v1.Descriptor{Platform: config.Platform()}})
	if err := remote.WriteIndex(mustParse(t, r.address+"/"+ref), index); err != nil {
		t.Fatal(err)
	}
	digest, err := own.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// pushNew makes, of an image that the registry has, one that no node has seen.
func (r *testRegistry) pushNew(t *testing.T, source, ref string) {
	t.Helper()
	img, err := remote.Image(mustParse(t, r.address+"/"+source))
	if err != nil {
		t.Fatal(err)
	}
	layer, err := random.Layer(256<<10, types.DockerLayer)
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(mustParse(t, r.address+"/"+ref), img); err != nil {
		t.Fatal(err)
	}
}

// copyFrom gives the registry an image of another one.
func (r *testRegistry) copyFrom(t *testing.T, other *testRegistry, source, ref string) {
	t.Helper()
	img, err := remote.Image(mustParse(t, other.address+"/"+source))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(mustParse(t, r.address+"/"+ref), img); err != nil {
		t.Fatal(err)
	}
}

// countdown is how many faults are still to come.
type countdown struct {
	mu   sync.Mutex
	left int
}

func (c *countdown) take() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	return c.left >= 0
}

// requireNone fails the test if a fault has not happened.
func (c *countdown) requireNone(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left > 0 {
		t.Errorf("%d faults did not happen", c.left)
	}
}

// cutConfigs breaks the first answers with an image's configuration in the
// middle: engines don't try again themselves for these.
func cutConfigs(left *countdown) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	return func(w http.ResponseWriter, req *http.Request, next http.Handler) bool {
		if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, "/blobs/") || byProvider(req) != "" {
			return false
		}
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, req)
		body := recorder.Body.Bytes()
		if !bytes.HasPrefix(body, []byte("{")) || !left.take() {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// tooMany answers the first requests for manifests as busy registries do.
func tooMany(left *countdown) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	return func(w http.ResponseWriter, req *http.Request, _ http.Handler) bool {
		if !strings.Contains(req.URL.Path, "/manifests/") || !left.take() {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1s, allowed: 1/second"}]}`)
		return true
	}
}

// behindLogin lets nobody in without the name "lab" and this password.
func behindLogin(password string) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	return func(w http.ResponseWriter, req *http.Request, _ http.Handler) bool {
		if user, given, ok := req.BasicAuth(); ok && user == "lab" && given == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
		return true
	}
}

// names are what an engine calls images, those that contain a text.
func names(t *testing.T, engine *client.Client, containing string) []string {
	t.Helper()
	list, err := engine.ImageList(t.Context(), image.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, img := range list {
		for _, ref := range slices.Concat(img.RepoTags, img.RepoDigests) {
			if strings.Contains(ref, containing) {
				out = append(out, ref)
			}
		}
	}
	return out
}

// push gives the registry an image that the node has, and takes the new name
// away from the node again.
func (r *testRegistry) push(t *testing.T, source, name string) {
	t.Helper()
	ref := r.address + "/" + name
	if err := r.engine.ImageTag(t.Context(), source, ref); err != nil {
		t.Fatal(err)
	}
	body, err := r.engine.ImagePush(t.Context(), ref, image.PushOptions{RegistryAuth: "e30="})
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, body)
}

// pull has the node pull an image of the registry.
func (r *testRegistry) pull(t *testing.T, ref string) {
	t.Helper()
	body, err := r.engine.ImagePull(t.Context(), r.address+"/"+ref, image.PullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, body)
}

// readAll reads a progress stream, which carries errors.
func readAll(t *testing.T, body io.ReadCloser) {
	t.Helper()
	defer body.Close()
	for decoder := json.NewDecoder(body); ; {
		var message struct{ Error string }
		if err := decoder.Decode(&message); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if message.Error != "" {
			t.Fatal(message.Error)
		}
	}
}

func (r *testRegistry) forget(t *testing.T, name string) {
	t.Helper()
	if _, err := r.engine.ImageRemove(t.Context(), r.address+"/"+name, image.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
}
