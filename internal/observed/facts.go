package observed

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
)

// SwarmRole is a node's part in a swarm.
type SwarmRole string

// Roles other than these are the engine's own names for a swarm that is not
// usable: "pending", "error" and "locked".
const (
	SwarmInactive SwarmRole = "inactive"
	SwarmWorker   SwarmRole = "worker"
	SwarmManager  SwarmRole = "manager"
)

// Facts is what an engine says about itself and its machine. Lists are sorted
// and, like Labels, never nil.
type Facts struct {
	// ID is the engine's own identity; copies of one machine may share it.
	ID string
	// EngineVersion is the engine's release, such as "28.5.2".
	EngineVersion string
	// APIVersion is the API version that was negotiated with the engine.
	APIVersion string

	// OS is "linux" or "windows", OperatingSystem its distribution.
	OS, OperatingSystem string
	// Architecture is the kernel's name of it, such as "x86_64".
	Architecture string
	// EngineArchitecture is Go's name of what the engine's program is made for,
	// such as "amd64": a 32-bit one may run on a 64-bit kernel.
	EngineArchitecture string
	KernelVersion      string
	CPUs               int
	MemoryBytes        int64

	// CgroupVersion is "1" or "2"; CgroupDriver is "systemd", "cgroupfs" or "none".
	CgroupVersion, CgroupDriver string
	StorageDriver               string
	// Rootless reports that the engine runs without root, UsernsRemap that it
	// remaps container users.
	Rootless, UsernsRemap bool
	IDs                   IDs
	// DataRoot is the engine's own directory on the node, for all mappings of users.
	DataRoot string
	// VolumeRoot is where the engine's own driver keeps volumes on the node.
	VolumeRoot string
	// SecurityOptions are as the engine lists them, such as "name=apparmor".
	SecurityOptions []string
	// Runtimes are the names of the container runtimes.
	Runtimes []string
	// CDIDevices are the fully qualified names of devices found through the
	// Container Device Interface; empty before API 1.50.
	CDIDevices []string
	// GPUs are the vendors of GPUs that containers can be given, as far as the
	// engine tells: by a device of the kind vendor.com/gpu, or NVIDIA's runtime.
	GPUs []string

	// AddressPools are the ranges that the engine is configured to take the subnets of
	// networks from that nobody names one for; nil if none are configured.
	AddressPools []string

	SwarmRole SwarmRole
	Plugins   Plugins
	// Labels are the engine's labels; one without "=" has an empty value.
	Labels map[string]string
}

// Plugins are the names of an engine's plugins by kind, sorted, never nil.
type Plugins struct {
	Volume, Network, Log, Authorization []string
}

// FactsReader is what [ReadFacts] needs of an engine.
type FactsReader interface {
	Info(ctx context.Context) (system.Info, error)
	ServerVersion(ctx context.Context) (types.Version, error)
	ClientVersion() string
}

// ReadFacts asks the engine for its facts, in two calls. Errors are the
// reader's, wrapped.
func ReadFacts(ctx context.Context, r FactsReader) (Facts, error) {
	info, err := r.Info(ctx)
	if err != nil {
		return Facts{}, fmt.Errorf("read engine information: %w", err)
	}
	version, err := r.ServerVersion(ctx)
	if err != nil {
		return Facts{}, fmt.Errorf("read engine version: %w", err)
	}
	return facts(info, version, r.ClientVersion()), nil
}

func facts(info system.Info, version types.Version, api string) Facts {
	return Facts{
		ID: info.ID, EngineVersion: version.Version, APIVersion: api,
		OS: info.OSType, OperatingSystem: info.OperatingSystem,
		Architecture: info.Architecture, EngineArchitecture: version.Arch, KernelVersion: info.KernelVersion,
		CPUs: info.NCPU, MemoryBytes: info.MemTotal,
		CgroupVersion: info.CgroupVersion, CgroupDriver: info.CgroupDriver,
		StorageDriver: info.Driver,
		Rootless:      hasSecurityOption(info, "rootless"), UsernsRemap: hasSecurityOption(info, "userns"),
		IDs: idsOf(info), DataRoot: dataRoot(info), VolumeRoot: path.Join(info.DockerRootDir, "volumes"),
		SecurityOptions: sorted(info.SecurityOptions),
		Runtimes:        sorted(slices.Collect(maps.Keys(info.Runtimes))),
		CDIDevices:      cdiDevices(info),
		GPUs:            gpus(info),
		AddressPools:    addressPools(info),
		SwarmRole:       swarmRole(info.Swarm),
		Plugins: Plugins{
			Volume: sorted(info.Plugins.Volume), Network: sorted(info.Plugins.Network),
			Log: sorted(info.Plugins.Log), Authorization: sorted(info.Plugins.Authorization),
		},
		Labels: labels(info.Labels),
	}
}

// hasSecurityOption knows that options are "name=<name>[,key=value]" (Docker
// Engine API, SystemInfo.SecurityOptions).
func hasSecurityOption(info system.Info, name string) bool {
	return slices.ContainsFunc(info.SecurityOptions, func(option string) bool {
		first, _, _ := strings.Cut(option, ",")
		return first == "name="+name
	})
}

func cdiDevices(info system.Info) []string {
	var names []string
	for _, d := range info.DiscoveredDevices {
		if d.Source == "cdi" {
			names = append(names, d.ID)
		}
	}
	return sorted(names)
}

// gpus reads vendors out of CDI names ("nvidia.com/gpu=0"; Container Device
// Interface specification, "kind") and the runtime that NVIDIA's toolkit sets up.
func gpus(info system.Info) []string {
	var vendors []string
	for _, name := range cdiDevices(info) {
		kind, _, _ := strings.Cut(name, "=")
		if vendor, isGPU := strings.CutSuffix(kind, "/gpu"); isGPU {
			vendors = append(vendors, strings.TrimSuffix(vendor, ".com"))
		}
	}
	if _, ok := info.Runtimes["nvidia"]; ok {
		vendors = append(vendors, "nvidia")
	}
	return sorted(vendors)
}

func addressPools(info system.Info) []string {
	var out []string
	for _, pool := range info.DefaultAddressPools {
		out = append(out, pool.Base)
	}
	return out
}

func swarmRole(s swarm.Info) SwarmRole {
	switch {
	case s.LocalNodeState == "" || s.LocalNodeState == swarm.LocalNodeStateInactive:
		return SwarmInactive
	case s.LocalNodeState != swarm.LocalNodeStateActive:
		return SwarmRole(s.LocalNodeState)
	case s.ControlAvailable:
		return SwarmManager
	default:
		return SwarmWorker
	}
}

func labels(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, label := range list {
		key, value, _ := strings.Cut(label, "=")
		m[key] = value
	}
	return m
}

// sorted returns a sorted copy without duplicates, never nil.
func sorted(list []string) []string {
	c := append([]string{}, list...)
	slices.Sort(c)
	return slices.Compact(c)
}
