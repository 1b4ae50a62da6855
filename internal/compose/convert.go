package compose

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// checkConversion converts a masked model for the mistakes that it shows, so
// that none of them quotes a secret.
func (l *load) checkConversion(masked *model) {
	for _, name := range sortedKeys(masked.asWritten.Services) {
		l.wire(masked, name)
	}
	l.networks(masked.resolved)
	l.volumes(masked)
}

// convert makes the stack from a model with the secrets' values and one with
// their markers, neither of which has a mistake.
func (l *load) convert(ctx context.Context, actual, masked *model) desired.Stack {
	stack := desired.Stack{
		Name:     l.in.Name,
		Services: map[string]desired.Service{},
		Networks: l.networks(masked.resolved),
		Volumes:  l.volumes(masked),
	}
	for _, name := range sortedKeys(masked.asWritten.Services) {
		hidden := l.wire(masked, name)
		service := l.wire(actual, name)
		service.Secret = l.masks.specSecrets(&hidden)
		service.Unknown = l.masks.specUnknown(service.Secret)
		service.ComposeHash = l.serviceHash(masked.resolved, name)
		service.Files = l.files(ctx, actual, masked, name)
		service.Image.Build = l.build(ctx, masked, masked.asWritten.Services[name])
		l.checkText(&service)
		l.checkAbsolute(&service)
		l.checkLimits(&service)
		stack.Services[name] = service
	}
	l.link(&stack)
	l.checkPublished(stack)
	stack.Warnings = sortedKeys(l.warnings)
	return stack
}

// wire converts all of a service that needs no file of its own.
func (l *load) wire(m *model, name string) desired.Service {
	s := sharing(m.resolved, m.resolved.Services[name])
	written := m.asWritten.Services[name]
	service := desired.Service{
		Name:            name,
		Replicas:        s.GetScale(),
		ContainerName:   s.ContainerName,
		DefaultName:     l.in.Name + "-" + s.Name,
		Image:           l.image(s),
		Config:          l.config(s),
		Host:            l.host(m, s),
		Mounts:          l.mounts(m.resolved, written),
		Networks:        l.attachments(m.resolved, s),
		Hooks:           l.hooks(s),
		Dependencies:    dependencies(s),
		UpdateOrder:     l.updateOrder(s),
		RestartExplicit: s.Restart != "" || s.Deploy != nil && s.Deploy.RestartPolicy != nil,
		DependsOnLabel:  dependsOnLabel(s),
	}
	if s.StopGracePeriod != nil {
		grace := durationOf(s.StopGracePeriod)
		service.StopGrace = &grace
	}
	if len(service.Networks) > 0 {
		service.Host.NetworkMode = networkMode(service.Networks[0].Network)
	}
	l.checkLabels(fieldPath{"services", name, "labels"}, s.Labels)
	l.checkSharedNetwork(s)
	l.checkIsolation(s)
	return service
}

// updateOrder is the service's own order, or else the stack's.
func (l *load) updateOrder(s types.ServiceConfig) desired.UpdateOrder {
	order := desired.UpdateOrder(l.in.UpdateOrder)
	if s.Deploy != nil && s.Deploy.UpdateConfig != nil && s.Deploy.UpdateConfig.Order != "" {
		order = desired.UpdateOrder(s.Deploy.UpdateConfig.Order)
	}
	if order != "" && order != desired.StopFirst && order != desired.StartFirst {
		l.addServiceError(s.Name, "deploy.update_config.order", "deploy.update_config.order %q is not known: use stop-first or start-first", order)
	}
	return order
}

func dependencies(s types.ServiceConfig) map[string]desired.Dependency {
	if len(s.DependsOn) == 0 {
		return nil
	}
	out := make(map[string]desired.Dependency, len(s.DependsOn))
	for name, d := range s.DependsOn {
		out[name] = desired.Dependency{Condition: desired.Condition(d.Condition), Restart: d.Restart, Required: d.Required}
	}
	return out
}

// dependsOnLabel spells the dependencies as Docker Compose's label does:
// "db:service_healthy:false,cache:service_started:true". Docker Compose writes
// them in no order; here they are sorted.
func dependsOnLabel(s types.ServiceConfig) string {
	var parts []string
	for name, d := range s.DependsOn {
		parts = append(parts, fmt.Sprintf("%s:%s:%t", name, d.Condition, d.Restart))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (l *load) volumes(m *model) map[string]desired.Volume {
	out := map[string]desired.Volume{}
	for _, key := range sortedKeys(m.resolved.Volumes) {
		v := m.resolved.Volumes[key]
		l.checkLabels(fieldPath{"volumes", key, "labels"}, v.Labels)
		l.checkDevice(key, m.asWritten.Volumes[key])
		volume := desired.Volume{
			Key: key, Name: v.Name, External: bool(v.External), Driver: v.Driver,
			Options: notEmpty(v.DriverOpts), Labels: ownLabels("volumes", v.Labels),
		}
		if !volume.External {
			volume.ComposeHash = l.volumeHash(v)
		}
		l.checkVolumeName(volume)
		out[key] = volume
	}
	return out
}

// checkDevice refuses a bind volume whose directory is not one of the node:
// Docker Compose would take it from where it runs itself.
func (l *load) checkDevice(key string, v types.VolumeConfig) {
	device := v.DriverOpts["device"]
	bind := slices.Contains(strings.Split(v.DriverOpts["o"], ","), "bind")
	if bind && device != "" && !strings.HasPrefix(device, "/") {
		l.addErrorAt(fieldPath{"volumes", key, "driver_opts", "device"}, "volume %q: driver_opts.device %q must be an absolute path of the node", key, device)
	}
}

// notEmpty copies a map, and returns nil for an empty one.
func notEmpty[M ~map[string]string](m M) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(map[string]string(m))
}

// sorted copies a list whose order means nothing, and returns nil for an empty
// one.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// containerName is the name of a service's container, as Docker Compose makes it.
func (l *load) containerName(s types.ServiceConfig, number int) string {
	if s.ContainerName != "" {
		return s.ContainerName
	}
	return fmt.Sprintf("%s-%s-%d", l.in.Name, s.Name, number)
}
