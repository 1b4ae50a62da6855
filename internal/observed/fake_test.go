package observed

import (
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/enginetest"
)

// engineWith is an engine that has containers.
func engineWith(containers ...container.InspectResponse) *enginetest.Engine {
	e := &enginetest.Engine{Containers: map[string]*container.InspectResponse{}}
	for _, c := range containers {
		c.Name = strings.TrimPrefix(c.Name, "/")
		e.Containers[c.ID] = &c
	}
	return e
}

// vanished are containers that are listed and gone when inspected.
func vanished(ids ...string) (list []container.Summary) {
	for _, id := range ids {
		list = append(list, container.Summary{ID: id, Names: []string{"/gone"}, Labels: map[string]string{desired.LabelProject: "home"}})
	}
	return list
}

func withImages(e *enginetest.Engine) *enginetest.Engine {
	e.Images = images()
	return e
}

func volumes(list ...volume.Volume) map[string]volume.Volume {
	out := map[string]volume.Volume{}
	for _, v := range list {
		out[v.Name] = v
	}
	return out
}

func networks(list ...network.Summary) map[string]network.Summary {
	out := map[string]network.Summary{}
	for _, n := range list {
		out[n.Name] = n
	}
	return out
}

// images are those that containers here are made of.
func images() map[string]image.InspectResponse {
	return map[string]image.InspectResponse{"nginx:1": nginx(), "sha256:img": nginx()}
}

// refusing fails one kind of call.
func refusing(call string, err error) func(string) error {
	return func(made string) error {
		if made == call {
			return err
		}
		return nil
	}
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
