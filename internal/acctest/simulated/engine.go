// Package simulated has Docker engines that exist only in a test's process: they
// speak the engine's API over HTTP, keep what they are told to make, answer as
// slowly as they are told to, and count what they are asked. With them a fleet
// can be larger than the machine that tests it. They run nothing: a container
// that is started runs, and that is all it does.
package simulated

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
)

// APIVersion is what the engines speak.
const APIVersion = "1.47"

// Engine is one engine. Its zero value is not usable; see [New]. It is an
// [http.Handler] and safe for concurrent use.
type Engine struct {
	name    string
	latency time.Duration
	routes  *http.ServeMux

	mu         sync.Mutex // guards what follows
	counter    int
	containers map[string]*container.InspectResponse
	networks   map[string]*network.Inspect
	volumes    map[string]*volume.Volume
	calls      map[string]int
	off        chan struct{} // nil while it is on; closed when it is switched on again
}

// New returns an engine that has nothing yet. Each answer takes latency.
func New(name string, latency time.Duration) *Engine {
	e := &Engine{name: name, latency: latency, routes: http.NewServeMux(), containers: map[string]*container.InspectResponse{},
		networks: map[string]*network.Inspect{}, volumes: map[string]*volume.Volume{}, calls: map[string]int{}}
	for pattern, handle := range map[string]handler{
		"GET /_ping": ping, "GET /version": version, "GET /info": e.info,
		"GET /containers/json": e.listContainers, "GET /containers/{id}/json": e.inspectContainer,
		"POST /containers/create": e.createContainer, "POST /containers/{id}/{verb}": e.changeContainer, "DELETE /containers/{id}": e.removeContainer,
		"GET /networks": e.listNetworks, "POST /networks/create": e.createNetwork, "DELETE /networks/{name}": e.removeNetwork,
		"GET /volumes": e.listVolumes, "POST /volumes/create": e.createVolume, "GET /volumes/{name}": e.inspectVolume, "DELETE /volumes/{name}": e.removeVolume,
		"GET /images/{ref...}": inspectImage,
	} {
		e.routes.HandleFunc(pattern, e.counted(pattern, handle))
	}
	return e
}

// handler answers a request with a value to be encoded, nil for none.
type handler func(r *http.Request) (any, error)

// refusal is an error that has the status of an answer.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func missing(what, name string) error {
	return &refusal{http.StatusNotFound, fmt.Sprintf("No such %s: %s", what, name)}
}

var versioned = regexp.MustCompile(`^/v[0-9.]+/`)

// ServeHTTP answers one request of the engine's API, or none while it is off.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	off := e.off
	if off != nil {
		e.calls["while off"]++
	}
	e.mu.Unlock()
	if off != nil {
		select {
		case <-off:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
	time.Sleep(e.latency)
	plain := r.Clone(r.Context())
	plain.URL.Path, plain.URL.RawPath = versioned.ReplaceAllString(r.URL.Path, "/"), ""
	w.Header().Set("Api-Version", APIVersion)
	w.Header().Set("Content-Type", "application/json")
	e.routes.ServeHTTP(w, plain)
}

// counted notes a call and answers it.
func (e *Engine) counted(pattern string, handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.calls[pattern]++
		value, err := handle(r)
		text, bad := json.Marshal(value)
		e.mu.Unlock()
		if err == nil {
			err = bad
		}
		switch refused, told := err.(*refusal); { //nolint:errorlint // the handlers wrap nothing
		case told:
			w.WriteHeader(refused.status)
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
		}
		if err != nil {
			text, _ = json.Marshal(types.ErrorResponse{Message: err.Error()}) // of text only
		}
		if value != nil || err != nil {
			_, _ = w.Write(text)
		} else {
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

// Take returns how often each kind of call came since the last time, such as
// "GET /containers/json". What came while the engine was off is "while off".
func (e *Engine) Take() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := e.calls
	e.calls = map[string]int{}
	return taken
}

// Containers returns how many containers there are.
func (e *Engine) Containers() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.containers)
}

// Change changes each container of a Compose service, as if by hand.
func (e *Engine) Change(service string, change func(*container.InspectResponse)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.containers {
		if c.Config.Labels["com.docker.compose.service"] == service {
			change(c)
		}
	}
}

// SwitchOff has the engine answer nothing from now on, as a machine that is off
// behind a switch that drops what is sent to it.
func (e *Engine) SwitchOff() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.off == nil {
		e.off = make(chan struct{})
	}
}

// SwitchOn ends that: requests that wait are aborted, later ones answered.
func (e *Engine) SwitchOn() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.off != nil {
		close(e.off)
		e.off = nil
	}
}

// id makes an identity as long as the engine's. The caller holds mu.
func (e *Engine) id() string {
	e.counter++
	return digest(fmt.Sprintf("%s %d", e.name, e.counter))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return fmt.Errorf("decode %s: %w", r.URL.Path, err)
	}
	return nil
}

func values[K comparable, V any](of map[K]*V) []V {
	list := make([]V, 0, len(of))
	for value := range maps.Values(of) {
		list = append(list, *value)
	}
	return list
}
