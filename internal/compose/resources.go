package compose

import (
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/blkiodev"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-units"
)

// cdiDevice is a device of the Container Device Interface: "vendor/class=name"
// (its specification, section "Kind").
var cdiDevice = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*$`)

func (l *load) resources(s types.ServiceConfig) container.Resources {
	r := container.Resources{
		CgroupParent:       s.CgroupParent,
		Memory:             int64(s.MemLimit),
		MemorySwap:         int64(s.MemSwapLimit),
		MemoryReservation:  int64(s.MemReservation),
		CPUCount:           s.CPUCount,
		CPUPercent:         int64(s.CPUPercent * 100), // the engine counts hundredths
		CPUPeriod:          s.CPUPeriod,
		CPUQuota:           s.CPUQuota,
		CPURealtimePeriod:  s.CPURTPeriod,
		CPURealtimeRuntime: s.CPURTRuntime,
		CPUShares:          s.CPUShares,
		NanoCPUs:           int64(s.CPUS * 1e9),
		CpusetCpus:         s.CPUSet,
		DeviceCgroupRules:  sorted(s.DeviceCgroupRules),
		Ulimits:            ulimits(s),
	}
	if s.MemSwappiness != 0 {
		swappiness := int64(s.MemSwappiness)
		r.MemorySwappiness = &swappiness
	}
	if s.PidsLimit != 0 {
		pids := s.PidsLimit
		r.PidsLimit = &pids
	}
	if s.OomKillDisable {
		disable := true
		r.OomKillDisable = &disable
	}
	blockIO(s.BlkioConfig, &r)
	l.deployResources(s, &r)
	devices(s, &r)
	return r
}

// deployResources applies what is under deploy, which wins over the
// service's own keys, as under Docker Compose.
func (l *load) deployResources(s types.ServiceConfig, r *container.Resources) {
	if s.Deploy == nil {
		return
	}
	if mode := s.Deploy.Mode; mode != "" && mode != "replicated" {
		l.warn("service " + quote(s.Name) + ": deploy.mode " + quote(mode) + " has no effect: it matters to a swarm only, and elsewhere replicas count")
	}
	if limits := s.Deploy.Resources.Limits; limits != nil {
		if limits.MemoryBytes != 0 {
			r.Memory = int64(limits.MemoryBytes)
		}
		if limits.NanoCPUs != 0 {
			r.NanoCPUs = int64(limits.NanoCPUs * 1e9)
		}
		if limits.Pids > 0 {
			pids := limits.Pids
			r.PidsLimit = &pids
		}
	}
	reservations := s.Deploy.Resources.Reservations
	if reservations == nil {
		return
	}
	if reservations.MemoryBytes != 0 {
		r.MemoryReservation = int64(reservations.MemoryBytes)
	}
	for _, d := range reservations.Devices {
		r.DeviceRequests = append(r.DeviceRequests, container.DeviceRequest{
			Driver: d.Driver, Count: int(d.Count), DeviceIDs: d.IDs,
			Capabilities: [][]string{d.Capabilities}, Options: notEmpty(d.Options),
		})
	}
}

func devices(s types.ServiceConfig, r *container.Resources) {
	var cdi []string
	for _, d := range s.Devices {
		if d.Source == d.Target && cdiDevice.MatchString(d.Source) {
			cdi = append(cdi, d.Source)
			continue
		}
		r.Devices = append(r.Devices, container.DeviceMapping{
			PathOnHost: d.Source, PathInContainer: d.Target, CgroupPermissions: d.Permissions,
		})
	}
	slices.SortFunc(r.Devices, func(a, b container.DeviceMapping) int {
		return strings.Compare(a.PathInContainer+"\x00"+a.PathOnHost, b.PathInContainer+"\x00"+b.PathOnHost)
	})
	if len(cdi) > 0 {
		r.DeviceRequests = append(r.DeviceRequests, container.DeviceRequest{Driver: "cdi", DeviceIDs: cdi})
	}
	for _, g := range s.Gpus {
		r.DeviceRequests = append(r.DeviceRequests, container.DeviceRequest{
			Driver: g.Driver, Count: int(g.Count), DeviceIDs: g.IDs,
			Capabilities: [][]string{append(slices.Clone(g.Capabilities), "gpu")}, Options: notEmpty(g.Options),
		})
	}
}

func ulimits(s types.ServiceConfig) []*container.Ulimit {
	var out []*container.Ulimit
	for _, name := range sortedKeys(s.Ulimits) {
		u := s.Ulimits[name]
		limit := &units.Ulimit{Name: name, Soft: int64(u.Single), Hard: int64(u.Single)}
		if u.Soft != 0 {
			limit.Soft = int64(u.Soft)
		}
		if u.Hard != 0 {
			limit.Hard = int64(u.Hard)
		}
		out = append(out, limit)
	}
	return out
}

func blockIO(b *types.BlkioConfig, r *container.Resources) {
	if b == nil {
		return
	}
	r.BlkioWeight = b.Weight
	for _, d := range b.WeightDevice {
		r.BlkioWeightDevice = append(r.BlkioWeightDevice, &blkiodev.WeightDevice{Path: d.Path, Weight: d.Weight})
	}
	slices.SortFunc(r.BlkioWeightDevice, func(a, b *blkiodev.WeightDevice) int { return strings.Compare(a.Path, b.Path) })
	r.BlkioDeviceReadBps = throttles(b.DeviceReadBps)
	r.BlkioDeviceReadIOps = throttles(b.DeviceReadIOps)
	r.BlkioDeviceWriteBps = throttles(b.DeviceWriteBps)
	r.BlkioDeviceWriteIOps = throttles(b.DeviceWriteIOps)
}

func throttles(devices []types.ThrottleDevice) []*blkiodev.ThrottleDevice {
	var out []*blkiodev.ThrottleDevice
	for _, d := range devices {
		out = append(out, &blkiodev.ThrottleDevice{Path: d.Path, Rate: uint64(d.Rate)})
	}
	slices.SortFunc(out, func(a, b *blkiodev.ThrottleDevice) int { return strings.Compare(a.Path, b.Path) })
	return out
}
