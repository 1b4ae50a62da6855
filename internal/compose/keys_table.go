package compose

// topLevelKeys are the supported keys of everything but services, by parent.
var topLevelKeys = map[string]string{
	"":                          "version name include services networks volumes secrets configs",
	"include":                   "path env_file project_directory",
	"services":                  "*",
	"networks":                  "*",
	"networks.*":                "name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels",
	"networks.*.ipam":           "driver config options",
	"networks.*.ipam.config":    "subnet ip_range gateway aux_addresses",
	"networks.*.external":       "name",
	"volumes":                   "*",
	"volumes.*":                 "name driver driver_opts external labels",
	"volumes.*.external":        "name",
	"secrets":                   "*",
	"secrets.*":                 "name environment file external labels",
	"secrets.*.external":        "name",
	"configs":                   "*",
	"configs.*":                 "name content environment file labels",
	"services.*.depends_on":     "*",
	"services.*.depends_on.*":   "restart required condition",
	"services.*.networks":       "*",
	"services.*.networks.*":     "aliases interface_name ipv4_address ipv6_address link_local_ips mac_address driver_opts priority gw_priority",
	"services.*.ulimits":        "*",
	"services.*.ulimits.*":      "hard soft",
	"services.*.extra_hosts":    "*",
	"services.*.env_file":       "path required format",
	"services.*.extends":        "service file",
	"services.*.healthcheck":    "disable interval retries test timeout start_period start_interval",
	"services.*.logging":        "driver options",
	"services.*.devices":        "source target permissions",
	"services.*.ports":          "name mode host_ip target published protocol app_protocol",
	"services.*.configs":        "source target uid gid mode",
	"services.*.secrets":        "source target uid gid mode",
	"services.*.gpus":           "capabilities count device_ids driver options",
	"services.*.volumes":        "type source target read_only consistency bind volume tmpfs image",
	"services.*.pre_start":      "command image user privileged working_dir environment",
	"services.*.post_start":     "command user privileged working_dir environment",
	"services.*.pre_stop":       "command user privileged working_dir environment",
	"services.*.volumes.bind":   "propagation create_host_path selinux recursive",
	"services.*.volumes.volume": "nocopy subpath labels",
	"services.*.volumes.image":  "subpath",
	"services.*.volumes.tmpfs":  "size mode",
	"services.*.blkio_config":   "device_read_bps device_read_iops device_write_bps device_write_iops weight weight_device",
	blkio + "device_read_bps":   "path rate",
	blkio + "device_read_iops":  "path rate",
	blkio + "device_write_bps":  "path rate",
	blkio + "device_write_iops": "path rate",
	blkio + "weight_device":     "path weight",
}

const blkio = "services.*.blkio_config."

// serviceKeys are the supported keys of a service that have no keys below them.
var serviceKeys = map[string]string{
	"services.*": `annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs
		container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus
		cpuset depends_on deploy device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint
		env_file environment expose extends external_links extra_hosts gpus group_add healthcheck hostname
		image init ipc isolation label_file labels links logging mac_address mem_limit mem_reservation
		mem_swappiness memswap_limit network_mode networks oom_kill_disable oom_score_adj pid pids_limit
		platform ports post_start pre_start pre_stop privileged profiles pull_policy read_only restart runtime scale secrets security_opt
		shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user
		userns_mode uts volumes volumes_from working_dir`,
}

const deploy = "services.*.deploy"

// deployKeys are the supported keys of a service's deploy section.
var deployKeys = map[string]string{
	deploy:                                     "mode replicas resources restart_policy update_config",
	deploy + ".update_config":                  "order",
	deploy + ".resources":                      "limits reservations",
	deploy + ".resources.limits":               "cpus memory pids",
	deploy + ".resources.reservations":         "memory devices",
	deploy + ".resources.reservations.devices": "capabilities count device_ids driver options",
	deploy + ".restart_policy":                 "condition max_attempts",
}

const build = "services.*.build"

// buildKeys are the supported keys of a service's build section.
var buildKeys = map[string]string{
	build: `context dockerfile dockerfile_inline additional_contexts args cache_from cache_to entitlements
		extra_hosts labels network no_cache no_cache_filter platforms privileged provenance pull sbom secrets
		shm_size ssh tags target ulimits`,
	build + ".extra_hosts": "*",
	build + ".secrets":     "source target",
	build + ".ulimits":     "*",
	build + ".ulimits.*":   "hard soft",
}

const (
	ownerInDockerfile = "the Dockerfile says it: RUN --mount=type=secret,id=...,uid=...,gid=...,mode=... in the step that mounts it"
	swarmOnly         = "it matters to a swarm only"
)

// ignoredKeys have no effect, as under Docker Compose, and say so.
var ignoredKeys = map[string]string{
	deploy + ".labels":                                   "it is not put on containers; use the service's labels",
	deploy + ".update_config.delay":                      swarmOnly,
	deploy + ".update_config.failure_action":             swarmOnly,
	deploy + ".update_config.max_failure_ratio":          swarmOnly,
	deploy + ".update_config.monitor":                    swarmOnly,
	deploy + ".update_config.parallelism":                swarmOnly,
	deploy + ".rollback_config":                          swarmOnly,
	deploy + ".placement":                                swarmOnly,
	deploy + ".endpoint_mode":                            swarmOnly,
	deploy + ".restart_policy.delay":                     swarmOnly,
	deploy + ".restart_policy.window":                    swarmOnly,
	deploy + ".resources.reservations.cpus":              swarmOnly,
	deploy + ".resources.reservations.generic_resources": swarmOnly,

	"secrets.*.driver_opts":         swarmOnly,
	"services.*.credential_spec":    "it is for Windows containers",
	"services.*.pull_refresh_after": "Docker Compose does not have it; use pull_policy every_<duration>",

	build + ".isolation":    "it is for Windows containers",
	build + ".secrets.gid":  ownerInDockerfile,
	build + ".secrets.mode": ownerInDockerfile,
	build + ".secrets.uid":  ownerInDockerfile,
}

// refusedKeys are errors.
var refusedKeys = map[string]string{
	"models":                           "language models are not containers; run the model's server as a service",
	"services.*.models":                "language models are not containers; run the model's server as a service",
	"services.*.develop":               "it is for docker compose watch on a developer's machine; remove it",
	"services.*.provider":              "it runs a program where Terraform runs; use a Terraform resource instead",
	"services.*.pre_start.per_replica": "Docker Compose does not have it yet; remove it, and the hook runs once for all replicas",

	"configs.*.external":        "Docker Compose refuses it, for there is no store of configs outside a swarm; use content or file",
	"configs.*.template_driver": "Docker Compose refuses it outside a swarm; use ${VARIABLES} in content",
	"secrets.*.driver":          "Docker Compose refuses it outside a swarm; use the stack's secrets argument",
	"secrets.*.template_driver": "Docker Compose refuses it outside a swarm; use the stack's secrets argument",
}
