package compose

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// check reports everything that is wrong with a complete model: keys that are
// refused, secrets in the open, references to what does not exist, and paths
// that lead nowhere. It returns false for secrets in the open, of which further
// mistakes would be sequels.
func (l *load) check(m *model) bool {
	enabled := map[string]bool{}
	for name := range m.asWritten.Services {
		enabled[name] = true
	}
	if l.checkSecrets(m.tree, enabled); len(l.list) > 0 {
		return false
	}
	l.table.checkModel(m.tree, enabled, &l.problems, l.warn)
	l.checkName(m)
	l.checkProfiles(m.asWritten)
	for _, name := range sortedKeys(m.asWritten.Services) {
		service := m.asWritten.Services[name]
		l.checkImage(service)
		l.checkServices(m.asWritten, service)
		l.checkResources(m.asWritten, service)
		l.checkPaths(service)
		l.checkReplicas(service)
		l.checkTargets(service)
		l.checkKnownNames(service)
	}
	l.checkContainerNames(m.asWritten)
	l.checkFileReferences(m)
	l.checkCycle(m.asWritten)
	return true
}

// checkName warns of a name in the document that the stack's name overrules.
func (l *load) checkName(*model) {
	for _, doc := range l.docs {
		for _, root := range doc.roots {
			if _, name := step(resolve(root), "name"); name != nil && name.Value != "" && name.Value != l.in.Name && !strings.Contains(name.Value, "$") {
				l.warn("the name " + quote(name.Value) + " in " + doc.attribute + " is not used: the stack is named " + quote(l.in.Name))
			}
		}
	}
}

func (l *load) checkProfiles(p *types.Project) {
	known := map[string]bool{"*": true}
	for _, services := range []types.Services{p.Services, p.DisabledServices} {
		for _, service := range services {
			for _, profile := range service.Profiles {
				known[profile] = true
			}
		}
	}
	for _, profile := range l.in.Profiles {
		if !known[profile] {
			l.warn("no service has the profile " + quote(profile))
		}
	}
}

func (l *load) checkImage(s types.ServiceConfig) {
	if s.Image == "" && s.Build == nil {
		l.addServiceError(s.Name, "", "it has neither image nor build: name the image it runs")
	}
}

// checkServices reports references to services that are not there.
func (l *load) checkServices(p *types.Project, s types.ServiceConfig) {
	for _, name := range sortedKeys(s.DependsOn) {
		if _, ok := p.Services[name]; !ok {
			l.missingService(p, s, "depends_on."+name, name)
		}
	}
	for key, mode := range map[string]string{"network_mode": s.NetworkMode, "ipc": s.Ipc, "pid": s.Pid} {
		if name, ok := strings.CutPrefix(mode, types.ServicePrefix); ok {
			l.checkParent(p, s, key, name)
		}
	}
	for _, item := range s.VolumesFrom {
		if _, name := volumesFrom(item); name != "" {
			l.checkParent(p, s, "volumes_from", name)
		}
	}
}

// checkParent reports a service whose container is needed and will not be there.
func (l *load) checkParent(p *types.Project, s types.ServiceConfig, key, name string) {
	parent, ok := p.Services[name]
	switch {
	case !ok:
		l.missingService(p, s, key, name)
	case name == s.Name:
		l.addServiceError(s.Name, key, "%s names the service itself", key)
	case parent.GetScale() == 0 && s.GetScale() > 0:
		l.addServiceError(s.Name, key, "%s needs a container of service %q, which has none: its scale is 0", key, name)
	}
}

// checkResources reports networks, volumes, configs and secrets that are not
// declared.
func (l *load) checkResources(p *types.Project, s types.ServiceConfig) {
	for _, name := range sortedKeys(s.Networks) {
		if _, ok := p.Networks[name]; !ok {
			l.addServiceError(s.Name, "networks."+name, "network %q is not declared: add it under the top-level networks", name)
		}
	}
	for _, volume := range s.Volumes {
		if _, ok := p.Volumes[volume.Source]; volume.Type == types.VolumeTypeVolume && volume.Source != "" && !ok {
			l.addServiceError(s.Name, "volumes", "volume %q is not declared: add it under the top-level volumes, or begin a path with \"./\" or \"/\"", volume.Source)
		}
	}
	for _, config := range s.Configs {
		if _, ok := p.Configs[config.Source]; !ok {
			l.addServiceError(s.Name, "configs", "config %q is not declared: add it under the top-level configs", config.Source)
		}
	}
	for _, secret := range s.Secrets {
		if _, ok := p.Secrets[secret.Source]; !ok {
			l.addServiceError(s.Name, "secrets", "secret %q is not declared: add it under the top-level secrets", secret.Source)
		}
	}
}

// missingService explains a reference to a service that is not there, or that
// no profile enables.
func (l *load) missingService(p *types.Project, s types.ServiceConfig, key, name string) {
	verb, _, _ := strings.Cut(key, ".")
	if disabled, ok := p.DisabledServices[name]; ok {
		l.addServiceError(s.Name, key, "%s names service %q, which is not enabled: add one of its profiles (%s) to the stack's profiles", verb, name, strings.Join(disabled.Profiles, ", "))
		return
	}
	l.addServiceError(s.Name, key, "%s names service %q, which does not exist", verb, name)
}

// checkCycle spells the first circle of dependencies: a -> b -> a.
func (l *load) checkCycle(p *types.Project) {
	done := map[string]bool{}
	var path []string
	var follow func(name string) bool
	follow = func(name string) bool {
		if i := slices.Index(path, name); i >= 0 {
			circle := append(slices.Clone(path[i:]), name)
			l.addServiceError(name, "depends_on", "services depend on each other in a circle: %s", strings.Join(circle, " -> "))
			return true
		}
		if done[name] {
			return false
		}
		path = append(path, name)
		defer func() { path = path[:len(path)-1]; done[name] = true }()
		for _, next := range sortedKeys(p.Services[name].DependsOn) {
			if follow(next) {
				return true
			}
		}
		return false
	}
	for _, name := range sortedKeys(p.Services) {
		if follow(name) {
			return
		}
	}
}

func (l *load) checkReplicas(s types.ServiceConfig) {
	replicas := s.GetScale()
	switch {
	case replicas < 0:
		l.addServiceError(s.Name, "scale", "scale must be 0 or more")
	case replicas > 1 && s.ContainerName != "":
		l.addServiceError(s.Name, "container_name", "%d replicas cannot share the container_name %q: remove it, or run one replica", replicas, s.ContainerName)
	}
}

func (l *load) checkContainerNames(p *types.Project) {
	owners := map[string]string{}
	for _, name := range sortedKeys(p.Services) {
		container := p.Services[name].ContainerName
		if container == "" {
			continue
		}
		if other, ok := owners[container]; ok {
			l.addServiceError(name, "container_name", "container_name %q is also that of service %q", container, other)
		}
		owners[container] = name
	}
}

// checkTargets reports two things mounted at one place.
func (l *load) checkTargets(s types.ServiceConfig) {
	seen := map[string]string{}
	use := func(key, target string) {
		target = path.Clean(target) // as engines do; "." is none
		if other, ok := seen[target]; ok && target != "." {
			l.addServiceError(s.Name, key, "%s is mounted twice, by %s and by %s", target, other, key)
		}
		seen[target] = key
	}
	for _, t := range s.Tmpfs {
		target, _, _ := strings.Cut(t, ":")
		use("tmpfs", target)
	}
	for _, v := range s.Volumes {
		use("volumes", v.Target)
		if v.Target != "" && !strings.HasPrefix(v.Target, "/") {
			l.addServiceError(s.Name, "volumes", "the target %q of a volume must be an absolute path in the container", v.Target)
		}
	}
	for _, c := range s.Configs {
		use("configs", configTarget(types.FileReferenceConfig(c)))
	}
	for _, c := range s.Secrets {
		use("secrets", secretTarget(types.FileReferenceConfig(c)))
	}
}

// checkPaths reports paths of a service that lead nowhere.
func (l *load) checkPaths(s types.ServiceConfig) {
	for _, file := range s.EnvFiles {
		l.checkFile(s, "env_file", file.Path, bool(file.Required))
	}
	for _, file := range s.LabelFiles {
		l.checkFile(s, "label_file", file, true)
	}
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		switch {
		case strings.HasPrefix(v.Source, "~"):
			l.addServiceError(s.Name, "volumes", "%q begins with \"~\", and which home that is must not depend on who runs Terraform: set HOME in variables, or write the absolute path of the node", v.Source)
		case strings.ContainsAny(v.Source, `\`) || len(v.Source) > 1 && v.Source[1] == ':':
			l.addServiceError(s.Name, "volumes", "%q is a Windows path: nodes run Linux", v.Source)
		case !filepath.IsAbs(v.Source):
			l.checkBind(s, v)
		}
	}
	if s.Build != nil {
		l.checkContext(s)
	}
}

func (l *load) checkFile(s types.ServiceConfig, key, path string, required bool, allowed ...fs.FileMode) {
	local, ok := l.local(path)
	if !ok {
		l.addError("project_directory", "service %q: %s names the relative path %q: set project_directory, the directory that it starts from", s.Name, key, path)
		return
	}
	if _, err := localfile.Stat(local, allowed...); err != nil && (required || !os.IsNotExist(err)) {
		l.addServiceError(s.Name, key, "%s %q cannot be read: %v (looked for %s)", key, path, reason(err), local)
	}
}

// checkBind looks for what a relative bind mount names. One that is missing is mostly
// a directory that the service writes to, which Docker Compose would make.
func (l *load) checkBind(s types.ServiceConfig, v types.ServiceVolumeConfig) {
	local, ok := l.local(v.Source)
	if _, err := os.Stat(local); !ok || !os.IsNotExist(err) {
		l.checkFile(s, "volumes", v.Source, true)
		return
	}
	l.addServiceError(s.Name, "volumes", "volumes %q cannot be read: no such file or directory (looked for %s). A relative path is sent from where Terraform runs, and is read-only on the node. "+
		"If it is for data that the service writes, mount a named volume, or an absolute path of the node; an entry of overrides with the same target will do: services: { %s: { volumes: [\"/srv/%s:%s\"] } }",
		v.Source, local, s.Name, path.Join(l.in.Name, path.Base(path.Clean(v.Source))), v.Target)
}

func (l *load) checkContext(s types.ServiceConfig) {
	switch path := s.Build.Context; {
	case strings.HasPrefix(path, types.ServicePrefix):
		l.addServiceError(s.Name, "build.context", "build.context %q is not a context: name the service under build.additional_contexts", path)
	case !isRemote(path):
		l.checkFile(s, "build.context", path, true)
	}
}

// local returns the absolute form of a local path, and false for a relative one
// when there is no project directory.
func (l *load) local(path string) (string, bool) {
	if strings.HasPrefix(path, "~") {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, path[1:]), true
		}
	}
	if filepath.IsAbs(path) {
		return path, true
	}
	return filepath.Join(l.dir, path), l.dir != ""
}
