// Package enginetest is an engine in memory for tests: it keeps what it is told, fails
// where a test says so, and counts the calls. It is not for anything but tests.
package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Engine is an engine that keeps what it is told, and counts the calls. What it does
// not implement panics. Its zero value has nothing. It is safe for concurrent use,
// except for what a test sets.
type Engine struct {
	client.APIClient

	// Fault is asked before each call, such as "list containers"; nil: nothing fails.
	Fault func(call string) error
	// Listing is called in the middle of each list of containers; nil: nothing.
	Listing func()
	// Others are containers that are listed and cannot be inspected.
	Others []container.Summary
	// ListedAs is the image that containers are listed with.
	ListedAs string
	// Starting changes a container that is started; nil: nothing.
	Starting func(*container.InspectResponse)

	// Containers by ID, their names without a slash; networks and volumes by name;
	// images by reference.
	Containers map[string]*container.InspectResponse
	Networks   map[string]network.Summary
	Volumes    map[string]volume.Volume
	Images     map[string]image.InspectResponse

	mu    sync.Mutex // guards what tests do not set
	calls map[string]int
}

// New returns an engine that has the image "app:1" and nothing else.
func New() *Engine {
	return &Engine{Containers: map[string]*container.InspectResponse{}, Networks: map[string]network.Summary{}, Volumes: map[string]volume.Volume{},
		Images: map[string]image.InspectResponse{"app:1": {ID: "sha256:img-1", RepoTags: []string{"app:1"}, RepoDigests: []string{"app@sha256:digest-1"}}}}
}

// Hold notes a call and holds the engine until the result is called.
func (e *Engine) Hold(call string) (release func()) {
	e.Lock()
	if e.calls == nil {
		e.calls = map[string]int{}
	}
	e.calls[call]++
	return e.Unlock
}

// begin notes a call, and holds the engine unless the call fails.
func (e *Engine) begin(call string) error {
	e.Hold(call)()
	if e.Fault != nil {
		if err := e.Fault(call); err != nil {
			return err
		}
	}
	e.Lock()
	return nil
}

// Lock holds the engine, so that a test can look at it while it is used.
func (e *Engine) Lock() { e.mu.Lock() }

// Unlock ends what Lock began.
func (e *Engine) Unlock() { e.mu.Unlock() }

// Forget begins to count anew.
func (e *Engine) Forget() {
	e.Lock()
	defer e.Unlock()
	e.calls = nil
}

// Count returns how often a call was made.
func (e *Engine) Count(call string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls[call]
}

// Writes returns how many calls were made that change something.
func (e *Engine) Writes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for call, times := range e.calls {
		if !strings.HasPrefix(call, "list") && !strings.HasPrefix(call, "inspect") {
			n += times
		}
	}
	return n
}

// ClientVersion answers as the engine's client does.
func (e *Engine) ClientVersion() string { return "1.47" }

// Info answers as the engine's client does.
func (e *Engine) Info(context.Context) (system.Info, error) {
	return system.Info{ID: "fake", SystemTime: "2026-01-02T12:00:00.5Z"}, nil
}

// ServerVersion answers as the engine's client does.
func (e *Engine) ServerVersion(context.Context) (types.Version, error) { return types.Version{}, nil }

// ContainerList answers as the engine's client does.
func (e *Engine) ContainerList(context.Context, container.ListOptions) ([]container.Summary, error) {
	if err := e.begin("list containers"); err != nil {
		return nil, err
	}
	list := slices.Clone(e.Others)
	for id, c := range e.Containers {
		list = append(list, container.Summary{ID: id, Names: []string{"/" + c.Name}, Labels: c.Config.Labels, Image: e.ListedAs})
	}
	e.Unlock()
	if e.Listing != nil {
		e.Listing()
	}
	return list, nil
}

// ContainerInspect answers as the engine's client does.
func (e *Engine) ContainerInspect(_ context.Context, id string) (container.InspectResponse, error) {
	if err := e.begin("inspect container"); err != nil {
		return container.InspectResponse{}, err
	}
	defer e.Unlock()
	c, ok := e.Containers[id]
	if !ok {
		return container.InspectResponse{}, errdefs.ErrNotFound
	}
	out := *c
	base, config := *c.ContainerJSONBase, *c.Config
	base.Name = "/" + c.Name
	if base.State != nil {
		state := *base.State
		base.State = &state
	}
	config.Labels = maps.Clone(config.Labels)
	out.ContainerJSONBase, out.Config = &base, &config
	return out, nil
}

// NetworkList answers as the engine's client does.
func (e *Engine) NetworkList(context.Context, network.ListOptions) ([]network.Summary, error) {
	if err := e.begin("list networks"); err != nil {
		return nil, err
	}
	defer e.Unlock()
	var list []network.Summary
	for _, n := range e.Networks {
		list = append(list, n)
	}
	return list, nil
}

// VolumeList answers as the engine's client does.
func (e *Engine) VolumeList(context.Context, volume.ListOptions) (volume.ListResponse, error) {
	if err := e.begin("list volumes"); err != nil {
		return volume.ListResponse{}, err
	}
	defer e.Unlock()
	var list volume.ListResponse
	for _, v := range e.Volumes {
		list.Volumes = append(list.Volumes, &v)
	}
	return list, nil
}

// VolumeCreate answers as the engine's client does.
func (e *Engine) VolumeCreate(_ context.Context, options volume.CreateOptions) (volume.Volume, error) {
	if err := e.begin("create volume"); err != nil {
		return volume.Volume{}, err
	}
	defer e.Unlock()
	v := volume.Volume{Name: options.Name, Labels: options.Labels, Mountpoint: "/" + options.Name}
	e.Volumes[options.Name] = v
	return v, nil
}

// VolumeRemove answers as the engine's client does.
func (e *Engine) VolumeRemove(_ context.Context, name string, _ bool) error {
	if err := e.begin("remove volume"); err != nil {
		return err
	}
	defer e.Unlock()
	delete(e.Volumes, name)
	return nil
}

// ImageInspect answers as the engine's client does.
func (e *Engine) ImageInspect(_ context.Context, ref string) (image.InspectResponse, error) {
	if err := e.begin("inspect image"); err != nil {
		return image.InspectResponse{}, err
	}
	defer e.Unlock()
	for name, img := range e.Images {
		if ref == name || ref == img.ID {
			return img, nil
		}
	}
	return image.InspectResponse{}, errdefs.ErrNotFound
}

// NetworkCreate answers as the engine's client does.
func (e *Engine) NetworkCreate(_ context.Context, name string, options network.CreateOptions) (network.CreateResponse, error) {
	if err := e.begin("create network"); err != nil {
		return network.CreateResponse{}, err
	}
	defer e.Unlock()
	e.Networks[name] = network.Summary{ID: "id-" + name, Name: name, Driver: "bridge", Labels: options.Labels}
	return network.CreateResponse{}, nil
}

// NetworkRemove answers as the engine's client does.
func (e *Engine) NetworkRemove(_ context.Context, name string) error {
	if err := e.begin("remove network"); err != nil {
		return err
	}
	defer e.Unlock()
	delete(e.Networks, name)
	return nil
}

// ContainerCreate answers as the engine's client does.
func (e *Engine) ContainerCreate(_ context.Context, config *container.Config, host *container.HostConfig, networking *network.NetworkingConfig, _ *ocispec.Platform, name string) (container.CreateResponse, error) {
	if err := e.begin("create container"); err != nil {
		return container.CreateResponse{}, err
	}
	defer e.Unlock()
	n := e.calls["create container"]
	id := fmt.Sprintf("%012d%052d", n, n)
	c := &container.InspectResponse{Config: config, ContainerJSONBase: &container.ContainerJSONBase{ID: id, Name: name, Image: e.Images[config.Image].ID, HostConfig: host,
		Created: fmt.Sprintf("2026-01-01T00:00:%02dZ", n), State: &container.State{Status: container.StateCreated}},
		NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}}}
	for name, settings := range networking.EndpointsConfig {
		joined := *settings
		joined.NetworkID = e.Networks[name].ID
		c.NetworkSettings.Networks[name] = &joined
	}
	e.Containers[id] = c
	return container.CreateResponse{ID: id}, nil
}

func (e *Engine) with(call, id string, change func(*container.InspectResponse)) error {
	if err := e.begin(call); err != nil {
		return err
	}
	defer e.Unlock()
	c, ok := e.Containers[id]
	if !ok {
		return errdefs.ErrNotFound
	}
	change(c)
	return nil
}

// ContainerStart answers as the engine's client does.
func (e *Engine) ContainerStart(_ context.Context, id string, _ container.StartOptions) error {
	return e.with("start container", id, func(c *container.InspectResponse) {
		c.State = &container.State{Status: container.StateRunning, StartedAt: "2026-01-01T00:00:00Z"}
		if e.Starting != nil {
			e.Starting(c)
		}
	})
}

// ContainerStop answers as the engine's client does.
func (e *Engine) ContainerStop(_ context.Context, id string, _ container.StopOptions) error {
	return e.with("stop container", id, func(c *container.InspectResponse) {
		c.State = &container.State{Status: container.StateExited, ExitCode: 143}
	})
}

// ContainerRename answers as the engine's client does.
func (e *Engine) ContainerRename(_ context.Context, id, name string) error {
	return e.with("rename container", id, func(c *container.InspectResponse) { c.Name = name })
}

// ContainerRemove answers as the engine's client does.
func (e *Engine) ContainerRemove(_ context.Context, id string, _ container.RemoveOptions) error {
	e.mu.Lock()
	e.Others = slices.DeleteFunc(e.Others, func(c container.Summary) bool { return c.ID == id && e.Containers[id] == nil })
	e.mu.Unlock()
	return e.with("remove container", id, func(*container.InspectResponse) { delete(e.Containers, id) })
}

// ContainerLogs answers as the engine's client does.
func (e *Engine) ContainerLogs(context.Context, string, container.LogsOptions) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(nil)), nil
}
