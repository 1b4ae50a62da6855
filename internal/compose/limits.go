package compose

import (
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// What Linux takes at most, in bytes. An engine finds out when it makes or starts a
// container, which is after the old one was stopped.
const (
	maxFileName = 255     // NAME_MAX of linux/limits.h
	maxPath     = 4095    // PATH_MAX of linux/limits.h without the zero byte
	maxHostname = 64      // __NEW_UTS_LEN of linux/utsname.h
	maxText     = 131071  // MAX_ARG_STRLEN of linux/binfmts.h (32 pages of 4 KiB) without the zero byte
	stackSize   = 8 << 20 // _STK_LIM of linux/resource.h: the stack's limit unless ulimits has one
	stackShare  = 4       // bprm_stack_limits of fs/exec.c: arguments and environment get a quarter of the stack,
	maxTotal    = 6 << 20 // at most three quarters of _STK_LIM,
	minTotal    = 1 << 17 // and at least ARG_MAX
	pointer     = 8       // that each of them takes besides
)

// checkLimits refuses what of a service is longer than the kernel takes. It quotes no
// value, which may be a secret.
func (l *load) checkLimits(s *desired.Service) {
	if len(s.Config.Hostname) > maxHostname {
		l.addServiceError(s.Name, "hostname", "hostname has more than %d bytes, the most that Linux takes: shorten it", maxHostname)
	}
	l.checkEnvironment(s.Name, "environment", s.Config.Env)
	l.checkArgumentList(s.Name, "entrypoint", s.Config.Entrypoint)
	l.checkArgumentList(s.Name, "command", s.Config.Cmd)
	if s.Config.Healthcheck != nil {
		l.checkArgumentList(s.Name, "healthcheck.test", s.Config.Healthcheck.Test)
	}
	if s.Hooks != nil {
		for i, list := range [][]desired.Hook{s.Hooks.PreStart, s.Hooks.PostStart, s.Hooks.PreStop} {
			for _, hook := range list {
				l.checkArgumentList(s.Name, hookKeys[i], hook.Command)
				l.checkEnvironment(s.Name, hookKeys[i], hook.Environment)
			}
		}
	}
	l.checkTotal(s)
	l.checkLengths(s)
}

func (l *load) checkEnvironment(service, field string, env []string) {
	for _, item := range env {
		if len(item) > maxText {
			name, _, _ := strings.Cut(item, "=")
			if len(name) > maxFileName {
				name = strings.ToValidUTF8(name[:maxFileName], "")
			}
			l.addServiceError(service, field, "%s %s has more than %d bytes with its name, the most that Linux passes to a program: give it as a config or secret, which is a file", field, quote(name), maxText)
		}
	}
}

func (l *load) checkArgumentList(service, field string, list []string) {
	for i, item := range list {
		if len(item) > maxText {
			l.addServiceError(service, field, "%s: item %d has more than %d bytes, the most that Linux passes to a program: give it as a config or secret, which is a file", field, i+1, maxText)
		}
	}
}

// checkTotal counts what is known of the arguments and environment of a service's
// process; the image's own come in addition.
func (l *load) checkTotal(s *desired.Service) {
	total := 0
	for _, list := range [][]string{s.Config.Entrypoint, s.Config.Cmd, s.Config.Env} {
		for _, item := range list {
			total += len(item) + 1 + pointer
		}
	}
	if most := mostTotal(s.Host.Ulimits); total > most {
		l.addServiceError(s.Name, "environment", "environment, entrypoint and command have more than %d bytes together, a quarter of the stack's limit and the most that Linux passes to a program: give large values as configs or secrets, which are files", most)
	}
}

func mostTotal(limits []*container.Ulimit) int {
	stack := int64(stackSize)
	for _, limit := range limits {
		if limit.Name == "stack" {
			stack = limit.Soft
		}
	}
	if stack < 0 || stack > maxTotal*stackShare {
		return maxTotal
	}
	return max(minTotal, int(stack/stackShare))
}

// checkLengths looks at the paths of a service.
func (l *load) checkLengths(s *desired.Service) {
	check := func(field, path string) {
		if len(path) > maxPath {
			l.addServiceError(s.Name, field, "%s: a path has more than %d bytes, the most that Linux takes: shorten it", field, maxPath)
		}
		for part := range strings.SplitSeq(path, "/") {
			if len(part) > maxFileName {
				l.addServiceError(s.Name, field, "%s: a part of a path has more than %d bytes, the most that file systems take: shorten it", field, maxFileName)
			}
		}
	}
	check("working_dir", s.Config.WorkingDir)
	for target := range s.Host.Tmpfs {
		check("tmpfs", target)
	}
	for _, m := range s.Mounts {
		check("volumes", m.Target)
		if m.Type == desired.MountBind {
			check("volumes", m.Source)
		}
	}
	for _, f := range s.Files {
		switch f.Kind {
		case desired.FileBind:
			check("volumes", f.Target)
		case desired.FileConfig:
			check("configs", f.Target)
		default:
			check("secrets", f.Target)
		}
	}
	for _, a := range s.Networks {
		if len(a.Settings.DriverOpts[interfaceOption]) > desired.MaxInterfaceName {
			l.addServiceError(s.Name, "networks", "networks: the interface's name on %q has more than %d bytes, the most that Linux takes: shorten it", a.Network, desired.MaxInterfaceName)
		}
	}
}

// checkVolumeName holds a volume's name to that of a directory; other drivers have
// rules of their own.
func (l *load) checkVolumeName(v desired.Volume) {
	if !v.External && (v.Driver == "" || v.Driver == "local") && len(v.Name) > desired.MaxVolumeName {
		l.addErrorAt(fieldPath{"volumes", v.Key, "name"}, "volume %q: its name on the node has %d bytes, and at most %d are possible, because it is a directory's: set a shorter name", v.Key, len(v.Name), desired.MaxVolumeName)
	}
}

// checkBridgeName holds the name of a network's bridge to that of an interface.
func (l *load) checkBridgeName(n desired.Network) {
	if name := n.Options[desired.OptionBridgeName]; !n.External && len(name) > desired.MaxInterfaceName {
		l.addErrorAt(fieldPath{"networks", n.Key, "driver_opts", desired.OptionBridgeName}, "network %q: the bridge's name %q has %d bytes, and an interface's at most %d: shorten it", n.Key, name, len(name), desired.MaxInterfaceName)
	}
}
