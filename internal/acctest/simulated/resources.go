package simulated

import (
	"net/http"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/volume"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

func ping(*http.Request) (any, error) { return "OK", nil }

func version(*http.Request) (any, error) {
	return types.Version{Version: "27.0.0", APIVersion: APIVersion, MinAPIVersion: "1.24"}, nil
}

func (e *Engine) info(*http.Request) (any, error) {
	return system.Info{ID: digest(e.name), Name: e.name, OSType: "linux", Architecture: "x86_64", NCPU: 4, MemTotal: 64 << 30,
		ServerVersion: "27.0.0", Driver: "overlay2", CgroupVersion: "2"}, nil
}

func (e *Engine) listNetworks(*http.Request) (any, error) { return values(e.networks), nil }

func (e *Engine) createNetwork(r *http.Request) (any, error) {
	var asked network.CreateRequest
	if err := decode(r, &asked); err != nil {
		return nil, err
	}
	n := &network.Inspect{ID: e.id(), Name: asked.Name, Driver: asked.Driver, Labels: asked.Labels, Options: asked.Options, Scope: "local",
		Internal: asked.Internal, Attachable: asked.Attachable, Created: time.Now().UTC()}
	if n.Driver == "" {
		n.Driver = "bridge"
	}
	if asked.IPAM != nil {
		n.IPAM = *asked.IPAM
	}
	e.networks[n.Name] = n
	return network.CreateResponse{ID: n.ID}, nil
}

func (e *Engine) removeNetwork(r *http.Request) (any, error) {
	name := r.PathValue("name")
	for key, n := range e.networks {
		if key == name || n.ID == name {
			delete(e.networks, key)
			return nil, nil
		}
	}
	return nil, missing("network", name)
}

func (e *Engine) listVolumes(*http.Request) (any, error) {
	list := volume.ListResponse{}
	for _, v := range e.volumes {
		list.Volumes = append(list.Volumes, v)
	}
	return list, nil
}

func (e *Engine) createVolume(r *http.Request) (any, error) {
	var asked volume.CreateOptions
	if err := decode(r, &asked); err != nil {
		return nil, err
	}
	v := &volume.Volume{Name: asked.Name, Driver: "local", Labels: asked.Labels, Options: asked.DriverOpts, Scope: "local",
		Mountpoint: mountpoint(asked.Name), CreatedAt: time.Now().UTC().Format(time.RFC3339)}
	e.volumes[v.Name] = v
	return v, nil
}

func (e *Engine) inspectVolume(r *http.Request) (any, error) {
	if v, ok := e.volumes[r.PathValue("name")]; ok {
		return v, nil
	}
	return nil, missing("volume", r.PathValue("name"))
}

func (e *Engine) removeVolume(r *http.Request) (any, error) {
	if _, ok := e.volumes[r.PathValue("name")]; !ok {
		return nil, missing("volume", r.PathValue("name"))
	}
	delete(e.volumes, r.PathValue("name"))
	return nil, nil
}

// inspectImage knows every image that it is asked for: there is nothing to pull.
func inspectImage(r *http.Request) (any, error) {
	ref, ok := strings.CutSuffix(r.PathValue("ref"), "/json")
	if !ok {
		return nil, missing("page", r.URL.Path)
	}
	return image.InspectResponse{ID: imageID(ref), RepoTags: []string{ref}, Os: "linux", Architecture: "amd64",
		Config: &dockerspec.DockerOCIImageConfig{DockerOCIImageConfigExt: dockerspec.DockerOCIImageConfigExt{}}}, nil
}

// mountpoint is where the engine would keep a volume.
func mountpoint(volume string) string { return "/var/lib/docker/volumes/" + volume + "/_data" }
