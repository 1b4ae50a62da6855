package execute

import (
	"context"
	"errors"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/directory"
)

// userNamespace is an engine in one: it mounts nothing without what is mounted below.
type userNamespace struct {
	DirectoryEngine
	made map[string]container.HostConfig
}

func (u *userNamespace) ContainerInspect(context.Context, string) (container.InspectResponse, error) {
	return container.InspectResponse{}, errdefs.ErrNotFound
}

func (u *userNamespace) ContainerCreate(_ context.Context, _ *container.Config, host *container.HostConfig, _ *network.NetworkingConfig, _ *ocispec.Platform, name string) (container.CreateResponse, error) {
	u.made[name] = *host
	return container.CreateResponse{ID: name}, nil
}

func (u *userNamespace) ContainerRemove(_ context.Context, id string, _ container.RemoveOptions) error {
	delete(u.made, id)
	return nil
}

func (u *userNamespace) ContainerStatPath(_ context.Context, id, _ string) (container.PathStat, error) {
	if b := u.made[id].Mounts[0].BindOptions; b != nil && b.NonRecursive {
		return container.PathStat{}, errors.New("mount /:/var/lib/docker/files, flags: 0x1000: invalid argument")
	}
	return container.PathStat{}, nil
}

func TestOpenWindow_KernelRefusesAFlatOne_IsComplete(t *testing.T) {
	engine := &userNamespace{made: map[string]container.HostConfig{}}
	w, err := OpenWindow(t.Context(), engine, directory.Window{Root: "/", Flat: true}, "me")
	name := desired.WindowName("/", "me")
	if err != nil || w.Flat || w.ID != name || len(engine.made) != 1 || engine.made[name].Mounts[0].BindOptions != nil {
		t.Errorf("%+v, %v, made %+v", w, err, engine.made)
	}
}
