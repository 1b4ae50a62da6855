package desired

import (
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/blkiodev"
	"github.com/docker/docker/api/types/container"
)

func securityFields(v View, s Spec) {
	h := v.Host
	s.flag("privileged", h.Privileged)
	s.flag("read_only", h.ReadonlyRootfs)
	s.set("cap_add", Capabilities(h.CapAdd))
	s.set("cap_drop", Capabilities(h.CapDrop))
	s.set("security_opt", securityOptions(h))
	s.set("group_add", h.GroupAdd)
	for key, value := range h.Sysctls {
		s["sysctls."+key] = value
	}
	s.text("runtime", nonDefaultRuntime(h.Runtime))
	s.text("isolation", nonDefaultIsolation(string(h.Isolation)))
	for key, value := range h.StorageOpt {
		s["storage_opt."+key] = value
	}
}

// Capabilities spells capabilities one way, each once: without the CAP_ prefix that newer
// engines add, upper case.
func Capabilities(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, strings.TrimPrefix(strings.ToUpper(name), "CAP_"))
	}
	return distinct(out)
}

// securityOptions spells "no-new-privileges:true" and "no-new-privileges" one way,
// and leaves out what the engine adds: label=disable for containers that are
// privileged or share the node's processes or IPC.
func securityOptions(h *container.HostConfig) []string {
	added := len(h.SecurityOpt) == 1 || h.Privileged || h.PidMode.IsHost() || h.IpcMode.IsHost()
	var out []string
	for _, option := range h.SecurityOpt {
		option = strings.Replace(option, "=", ":", 1)
		switch {
		case option == "no-new-privileges":
			option = "no-new-privileges:true"
		case option == "label:disable" && added:
			continue
		}
		out = append(out, option)
	}
	return out
}

func nonDefaultRuntime(name string) string {
	if name == "runc" || name == "io.containerd.runc.v2" {
		return ""
	}
	return name
}

func nonDefaultIsolation(name string) string {
	if name == "default" {
		return ""
	}
	return name
}

func namespaceFields(v View, s Spec) {
	h := v.Host
	s.text("network_mode", NetworkModeText(string(h.NetworkMode)))
	s.text("pid", string(h.PidMode))
	if ipc := string(h.IpcMode); ipc != "private" && ipc != "shareable" {
		s.text("ipc", ipc)
	}
	if ipc := string(h.IpcMode); ipc == "shareable" {
		s["ipc"] = ipc
	}
	s.text("uts", string(h.UTSMode))
	s.text("userns_mode", string(h.UsernsMode))
	if cgroup := string(h.CgroupnsMode); cgroup == "host" || cgroup == "private" {
		s["cgroup"] = cgroup
	}
	s.text("cgroup_parent", h.CgroupParent)
	s.set("links", h.Links)
	s.set("volumes_from", h.VolumesFrom)
}

// NetworkModeText is the network mode when it is one of the modes that need no
// attachment; a user-defined network's name is the empty text, for its
// attachment says it.
func NetworkModeText(mode string) string {
	switch {
	case mode == "default": // which Docker Compose leaves as it is
		return "bridge"
	case mode == "none", mode == "host", mode == "bridge",
		strings.HasPrefix(mode, "container:"), strings.HasPrefix(mode, "service:"):
		return mode
	}
	return ""
}

func resourceFields(v View, s Spec) {
	r := v.Host.Resources
	s.integer("deploy.resources.limits.memory", r.Memory)
	s.integer("deploy.resources.reservations.memory", r.MemoryReservation)
	if r.NanoCPUs != 0 {
		s["deploy.resources.limits.cpus"] = strconv.FormatFloat(float64(r.NanoCPUs)/1e9, 'g', -1, 64)
	}
	if r.PidsLimit != nil && *r.PidsLimit > 0 {
		s.integer("deploy.resources.limits.pids", *r.PidsLimit)
	}
	if r.MemorySwap != 0 && r.MemorySwap != 2*r.Memory { // twice the limit is what the engine fills in
		s.integer("memswap_limit", r.MemorySwap)
	}
	if r.MemorySwappiness != nil && *r.MemorySwappiness >= 0 {
		s["mem_swappiness"] = strconv.FormatInt(*r.MemorySwappiness, 10)
	}
	s.integer("cpu_shares", r.CPUShares)
	s.integer("cpu_quota", r.CPUQuota)
	s.integer("cpu_period", r.CPUPeriod)
	s.integer("cpu_rt_period", r.CPURealtimePeriod)
	s.integer("cpu_rt_runtime", r.CPURealtimeRuntime)
	s.integer("cpu_count", r.CPUCount)
	s.integer("cpu_percent", r.CPUPercent)
	s.text("cpuset", r.CpusetCpus)
	if r.OomKillDisable != nil {
		s.flag("oom_kill_disable", *r.OomKillDisable)
	}
	s.integer("oom_score_adj", int64(v.Host.OomScoreAdj))
	s.integer("shm_size", nonDefaultShm(v.Host))
	for _, u := range r.Ulimits {
		s["ulimits."+u.Name] = fmt.Sprintf("%d:%d", u.Soft, u.Hard)
	}
}

// defaultShmBytes is what the engine gives /dev/shm unasked.
const defaultShmBytes = 64 << 20

func nonDefaultShm(h *container.HostConfig) int64 {
	if h.ShmSize == defaultShmBytes {
		return 0
	}
	return h.ShmSize
}

func blockIOFields(v View, s Spec) {
	r := v.Host.Resources
	s.integer("blkio_config.weight", int64(r.BlkioWeight))
	for _, d := range r.BlkioWeightDevice {
		s["blkio_config.weight_device."+d.Path] = strconv.Itoa(int(d.Weight))
	}
	for key, devices := range map[string][]*blkiodev.ThrottleDevice{
		"device_read_bps": r.BlkioDeviceReadBps, "device_write_bps": r.BlkioDeviceWriteBps,
		"device_read_iops": r.BlkioDeviceReadIOps, "device_write_iops": r.BlkioDeviceWriteIOps,
	} {
		for _, d := range devices {
			s["blkio_config."+key+"."+d.Path] = strconv.FormatUint(d.Rate, 10)
		}
	}
}

func deviceFields(v View, s Spec) {
	r := v.Host.Resources
	for _, d := range r.Devices {
		s["devices."+d.PathInContainer] = d.PathOnHost + ":" + d.CgroupPermissions
	}
	s.set("device_cgroup_rules", r.DeviceCgroupRules)
	for i, d := range r.DeviceRequests {
		s["deploy.resources.reservations.devices."+strconv.Itoa(i)] = deviceRequestText(d)
	}
}

func deviceRequestText(d container.DeviceRequest) string {
	var capabilities []string
	for _, all := range d.Capabilities {
		capabilities = append(capabilities, strings.Join(all, "+"))
	}
	var options []string
	for key, value := range d.Options {
		options = append(options, key+"="+value)
	}
	sort.Strings(options)
	return fmt.Sprintf("driver=%s count=%d ids=%s capabilities=%s options=%s",
		d.Driver, d.Count, strings.Join(d.DeviceIDs, "+"), strings.Join(capabilities, "|"), strings.Join(options, "+"))
}

// addresses spells addresses one way, as newer engines do.
func addresses(list []string) []string {
	out := make([]string, 0, len(list))
	for _, text := range list {
		if ip, err := netip.ParseAddr(text); err == nil {
			text = ip.String()
		}
		out = append(out, text)
	}
	return out
}

func resolverFields(v View, s Spec) {
	s.list("dns", addresses(v.Host.DNS))
	s.list("dns_search", v.Host.DNSSearch)
	s.set("dns_opt", v.Host.DNSOptions)
	var hosts []string
	for _, host := range v.Host.ExtraHosts {
		hosts = append(hosts, strings.Replace(host, "=", ":", 1))
	}
	s.set("extra_hosts", hosts)
}
