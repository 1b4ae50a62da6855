package compose

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// Names that Linux engines know (moby: daemon/pkg/oci/caps, moby/sys/signal, runc's
// rlimits). The engine refuses any other name when a container is created or started,
// which is after the old one was stopped.
var (
	capabilities = strings.Fields(`ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN
		DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE
		MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN
		SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`)
	signals = strings.Fields(`ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT
		STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ`)
	limits = strings.Fields("as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack")
)

// checkKnownNames refuses names that no engine knows, and says the field and the known names.
func (l *load) checkKnownNames(s types.ServiceConfig) {
	for key, list := range map[string][]string{"cap_add": s.CapAdd, "cap_drop": s.CapDrop} {
		for _, name := range list {
			if !slices.Contains(capabilities, strings.TrimPrefix(strings.ToUpper(name), "CAP_")) {
				l.addServiceError(s.Name, key, "%s %q is not a capability: write one of man 7 capabilities, such as NET_ADMIN, or ALL", key, name)
			}
		}
	}
	if !isSignal(s.StopSignal) {
		l.addServiceError(s.Name, "stop_signal", "stop_signal %q is not a signal: write one of man 7 signal, such as SIGTERM, or its number", s.StopSignal)
	}
	for _, name := range sortedKeys(s.Ulimits) {
		if !slices.Contains(limits, name) {
			l.addServiceError(s.Name, "ulimits."+name, "ulimits %q is not a limit: write one of %s, in lower case", name, strings.Join(limits, ", "))
		}
	}
	for _, name := range sortedKeys(s.Sysctls) {
		if first, _, ok := strings.Cut(name, "/"); ok && !strings.Contains(first, ".") {
			l.addServiceError(s.Name, "sysctls."+name, "sysctls %q must be written with dots: %s", name, strings.ReplaceAll(name, "/", "."))
		}
	}
	for _, item := range s.Tmpfs {
		if target, _, _ := strings.Cut(item, ":"); !path.IsAbs(target) {
			l.addServiceError(s.Name, "tmpfs", "tmpfs %q is not an absolute path: write the path in the container, such as /run", target)
		}
	}
	if s.CPUShares == 1 {
		l.addServiceError(s.Name, "cpu_shares", "cpu_shares must be at least 2, the least that Linux knows")
	}
	l.checkModes(s)
	l.checkIDs(s)
}

// checkModes refuses namespaces that a container cannot have.
func (l *load) checkModes(s types.ServiceConfig) {
	shared := func(mode string) bool {
		return strings.HasPrefix(mode, types.ServicePrefix) || strings.HasPrefix(mode, types.ContainerPrefix)
	}
	if s.Pid != "" && s.Pid != "host" && !shared(s.Pid) {
		l.addServiceError(s.Name, "pid", "pid %q is not one of host, service:<name> and container:<name>: remove it for processes of the container's own", s.Pid)
	}
	if !slices.Contains([]string{"", "none", "private", "shareable", "host"}, s.Ipc) && !shared(s.Ipc) {
		l.addServiceError(s.Name, "ipc", "ipc %q is not one of none, private, shareable, host, service:<name> and container:<name>", s.Ipc)
	}
	if s.Uts != "" && s.Uts != "host" {
		l.addServiceError(s.Name, "uts", "uts %q is not host: remove it for a host name of the container's own", s.Uts)
	}
	if s.UserNSMode != "" && s.UserNSMode != "host" {
		l.addServiceError(s.Name, "userns_mode", "userns_mode %q is not host: remove it for what the node's engine is set to", s.UserNSMode)
	}
}

// containerID matches the ID of a container, which changes when it is recreated.
var containerID = regexp.MustCompile(`^([0-9a-f]{12}|[0-9a-f]{64})$`)

// checkIDs refuses containers that are named by their ID.
func (l *load) checkIDs(s types.ServiceConfig) {
	use := func(key, name string) {
		if containerID.MatchString(name) {
			l.addServiceError(s.Name, key, "%s names a container by its ID, which is another one whenever the container is recreated: write the container's name", key)
		}
	}
	for key, mode := range map[string]string{"network_mode": s.NetworkMode, "pid": s.Pid, "ipc": s.Ipc} {
		if name, ok := strings.CutPrefix(mode, types.ContainerPrefix); ok {
			use(key, name)
		}
	}
	for _, item := range s.VolumesFrom {
		name, _ := volumesFrom(item)
		use("volumes_from", name)
	}
}

// isSignal reports whether the engine knows a signal by a name or number.
func isSignal(text string) bool {
	if number, err := strconv.Atoi(text); err == nil {
		return number >= 1 && number <= 64
	}
	name := strings.TrimPrefix(strings.ToUpper(text), "SIG")
	return text == "" || slices.Contains(signals, name) || strings.HasPrefix(name, "RTMIN") || strings.HasPrefix(name, "RTMAX")
}
