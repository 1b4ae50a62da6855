package desired

import "github.com/docker/docker/api/types/container"

// updatable are the fields that the engine can change in a container that
// exists (POST /containers/{id}/update). Some it cannot take away: it reads zero
// as "leave as it is".
var updatable = map[string]struct {
	removable bool
	set       func(out *container.UpdateConfig, want *container.HostConfig)
}{
	"restart":                        {true, setRestart},
	"deploy.resources.limits.pids":   {true, setPids},
	"memswap_limit":                  {true, setMemory}, // back to twice the memory limit
	"deploy.resources.limits.memory": {false, setMemory},
	"deploy.resources.limits.cpus":   {false, func(out *container.UpdateConfig, want *container.HostConfig) { out.NanoCPUs = want.NanoCPUs }},
	"deploy.resources.reservations.memory": {false, func(out *container.UpdateConfig, want *container.HostConfig) {
		out.MemoryReservation = want.MemoryReservation
	}},
	"cpu_shares": {false, func(out *container.UpdateConfig, want *container.HostConfig) { out.CPUShares = want.CPUShares }},
	"cpu_quota":  {false, func(out *container.UpdateConfig, want *container.HostConfig) { out.CPUQuota = want.CPUQuota }},
	"cpu_period": {false, func(out *container.UpdateConfig, want *container.HostConfig) { out.CPUPeriod = want.CPUPeriod }},
	"cpu_rt_period": {false, func(out *container.UpdateConfig, want *container.HostConfig) {
		out.CPURealtimePeriod = want.CPURealtimePeriod
	}},
	"cpu_rt_runtime": {false, func(out *container.UpdateConfig, want *container.HostConfig) {
		out.CPURealtimeRuntime = want.CPURealtimeRuntime
	}},
	"cpuset":              {false, func(out *container.UpdateConfig, want *container.HostConfig) { out.CpusetCpus = want.CpusetCpus }},
	"blkio_config.weight": {false, func(out *container.UpdateConfig, want *container.HostConfig) { out.BlkioWeight = want.BlkioWeight }},
}

func setRestart(out *container.UpdateConfig, want *container.HostConfig) {
	out.RestartPolicy = want.RestartPolicy
	if out.RestartPolicy.Name == "" {
		out.RestartPolicy.Name = container.RestartPolicyDisabled
	}
}

func setPids(out *container.UpdateConfig, want *container.HostConfig) {
	unlimited := int64(-1)
	if out.PidsLimit = want.PidsLimit; out.PidsLimit == nil {
		out.PidsLimit = &unlimited
	}
}

// setMemory sets both limits: the engine refuses one that does not fit the other.
func setMemory(out *container.UpdateConfig, want *container.HostConfig) {
	out.Memory, out.MemorySwap = want.Memory, want.MemorySwap
	if out.MemorySwap == 0 {
		out.MemorySwap = 2 * want.Memory
	}
}

// IsUpdatable reports whether the engine can bring a field of a container that
// exists to the wanted value; absent means that nobody asks for the field.
func IsUpdatable(key string, absent bool) bool {
	field, ok := updatable[key]
	return ok && (field.removable || !absent)
}

// Update is what asks the engine to bring the named fields of a container to
// what the service has. Fields that are not updatable are left out.
func (s *Service) Update(fields []string) container.UpdateConfig {
	var update container.UpdateConfig
	for _, key := range fields {
		if field, ok := updatable[key]; ok {
			field.set(&update, &s.Host)
		}
	}
	return update
}
