package converge

import (
	"bytes"
	"context"
	"errors"
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
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// fake is an engine that keeps what it is told, and counts the calls.
type fake struct {
	execute.Engine // what it does not implement panics
	observed.DirectoryReader

	// listing is called in the middle of each list of containers; nil: nothing.
	listing func()
	// others are containers of no stack that the test applies.
	others []container.Summary
	// starting changes a container that is started; nil: nothing.
	starting func(*container.InspectResponse)

	mu         sync.Mutex // guards what follows
	calls      map[string]int
	containers map[string]*container.InspectResponse
	networks   map[string]network.Summary
	volumes    map[string]volume.Volume
	images     map[string]image.InspectResponse
}

func newFake() *fake {
	return &fake{calls: map[string]int{}, containers: map[string]*container.InspectResponse{}, networks: map[string]network.Summary{}, volumes: map[string]volume.Volume{},
		images: map[string]image.InspectResponse{"app:1": {ID: "sha256:img-1", RepoTags: []string{"app:1"}, RepoDigests: []string{"app@sha256:digest-1"}}}}
}

// lock notes a call and holds the engine.
func (f *fake) lock(call string) func() {
	f.mu.Lock()
	f.calls[call]++
	return f.mu.Unlock
}

func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

// writes are the calls that change anything.
func (f *fake) writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for call, times := range f.calls {
		if !strings.HasPrefix(call, "list") && !strings.HasPrefix(call, "inspect") {
			n += times
		}
	}
	return n
}

func (f *fake) ClientVersion() string { return "1.47" }
func (f *fake) Info(context.Context) (system.Info, error) {
	return system.Info{ID: "fake", SystemTime: "2026-01-02T12:00:00.5Z"}, nil
}
func (f *fake) ServerVersion(context.Context) (types.Version, error) { return types.Version{}, nil }

func (f *fake) ContainerList(context.Context, container.ListOptions) ([]container.Summary, error) {
	unlock := f.lock("list containers")
	list := slices.Clone(f.others)
	for id, c := range f.containers {
		list = append(list, container.Summary{ID: id, Names: []string{"/" + c.Name}, Labels: c.Config.Labels})
	}
	unlock()
	if f.listing != nil {
		f.listing()
	}
	return list, nil
}

func (f *fake) ContainerInspect(_ context.Context, id string) (container.InspectResponse, error) {
	defer f.lock("inspect container")()
	c, ok := f.containers[id]
	if !ok {
		return container.InspectResponse{}, errdefs.ErrNotFound
	}
	out := *c
	base, state, config := *c.ContainerJSONBase, *c.State, *c.Config
	base.Name, base.State = "/"+c.Name, &state
	config.Labels = maps.Clone(config.Labels)
	out.ContainerJSONBase, out.Config = &base, &config
	return out, nil
}

func (f *fake) NetworkList(context.Context, network.ListOptions) ([]network.Summary, error) {
	defer f.lock("list networks")()
	var list []network.Summary
	for _, n := range f.networks {
		list = append(list, n)
	}
	return list, nil
}

func (f *fake) VolumeList(context.Context, volume.ListOptions) (volume.ListResponse, error) {
	defer f.lock("list volumes")()
	var list volume.ListResponse
	for _, v := range f.volumes {
		list.Volumes = append(list.Volumes, &v)
	}
	return list, nil
}

func (f *fake) VolumeCreate(_ context.Context, options volume.CreateOptions) (volume.Volume, error) {
	defer f.lock("create volume")()
	v := volume.Volume{Name: options.Name, Labels: options.Labels, Mountpoint: "/" + options.Name}
	f.volumes[options.Name] = v
	return v, nil
}

func (f *fake) VolumeRemove(_ context.Context, name string, _ bool) error {
	defer f.lock("remove volume")()
	delete(f.volumes, name)
	return nil
}

func (f *fake) ImageInspect(_ context.Context, ref string) (image.InspectResponse, error) {
	defer f.lock("inspect image")()
	for name, img := range f.images {
		if ref == name || ref == img.ID {
			return img, nil
		}
	}
	return image.InspectResponse{}, errdefs.ErrNotFound
}

func (f *fake) NetworkCreate(_ context.Context, name string, options network.CreateOptions) (network.CreateResponse, error) {
	defer f.lock("create network")()
	f.networks[name] = network.Summary{ID: "id-" + name, Name: name, Driver: "bridge", Labels: options.Labels}
	return network.CreateResponse{}, nil
}

func (f *fake) NetworkRemove(_ context.Context, name string) error {
	defer f.lock("remove network")()
	delete(f.networks, name)
	return nil
}

func (f *fake) ContainerCreate(_ context.Context, config *container.Config, host *container.HostConfig, networking *network.NetworkingConfig, _ *ocispec.Platform, name string) (container.CreateResponse, error) {
	defer f.lock("create container")()
	n := f.calls["create container"]
	id := fmt.Sprintf("%012d%052d", n, n)
	c := &container.InspectResponse{Config: config, ContainerJSONBase: &container.ContainerJSONBase{ID: id, Name: name, Image: f.images[config.Image].ID, HostConfig: host,
		Created: fmt.Sprintf("2026-01-01T00:00:%02dZ", n), State: &container.State{Status: container.StateCreated}},
		NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}}}
	for name, settings := range networking.EndpointsConfig {
		joined := *settings
		joined.NetworkID = f.networks[name].ID
		c.NetworkSettings.Networks[name] = &joined
	}
	f.containers[id] = c
	return container.CreateResponse{ID: id}, nil
}

func (f *fake) with(call, id string, change func(*container.InspectResponse)) error {
	defer f.lock(call)()
	c, ok := f.containers[id]
	if !ok {
		return errdefs.ErrNotFound
	}
	change(c)
	return nil
}

func (f *fake) ContainerStart(_ context.Context, id string, _ container.StartOptions) error {
	return f.with("start container", id, func(c *container.InspectResponse) {
		c.State = &container.State{Status: container.StateRunning, StartedAt: "2026-01-01T00:00:00Z"}
		if f.starting != nil {
			f.starting(c)
		}
	})
}

func (f *fake) ContainerStop(_ context.Context, id string, _ container.StopOptions) error {
	return f.with("stop container", id, func(c *container.InspectResponse) {
		c.State = &container.State{Status: container.StateExited, ExitCode: 143}
	})
}

func (f *fake) ContainerRename(_ context.Context, id, name string) error {
	return f.with("rename container", id, func(c *container.InspectResponse) { c.Name = name })
}

func (f *fake) ContainerRemove(_ context.Context, id string, _ container.RemoveOptions) error {
	f.mu.Lock()
	f.others = slices.DeleteFunc(f.others, func(c container.Summary) bool { return c.ID == id && f.containers[id] == nil })
	f.mu.Unlock()
	return f.with("remove container", id, func(*container.InspectResponse) { delete(f.containers, id) })
}

func (f *fake) ContainerLogs(context.Context, string, container.LogsOptions) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(nil)), nil
}

// nodes gives every name the same engine.
type nodes struct{ engine *fake }

func (n nodes) Engine(context.Context, string) (Engine, error) { return n.engine, nil }

// registry knows digests; what it does not know it refuses.
type registry map[string]string

func (r registry) Digest(_ context.Context, ref string) (string, error) {
	if digest, ok := r[ref]; ok {
		return digest, nil
	}
	return "", errors.New("the registry does not answer")
}

func (r registry) Auth(context.Context, string) (string, error) { return "", nil }
func (r registry) Offer(context.Context, string) (Offer, error) {
	return Offer{}, errors.New("the registry does not answer")
}

func (r registry) AuthSource(context.Context, string) string { return "" }

func (r registry) Mirrors(string) ([]string, error) { return nil, nil }

// Lists finds what is filed under "reference digest".
func (r registry) Lists(_ context.Context, ref, digest string) (bool, error) {
	return r[ref+" "+digest] != "", nil
}

func (r registry) Image(_ context.Context, ref, _ string) (Image, error) {
	return Image{Digest: r[ref]}, nil
}
