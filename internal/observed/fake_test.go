package observed

import (
	"context"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// fake is a Reader over fixtures; what is not among them is not found.
type fake struct {
	containers []container.InspectResponse
	networks   []network.Summary
	volumes    []*volume.Volume
	images     map[string]image.InspectResponse
	listedAs   string // the image that containers are listed with
	// vanished are containers that are listed and gone when inspected.
	vanished []string
	faults   map[string]error // by method, or method and object
	// answering is closed when images may be inspected; nil: at once.
	answering chan struct{}

	mu    sync.Mutex // guards calls
	calls map[string]int
}

func (f *fake) call(name, object string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[name]++
	return f.faults[name+object]
}

func (f *fake) ClientVersion() string { return "1.45" }

func (f *fake) ContainerList(context.Context, container.ListOptions) ([]container.Summary, error) {
	var list []container.Summary
	for _, c := range f.containers {
		list = append(list, container.Summary{ID: c.ID, Names: []string{c.Name}, Labels: c.Config.Labels, Image: f.listedAs})
	}
	for _, id := range f.vanished {
		list = append(list, container.Summary{ID: id, Names: []string{"/gone"}, Labels: map[string]string{desired.LabelProject: "home"}})
	}
	return list, f.call("ContainerList", "")
}

func (f *fake) ContainerInspect(_ context.Context, id string) (container.InspectResponse, error) {
	if err := f.call("ContainerInspect", ""); err != nil {
		return container.InspectResponse{}, err
	}
	for _, c := range f.containers {
		if c.ID == id {
			return c, nil
		}
	}
	return container.InspectResponse{}, errdefs.ErrNotFound
}

func (f *fake) NetworkList(context.Context, network.ListOptions) ([]network.Summary, error) {
	return f.networks, f.call("NetworkList", "")
}

func (f *fake) VolumeList(context.Context, volume.ListOptions) (volume.ListResponse, error) {
	return volume.ListResponse{Volumes: f.volumes}, f.call("VolumeList", "")
}

func (f *fake) ImageInspect(_ context.Context, ref string) (image.InspectResponse, error) {
	if f.answering != nil {
		<-f.answering
	}
	if err := f.call("ImageInspect", ""); err != nil {
		return image.InspectResponse{}, err
	}
	img, ok := f.images[ref]
	if !ok {
		return img, errdefs.ErrNotFound
	}
	return img, nil
}

func id(digit string) string { return strings.Repeat(digit, 64) }

// inspected is a running container of service web, as engines answer; change
// makes it special.
func inspected(digit string, change func(*container.InspectResponse)) container.InspectResponse {
	c := container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{
			ID: id(digit), Name: "/home-web-1", Image: "sha256:img", Created: "2026-01-02T03:04:05.000000006Z", RestartCount: 2,
			State:      &container.State{Status: container.StateRunning, Running: true, StartedAt: "2026-01-02T03:04:06Z"},
			HostConfig: &container.HostConfig{NetworkMode: "home_default"},
		},
		Config: &container.Config{Image: "nginx:1", Hostname: id(digit)[:12], Env: []string{"PATH=/bin", "TZ=UTC"}, Labels: map[string]string{
			desired.LabelProject: "home", desired.LabelService: "web", desired.LabelNumber: "1", desired.LabelStack: "home"}},
		NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{"home_default": {NetworkID: "net-id", Aliases: []string{"home-web-1", "web"}}}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func nginx() image.InspectResponse {
	return image.InspectResponse{ID: "sha256:img", RepoTags: []string{"nginx:1"}, RepoDigests: []string{"nginx@sha256:abc"}, Os: "linux", Architecture: "arm64", Variant: "v8",
		Config: &dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{Env: []string{"PATH=/bin"}, Cmd: []string{"nginx"}, Labels: map[string]string{"maintainer": "x"}}}}
}
