package execute

import (
	"context"
	"fmt"
	"maps"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func ignoreNotFound(err error) error {
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

func (r *run) doContainer(ctx context.Context, op *plan.Operation) error {
	id := r.target(op)
	switch op.Kind {
	case plan.CreateContainer:
		return r.createContainer(ctx, op)
	case plan.StartContainer:
		return r.start(ctx, op, id)
	case plan.RestartContainer:
		return r.restart(ctx, op, id)
	case plan.UnpauseContainer:
		return r.engine.ContainerUnpause(ctx, id)
	case plan.StopContainer:
		return r.stop(ctx, op, id)
	case plan.RenameContainer:
		return r.engine.ContainerRename(ctx, id, op.Name)
	case plan.RemoveContainer:
		return ignoreNotFound(r.engine.ContainerRemove(ctx, id, container.RemoveOptions{Force: true}))
	case plan.UpdateContainer:
		s := r.want.Services[op.Service]
		_, err := r.engine.ContainerUpdate(ctx, id, s.Update(op.Fields))
		return err
	case plan.ConnectContainer:
		return r.connect(ctx, op, id)
	case plan.DisconnectContainer: // by force: the network may be gone
		return r.engine.NetworkDisconnect(ctx, op.Network, id, true)
	default:
		return fmt.Errorf("%s: %w", op.Kind, errNoSuchKind)
	}
}

// stopOptions leave signal and grace period to the container itself, which
// carries them since it was made.
func (r *run) stopOptions(service string) container.StopOptions {
	s, ok := r.want.Services[service]
	if !ok || s.StopGrace == nil {
		return container.StopOptions{}
	}
	seconds := int((*s.StopGrace + time.Second - 1) / time.Second)
	return container.StopOptions{Timeout: &seconds}
}

func (r *run) createContainer(ctx context.Context, op *plan.Operation) error {
	s := r.want.Services[op.Service]
	config, host := s.Config, s.Host
	var err error
	if config.Labels, err = r.labels(ctx, &s, op); err != nil {
		return err
	}
	r.resolveParents(&host, op)
	if err := r.mount(ctx, &s, op, &host); err != nil {
		return err
	}
	names := endpoints(&s, desired.ContainerName(r.want.Name, &s, op.Number))
	first, rest := names, []endpoint(nil)
	if len(names) > 1 && !atLeast(r.engine, apiManyEndpoints) {
		first, rest = names[:1], names[1:]
	}
	if len(names) > 0 && !atLeast(r.engine, apiManyEndpoints) {
		config.MacAddress = names[0].settings.MacAddress //nolint:staticcheck // what engines before API 1.44 read
		for _, e := range names {
			e.settings.MacAddress = "" // which they have for the container only
		}
	}
	networking := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{}}
	for _, e := range first {
		networking.EndpointsConfig[e.network] = e.settings
	}
	resp, err := r.engine.ContainerCreate(ctx, &config, &host, networking, platform(s.Image.Platform), op.Name)
	if err != nil {
		r.lose(op, config.Labels, err)
		return fmt.Errorf("create container %s: %w", op.Name, err)
	}
	r.mu.Lock()
	r.created[replica{op.Service, op.Number}] = resp.ID
	r.mu.Unlock()
	for _, e := range rest {
		if err := r.engine.NetworkConnect(ctx, e.network, resp.ID, e.settings); err != nil {
			return fmt.Errorf("connect container %s to network %s: %w", op.Name, e.network, err)
		}
	}
	return nil
}

// labels are the user's, Docker Compose's and ours.
func (r *run) labels(ctx context.Context, s *desired.Service, op *plan.Operation) (map[string]string, error) {
	labels := maps.Clone(s.Config.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, map[string]string{
		desired.LabelProject: r.want.Name, desired.LabelService: s.Name, desired.LabelNumber: strconv.Itoa(op.Number),
		desired.LabelOneOff: "False", desired.LabelConfigHash: s.ComposeHash.Sum(func(service string) string { return r.parent(service, op) }), desired.LabelDependsOn: s.DependsOnLabel,
		desired.LabelStack: r.want.Name, desired.LabelSpecHash: s.Hash(),
		// Docker Compose's listing shows where a project comes from.
		desired.LabelConfigFiles: "terraform", desired.LabelWorkingDir: "",
		desired.LabelComposeVer: composeVersion,
	})
	if img, ok := r.image(ctx, s.Image.Reference); ok {
		labels[desired.LabelImage] = desired.ContentID(img, s.Image.Platform)
		if digest := r.imageDigest(s, img.RepoDigests); digest != "" {
			labels[desired.LabelImageDigest] = digest
		}
	}
	if len(s.Secret) > 0 {
		labels[desired.LabelSecretVersion] = strconv.Itoa(op.SecretVersion)
	}
	if op.Replaces != "" {
		labels[desired.LabelReplaces] = op.Replaces
	}
	if mounted := r.imageVolumes(ctx, s); mounted != "" {
		labels[desired.LabelImageVolumes] = mounted
	}
	hooks, err := s.HookLabel()
	if hooks != "" {
		labels[desired.LabelHooks] = hooks
	}
	return labels, err
}

// image is what a reference means on the node now that all images are there,
// looked up once; ok is false when that is not known.
func (r *run) image(ctx context.Context, ref string) (img image.InspectResponse, ok bool) {
	r.mu.Lock()
	img, ok = r.images[ref]
	r.mu.Unlock()
	if ok {
		return img, true
	}
	img, err := r.engine.ImageInspect(ctx, ref)
	if err != nil {
		return img, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.images[ref] = img
	return img, true
}

// imageVolumes says which images a container mounts, as Docker Compose's label
// does: "target=ID,…".
func (r *run) imageVolumes(ctx context.Context, s *desired.Service) string {
	var items []string
	for _, m := range s.Mounts {
		if m.Type != desired.MountImage {
			continue
		}
		if img, ok := r.image(ctx, m.Source); ok {
			items = append(items, m.Target+"="+desired.ContentID(img, ""))
		}
	}
	sort.Strings(items)
	return strings.Join(items, ",")
}

// composeVersion is the Docker Compose whose labels ours agree with.
const composeVersion = "5.5.1"

// resolveParents turns "service:<name>" into the container of that service.
func (r *run) resolveParents(host *container.HostConfig, op *plan.Operation) {
	resolve := func(mode string) string {
		if name, ok := strings.CutPrefix(mode, desired.ServicePrefix); ok {
			return desired.ContainerPrefix + r.parent(name, op)
		}
		return mode
	}
	host.NetworkMode = container.NetworkMode(resolve(string(host.NetworkMode)))
	host.PidMode = container.PidMode(resolve(string(host.PidMode)))
	host.IpcMode = container.IpcMode(resolve(string(host.IpcMode)))
	volumesFrom := host.VolumesFrom
	host.VolumesFrom = nil
	for _, item := range volumesFrom {
		host.VolumesFrom = append(host.VolumesFrom, strings.TrimPrefix(resolve(item), desired.ContainerPrefix))
	}
}

// parent returns the ID of a service's first container: the one that this run
// made, or the one that stays.
func (r *run) parent(service string, op *plan.Operation) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id := r.created[replica{service, 1}]; id != "" {
		return id
	}
	return op.Parents[service]
}

type endpoint struct {
	network  string
	settings *network.EndpointSettings
}

// endpoints are a service's attachments with the container's name among the
// aliases, as Docker Compose has it; the highest priority comes first.
func endpoints(s *desired.Service, name string) []endpoint {
	attachments := append([]desired.Attachment(nil), s.Networks...)
	sort.SliceStable(attachments, func(i, j int) bool {
		if attachments[i].Priority != attachments[j].Priority {
			return attachments[i].Priority > attachments[j].Priority
		}
		return attachments[i].Network < attachments[j].Network
	})
	var out []endpoint
	for _, a := range attachments {
		settings := a.Settings
		settings.Aliases = append([]string{name}, a.Settings.Aliases...)
		out = append(out, endpoint{a.Network, &settings})
	}
	return out
}

func (r *run) connect(ctx context.Context, op *plan.Operation, id string) error {
	if op.Endpoint != nil {
		return r.attach(ctx, op)
	}
	s := r.want.Services[op.Service]
	for _, e := range endpoints(&s, desired.ContainerName(r.want.Name, &s, op.Number)) {
		if e.network == op.Network {
			return r.engine.NetworkConnect(ctx, e.network, id, e.settings)
		}
	}
	return nil
}

// platform parses "os/arch[/variant]"; empty means the engine's own.
func platform(text string) *ocispec.Platform {
	if text == "" {
		return nil
	}
	parts := strings.SplitN(text, "/", 3)
	p := &ocispec.Platform{OS: parts[0]}
	if len(parts) > 1 {
		p.Architecture = parts[1]
	}
	if len(parts) > 2 {
		p.Variant = parts[2]
	}
	return p
}
