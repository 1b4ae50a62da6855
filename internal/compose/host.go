package compose

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// checkIsolation refuses what only Windows engines know.
func (l *load) checkIsolation(s types.ServiceConfig) {
	if s.Isolation != "" && s.Isolation != "default" {
		l.addServiceError(s.Name, "isolation", "isolation %q is for Windows containers, and nodes run Linux: remove it", s.Isolation)
	}
}

// host converts what a service asks of the node, except for its mounts.
func (l *load) host(m *model, s types.ServiceConfig) container.HostConfig {
	options, unconfined := l.securityOptions(s)
	host := container.HostConfig{
		Annotations:    notEmpty(s.Annotations),
		CapAdd:         sorted(s.CapAdd),
		CapDrop:        sorted(s.CapDrop),
		CgroupnsMode:   container.CgroupnsMode(s.Cgroup),
		DNS:            l.resolvers(s),
		DNSOptions:     sorted(s.DNSOpts),
		DNSSearch:      slices.Clone(s.DNSSearch),
		ExtraHosts:     sorted(s.ExtraHosts.AsList(":")),
		GroupAdd:       sorted(s.GroupAdd),
		Init:           s.Init,
		IpcMode:        container.IpcMode(s.Ipc),
		Isolation:      container.Isolation(s.Isolation),
		LogConfig:      logging(s),
		NetworkMode:    l.networkMode(s),
		OomScoreAdj:    int(s.OomScoreAdj),
		PidMode:        container.PidMode(s.Pid),
		PortBindings:   l.portBindings(s),
		Privileged:     s.Privileged,
		ReadonlyRootfs: s.ReadOnly,
		Resources:      l.resources(s),
		RestartPolicy:  l.restart(s),
		Runtime:        s.Runtime,
		SecurityOpt:    options,
		ShmSize:        int64(s.ShmSize),
		StorageOpt:     notEmpty(s.StorageOpt),
		Sysctls:        notEmpty(s.Sysctls),
		Tmpfs:          tmpfs(s),
		VolumesFrom:    l.volumesFrom(s),
		UsernsMode:     container.UsernsMode(s.UserNSMode),
		UTSMode:        container.UTSMode(s.Uts),
	}
	if unconfined {
		host.MaskedPaths, host.ReadonlyPaths = []string{}, []string{}
	}
	if s.NetworkMode != "" {
		host.Links = l.links(m.resolved, s)
	}
	return host
}

// volumesFrom says from which containers a service has volumes: of another
// service, or by a name.
func (l *load) volumesFrom(s types.ServiceConfig) []string {
	var out []string
	for _, item := range s.VolumesFrom {
		name, service := volumesFrom(item)
		if mode := item[strings.LastIndex(item, ":")+1:]; mode == "ro" {
			l.warn("service " + quote(s.Name) + ": \":ro\" in volumes_from has no effect, as under Docker Compose: the volumes are mounted as they are in " + quote(name+service) + "; list them under volumes to mount them read-only")
		}
		if service != "" {
			out = append(out, desired.ServicePrefix+service)
		} else {
			out = append(out, desired.ContainerPrefix+name)
		}
	}
	return out
}

// volumesFrom reads "service[:mode]" or "container:name[:mode]" as Docker Compose
// does.
func volumesFrom(item string) (name, service string) {
	parts := strings.Split(item, ":")
	if parts[0] == "container" && len(parts) > 1 {
		return parts[1], ""
	}
	return "", parts[0]
}

func logging(s types.ServiceConfig) container.LogConfig {
	if s.Logging == nil {
		return container.LogConfig{}
	}
	return container.LogConfig{Type: s.Logging.Driver, Config: notEmpty(s.Logging.Options)}
}

// tmpfs reads "/path:options".
func tmpfs(s types.ServiceConfig) map[string]string {
	if len(s.Tmpfs) == 0 {
		return nil
	}
	out := make(map[string]string, len(s.Tmpfs))
	for _, item := range s.Tmpfs {
		target, options, _ := strings.Cut(item, ":")
		out[target] = options
	}
	return out
}

func (l *load) resolvers(s types.ServiceConfig) []string {
	for _, address := range s.DNS {
		if _, err := netip.ParseAddr(address); err != nil {
			l.addServiceError(s.Name, "dns", "dns %q is not an IP address", address)
		}
	}
	return slices.Clone(s.DNS)
}

// securityOptions returns the engine's options, and whether the system's paths
// shall not be masked, which the engine gets in another way.
func (l *load) securityOptions(s types.ServiceConfig) (options []string, unconfined bool) {
	for _, option := range sorted(s.SecurityOpt) {
		if option == "systempaths=unconfined" {
			unconfined = true
			continue
		}
		key, value, ok := strings.Cut(option, "=")
		if !ok {
			key, value, ok = strings.Cut(option, ":")
		}
		switch {
		case !ok && option != "no-new-privileges":
			l.addServiceError(s.Name, "security_opt", "security_opt %q must have the form key=value or key:value", option)
		case key == "seccomp" && value != "unconfined" && value != "builtin":
			option = "seccomp=" + l.seccomp(s, value)
		}
		options = append(options, option)
	}
	return options, unconfined
}

// seccomp returns the text of a seccomp profile: the engine takes no path.
func (l *load) seccomp(s types.ServiceConfig, path string) string {
	local, ok := l.local(path)
	if !ok {
		l.addError("project_directory", "service %q: security_opt names the relative path %q: set project_directory, the directory that it starts from", s.Name, path)
		return ""
	}
	text, err := localfile.ReadFile(local)
	if err != nil {
		l.addServiceError(s.Name, "security_opt", "the seccomp profile %q cannot be read: %v (looked for %s)", path, reason(err), local)
		return ""
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		l.addServiceError(s.Name, "security_opt", "the seccomp profile %q is not JSON: %v", path, err)
	}
	return compact.String()
}

// number reads an integer that compose-go leaves as text.
func (l *load) number(s types.ServiceConfig, key, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		l.addServiceError(s.Name, key, "%s: %q is not an integer from 0 up", key, text)
	}
	return n
}
