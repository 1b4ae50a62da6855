package compose

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// TestLoad_Field_ReachesTheSpec goes through every field in the words of the
// spec by which services are compared.
func TestLoad_Field_ReachesTheSpec(t *testing.T) {
	tests := map[string]struct {
		keys string
		want map[string]string
	}{
		"command text":       {`command: run --all "two words"`, map[string]string{"command": `["run","--all","two words"]`}},
		"command list":       {"command: [run, a b]", map[string]string{"command": `["run","a b"]`}},
		"command cleared":    {"command: []\nentrypoint: [a]", map[string]string{"command": "[]", "entrypoint": `["a"]`}},
		"entrypoint":         {"entrypoint: /init -v", map[string]string{"entrypoint": `["/init","-v"]`}},
		"environment map":    {"environment: {A: 1, B: true, C: \"x\"}", map[string]string{"environment.A": "1", "environment.B": "true", "environment.C": "x"}},
		"environment list":   {"environment: [A=1, B=]", map[string]string{"environment.A": "1", "environment.B": ""}},
		"labels":             {"labels: [a=b]", map[string]string{"labels.a": "b"}},
		"annotations":        {"annotations: {a: b}", map[string]string{"annotations.a": "b"}},
		"ports short":        {`ports: ["127.0.0.1:8080:80/udp"]`, map[string]string{"ports.80/udp": "127.0.0.1:8080"}},
		"ports range":        {`ports: ["8000-8001:90-91"]`, map[string]string{"ports.90/tcp": "8000", "ports.91/tcp": "8001"}},
		"ports free":         {`ports: [80]`, map[string]string{"ports.80/tcp": "chosen by the engine"}},
		"ports two":          {`ports: ["8081:80", "8080:80"]`, map[string]string{"ports.80/tcp": "8080, 8081"}},
		"expose":             {`expose: ["90", "91-92/udp"]`, map[string]string{"expose.90/tcp": "exposed", "expose.91/udp": "exposed", "expose.92/udp": "exposed"}},
		"health":             {"healthcheck: {test: curl -f x, interval: 10s, timeout: 5s, retries: 3, start_period: 1m, start_interval: 2s}", map[string]string{"healthcheck.test": `["CMD-SHELL","curl -f x"]`, "healthcheck.interval": "10s", "healthcheck.timeout": "5s", "healthcheck.retries": "3", "healthcheck.start_period": "1m0s", "healthcheck.start_interval": "2s"}},
		"health disabled":    {"healthcheck: {disable: true}", map[string]string{"healthcheck.disable": "true"}},
		"health none":        {"healthcheck: {test: [NONE]}", map[string]string{"healthcheck.disable": "true"}},
		"user":               {"user: \"1000:1000\"\ngroup_add: [video, 44]", map[string]string{"user": "1000:1000", "group_add": "44, video"}},
		"names":              {"hostname: h\ndomainname: d.lan\nworking_dir: /w", map[string]string{"hostname": "h", "domainname": "d.lan", "working_dir": "/w"}},
		"terminal":           {"tty: true\nstdin_open: true", map[string]string{"tty": "true", "stdin_open": "true"}},
		"stop":               {"stop_signal: SIGINT\nstop_grace_period: 1m30s", map[string]string{"stop_signal": "SIGINT", "stop_grace_period": "1m30s"}},
		"init":               {"init: true", map[string]string{"init": "true"}},
		"namespaces":         {"ipc: host\npid: host\nuts: host\nuserns_mode: host\ncgroup: host\ncgroup_parent: m", map[string]string{"ipc": "host", "pid": "host", "uts": "host", "userns_mode": "host", "cgroup": "host", "cgroup_parent": "m"}},
		"privileges":         {"privileged: true\nread_only: true\ncap_add: [NET_ADMIN, CAP_CHOWN]\ncap_drop: [ALL]\nsecurity_opt: [\"no-new-privileges:true\"]", map[string]string{"privileged": "true", "read_only": "true", "cap_add": "CHOWN, NET_ADMIN", "cap_drop": "ALL", "security_opt": "no-new-privileges:true"}},
		"tmpfs":              {"tmpfs: [/run, \"/tmp:size=64m\"]", map[string]string{"tmpfs./run": "tmpfs", "tmpfs./tmp": "size=64m"}},
		"tmpfs one":          {"tmpfs: /run", map[string]string{"tmpfs./run": "tmpfs"}},
		"shm_size":           {"shm_size: 1g", map[string]string{"shm_size": "1073741824"}},
		"sysctls":            {"sysctls: [net.ipv4.ip_forward=1]", map[string]string{"sysctls.net.ipv4.ip_forward": "1"}},
		"ulimits":            {"ulimits: {nproc: 64, nofile: {soft: 10, hard: 20}}", map[string]string{"ulimits.nproc": "64:64", "ulimits.nofile": "10:20"}},
		"devices":            {"devices: [\"/dev/dri:/dev/dri\", \"/dev/ttyUSB0:/dev/tty0:r\"]", map[string]string{"devices./dev/dri": "/dev/dri:rwm", "devices./dev/tty0": "/dev/ttyUSB0:r"}},
		"device rules":       {"device_cgroup_rules: [\"c 1:3 mr\"]", map[string]string{"device_cgroup_rules": "c 1:3 mr"}},
		"CDI device":         {"devices: [nvidia.com/gpu=all]", map[string]string{"deploy.resources.reservations.devices.0": "driver=cdi count=0 ids=nvidia.com/gpu=all capabilities= options="}},
		"gpus":               {"gpus: all", map[string]string{"deploy.resources.reservations.devices.0": "driver= count=-1 ids= capabilities=gpu options="}},
		"reserved devices":   {"deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu, video]}]}}}", map[string]string{"deploy.resources.reservations.devices.0": "driver=nvidia count=1 ids= capabilities=gpu+video options="}},
		"resolver":           {"dns: 10.0.0.1\ndns_search: [lan]\ndns_opt: [use-vc]\nextra_hosts: [\"nas:10.0.0.2\", \"v6=::1\"]", map[string]string{"dns": `["10.0.0.1"]`, "dns_search": `["lan"]`, "dns_opt": "use-vc", "extra_hosts": "nas:10.0.0.2, v6:::1"}},
		"logging":            {"logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}", map[string]string{"logging.driver": "json-file", "logging.options.max-size": "10m", "logging.options.max-file": "3"}},
		"memory":             {"mem_limit: 512m\nmem_reservation: 256m\nmemswap_limit: -1\nmem_swappiness: 10", map[string]string{"deploy.resources.limits.memory": "536870912", "deploy.resources.reservations.memory": "268435456", "memswap_limit": "-1", "mem_swappiness": "10"}},
		"CPU":                {"cpus: 1.5\ncpu_shares: 512\ncpu_quota: 1000\ncpu_period: 2000\ncpuset: 0-1\ncpu_rt_runtime: 400\ncpu_rt_period: 1400\ncpu_count: 2\ncpu_percent: 50", map[string]string{"deploy.resources.limits.cpus": "1.5", "cpu_shares": "512", "cpu_quota": "1000", "cpu_period": "2000", "cpuset": "0-1", "cpu_rt_runtime": "400", "cpu_rt_period": "1400", "cpu_count": "2", "cpu_percent": "5000"}},
		"deploy limits":      {"deploy: {resources: {limits: {cpus: \"0.5\", memory: 1g, pids: 9}, reservations: {memory: 128m}}}", map[string]string{"deploy.resources.limits.cpus": "0.5", "deploy.resources.limits.memory": "1073741824", "deploy.resources.limits.pids": "9", "deploy.resources.reservations.memory": "134217728"}},
		"pids and OOM":       {"pids_limit: 10\noom_kill_disable: true\noom_score_adj: -5", map[string]string{"deploy.resources.limits.pids": "10", "oom_kill_disable": "true", "oom_score_adj": "-5"}},
		"block I/O":          {"blkio_config: {weight: 300, weight_device: [{path: /dev/sda, weight: 400}], device_read_bps: [{path: /dev/sdb, rate: 12mb}]}", map[string]string{"blkio_config.weight": "300", "blkio_config.weight_device./dev/sda": "400", "blkio_config.device_read_bps./dev/sdb": "12582912"}},
		"storage_opt":        {"storage_opt: {size: 1G}", map[string]string{"storage_opt.size": "1G"}},
		"runtime":            {"runtime: nvidia", map[string]string{"runtime": "nvidia"}},
		"platform":           {"platform: linux/arm64", map[string]string{"platform": "linux/arm64"}},
		"restart":            {"restart: on-failure:3", map[string]string{"restart": "on-failure:3"}},
		"restart by deploy":  {"restart: \"no\"\ndeploy: {restart_policy: {condition: on-failure, max_attempts: 2}}", map[string]string{"restart": "on-failure:2"}},
		"host network":       {"network_mode: host", map[string]string{"network_mode": "host"}},
		"other container":    {"network_mode: container:abc", map[string]string{"network_mode": "container:abc"}},
		"bind":               {"volumes: [\"/srv/x:/x:ro,z\", \"/mnt:/mnt:rshared\"]", map[string]string{"volumes./x": "bind /srv/x selinux=z read-only", "volumes./mnt": "bind /mnt rshared"}},
		"anonymous volume":   {"volumes: [/data]", map[string]string{"volumes./data": "volume (anonymous)"}},
		"tmpfs mount":        {"volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 01777}}]", map[string]string{"volumes./t": "tmpfs size=1048576 mode=1777"}},
		"trailing slash":     {"volumes: [\"/srv/x/:/x/\"]", map[string]string{"volumes./x": "bind /srv/x"}},
		"yes and no of 1.1":  {"tty: \"yes\"", map[string]string{"tty": "true"}},
		"extension field":    {"x-note: anything", nil},
		"attach and profile": {"attach: false", nil},
	}
	plain := oneService(t, "tty: false")
	defaults := plain.Spec(nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			service := oneService(t, tt.keys)
			got := service.Spec(nil)
			for key, value := range defaults {
				if got[key] == value {
					delete(got, key)
				}
			}
			if want := desired.Spec(tt.want); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestLoad_NoOptions_GivesDefaultNetworkAndNothingElse(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("tty: false")})
	s := stack.Services["web"]
	if s.Replicas != 1 || s.RestartExplicit || s.StopGrace != nil || s.Secret != nil || s.Image.Pull != desired.PullMissing {
		t.Errorf("unexpected defaults: %+v", s)
	}
	if got := s.Config.Image; got != "nginx" {
		t.Errorf("image %q", got)
	}
	want := map[string]string{"networks.demo_default": "attached", "networks.demo_default.aliases": "web"}
	if got := s.Spec(nil); !reflect.DeepEqual(got, desired.Spec(want)) {
		t.Errorf("got %q", got)
	}
	if n := stack.Networks["default"]; n.Name != "demo_default" || n.IPAM != nil || n.ComposeHash == "" {
		t.Errorf("network %+v", n)
	}
	if s.Host.NetworkMode != "demo_default" {
		t.Errorf("network mode %q", s.Host.NetworkMode)
	}
	if len(stack.Warnings) > 0 {
		t.Errorf("warnings %q", stack.Warnings)
	}
}

func TestLoad_PublishedPort_IsExposedToo(t *testing.T) {
	s := oneService(t, `ports: ["8080:80"]`)
	if _, ok := s.Config.ExposedPorts["80/tcp"]; !ok {
		t.Errorf("exposed %v", s.Config.ExposedPorts)
	}
	want := nat.PortMap{"80/tcp": {{HostPort: "8080"}}}
	if !reflect.DeepEqual(s.Host.PortBindings, want) {
		t.Errorf("bindings %v", s.Host.PortBindings)
	}
}

func TestLoad_StopAndRestart_AreKeptAsWritten(t *testing.T) {
	s := oneService(t, "restart: \"no\"\nstop_grace_period: 90s")
	if !s.RestartExplicit || s.Host.RestartPolicy.Name != container.RestartPolicyDisabled {
		t.Errorf("restart %+v", s.Host.RestartPolicy)
	}
	if s.StopGrace == nil || *s.StopGrace != 90*time.Second || *s.Config.StopTimeout != 90 {
		t.Errorf("grace %v", s.StopGrace)
	}
}

func TestLoad_Replicas_FromScaleOrDeploy(t *testing.T) {
	for keys, want := range map[string]int{"scale: 0": 0, "scale: 3": 3, "deploy: {replicas: 2}": 2} {
		if got := oneService(t, keys).Replicas; got != want {
			t.Errorf("%s: got %d", keys, got)
		}
	}
}

func TestLoad_PullPolicy_OfTheServiceWins(t *testing.T) {
	in := Input{Pull: "digest", Compose: `
		services:
			a: {image: x}
			b: {image: x, pull_policy: if_not_present}
			c: {image: x, pull_policy: always}
			d: {image: x, pull_policy: never}`}
	want := map[string]desired.PullPolicy{"a": "digest", "b": "missing", "c": "always", "d": "never"}
	for name, s := range mustLoad(t, in).Services {
		if s.Image.Pull != want[name] {
			t.Errorf("%s: %s", name, s.Image.Pull)
		}
	}
}

func TestLoad_DependsOn_KeepsConditionsAndLabel(t *testing.T) {
	stack := mustLoad(t, Input{Compose: `
		services:
			web:
				image: x
				depends_on:
					db: {condition: service_healthy, restart: true}
					init: {condition: service_completed_successfully}
					gone: {condition: service_started, required: false}
			db: {image: x}
			init: {image: x}
			gone: {image: x, profiles: [never]}
			vpn: {image: x}
			client: {image: x, network_mode: "service:vpn"}`})
	web := stack.Services["web"]
	want := map[string]desired.Dependency{
		"db":   {Condition: desired.Healthy, Restart: true, Required: true},
		"init": {Condition: desired.Completed, Required: true},
	}
	if !reflect.DeepEqual(web.Dependencies, want) {
		t.Errorf("got %+v", web.Dependencies)
	}
	if web.DependsOnLabel != "db:service_healthy:true,init:service_completed_successfully:false" {
		t.Errorf("label %q", web.DependsOnLabel)
	}
	if got := stack.Services["client"]; got.Host.NetworkMode != "service:vpn" || !got.Dependencies["vpn"].Required || len(got.Networks) > 0 {
		t.Errorf("client %+v", got)
	}
	if _, ok := stack.Services["gone"]; ok {
		t.Error("a service of a disabled profile is there")
	}
}

func TestLoad_Profiles_EnableServices(t *testing.T) {
	in := Input{Compose: "services:\n  a: {image: x}\n  b: {image: x, profiles: [debug]}\n", Profiles: []string{"debug", "typo"}}
	stack := mustLoad(t, in)
	if len(stack.Services) != 2 {
		t.Errorf("services %v", sortedKeys(stack.Services))
	}
	if !slices.Contains(stack.Warnings, `no service has the profile "typo"`) {
		t.Errorf("warnings %q", stack.Warnings)
	}
}

func TestLoad_Override_IsMergedInOrder(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("environment: {A: 1, B: 1}\nports: [\"80:80\"]"), Overrides: []string{
		"services: {web: {environment: {B: 2}, image: caddy}}",
		"services: {web: {ports: !reset [], environment: {C: 3}}}",
	}})
	s := stack.Services["web"]
	if want := []string{"A=1", "B=2", "C=3"}; !slices.Equal(s.Config.Env, want) || s.Image.Reference != "caddy" || len(s.Host.PortBindings) > 0 {
		t.Errorf("got %+v", s)
	}
}
