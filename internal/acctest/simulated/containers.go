package simulated

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
)

func (e *Engine) listContainers(*http.Request) (any, error) {
	list := make([]container.Summary, 0, len(e.containers))
	for _, c := range e.containers {
		one := container.Summary{ID: c.ID, Names: []string{c.Name}, Image: c.Config.Image, ImageID: c.Image, Labels: c.Config.Labels,
			State: c.State.Status, Command: "app", Status: "Up 2 hours"}
		one.HostConfig.NetworkMode = string(c.HostConfig.NetworkMode)
		one.NetworkSettings = &container.NetworkSettingsSummary{Networks: c.NetworkSettings.Networks}
		list = append(list, one)
	}
	return list, nil
}

// find finds a container by ID or name.
func (e *Engine) find(ref string) (*container.InspectResponse, error) {
	if c, ok := e.containers[ref]; ok {
		return c, nil
	}
	for _, c := range e.containers {
		if c.Name == "/"+ref {
			return c, nil
		}
	}
	return nil, missing("container", ref)
}

func (e *Engine) inspectContainer(r *http.Request) (any, error) { return e.find(r.PathValue("id")) }

func (e *Engine) createContainer(r *http.Request) (any, error) {
	var asked container.CreateRequest
	if err := decode(r, &asked); err != nil {
		return nil, err
	}
	name := r.URL.Query().Get("name")
	if _, err := e.find(name); err == nil {
		return nil, &refusal{http.StatusConflict, fmt.Sprintf("Conflict. The container name %q is already in use", "/"+name)}
	}
	c := &container.InspectResponse{Config: asked.Config,
		ContainerJSONBase: &container.ContainerJSONBase{ID: e.id(), Name: "/" + name, Image: imageID(asked.Image), HostConfig: asked.HostConfig,
			Created: time.Now().UTC().Format(time.RFC3339Nano), State: &container.State{Status: container.StateCreated}},
		NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}}}
	if asked.NetworkingConfig != nil {
		for name, settings := range asked.NetworkingConfig.EndpointsConfig {
			if err := e.join(c, name, settings); err != nil {
				return nil, err
			}
		}
	}
	c.Mounts = mounted(asked.HostConfig)
	e.containers[c.ID] = c
	return container.CreateResponse{ID: c.ID}, nil
}

func (e *Engine) join(c *container.InspectResponse, name string, settings *network.EndpointSettings) error {
	n, ok := e.networks[name]
	if !ok {
		return missing("network", name)
	}
	if settings == nil {
		settings = &network.EndpointSettings{}
	}
	settings.NetworkID, settings.EndpointID = n.ID, e.id()
	c.NetworkSettings.Networks[name] = settings
	return nil
}

func (e *Engine) changeContainer(r *http.Request) (any, error) {
	c, err := e.find(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	switch verb := r.PathValue("verb"); verb {
	case "start", "restart", "unpause":
		c.State = &container.State{Status: container.StateRunning, Running: true, StartedAt: time.Now().UTC().Format(time.RFC3339Nano)}
	case "stop":
		c.State = &container.State{Status: container.StateExited, ExitCode: 143}
	case "rename":
		c.Name = "/" + r.URL.Query().Get("name")
	default:
		return nil, &refusal{http.StatusNotImplemented, verb + " is not simulated"}
	}
	return nil, nil
}

func (e *Engine) removeContainer(r *http.Request) (any, error) {
	c, err := e.find(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	delete(e.containers, c.ID)
	return nil, nil
}

// imageID is the identity of the one image that a reference ever means.
func imageID(ref string) string {
	if strings.HasPrefix(ref, "sha256:") {
		return ref
	}
	return "sha256:" + digest(ref)
}

// mounted are the mounts of a container that was asked for with these.
func mounted(host *container.HostConfig) []container.MountPoint {
	var points []container.MountPoint
	add := func(source, target string, writable bool, kind mount.Type) {
		one := container.MountPoint{Type: kind, Source: source, Destination: target, RW: writable}
		if kind == mount.TypeVolume {
			one.Name, one.Source = source, mountpoint(source)
		}
		points = append(points, one)
	}
	for _, m := range host.Mounts {
		add(m.Source, m.Target, !m.ReadOnly, m.Type)
	}
	for _, bind := range host.Binds {
		parts := append(strings.Split(bind, ":"), "", "")
		kind := mount.TypeVolume
		if strings.HasPrefix(parts[0], "/") {
			kind = mount.TypeBind
		}
		add(parts[0], parts[1], !slices.Contains(strings.Split(parts[2], ","), "ro"), kind)
	}
	return points
}
