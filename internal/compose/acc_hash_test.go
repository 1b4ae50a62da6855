package compose

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// hashed are documents, by what they are about, of which Docker Compose has to
// make the same model as we do: each form that compose-go rewrites on the way.
var hashed = map[string]string{
	"many keys": stackOfAll,
	"short forms": `
		services:
			web:
				image: nginx
				build: {context: sub, args: [A=1]}
				command: sh -c 'echo "$$HOME"'
				entrypoint: ""
				ports: ["8080-8081:80-81", "127.0.0.1:53:53/udp", 9090, "[::1]:443:443"]
				expose: [1, "2-3/udp"]
				volumes: [/anonymous, "data:/data:nocopy", "./sub:/sub:ro,z", "../up:/up", "/abs/:/abs/:rslave"]
				configs: [one]
				secrets: [two]
				env_file: values.env
				label_file: labels.txt
				environment: [A=1, B, C=]
				extra_hosts: ["a:10.0.0.1", "b=::1"]
				devices: ["/dev/null", "/dev/zero:/dev/x:r", "vendor.example/class=gpu0"]
				ulimits: {nofile: 1}
				dns: 1.1.1.1
				tmpfs: /run
				sysctls: [a=1]
				depends_on: [db]
				links: ["db:data"]
				group_add: [7, audio]
				gpus: all
				healthcheck: {test: curl x}
				networks: [default, other]
			db: {image: "pg@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", profiles: []}
		networks: {other: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}
		volumes: {data: }
		configs: {one: {content: "${VALUE}"}}
		secrets: {two: {file: ./secret.txt}}`,
	"long forms": `
		services:
			web:
				image: nginx
				env_file: [{path: values.env}, {path: missing.env, required: false}, {path: raw.env, format: raw}]
				ports: [{target: 80, published: "8000-8010", host_ip: 127.0.0.1, protocol: udp, mode: host, name: x, app_protocol: http}]
				volumes:
					- {type: bind, source: ./sub, target: /a, bind: {propagation: rslave, create_host_path: false, selinux: Z, recursive: disabled}}
					- {type: volume, source: data, target: /b/, volume: {nocopy: true, subpath: x, labels: {a: b}}}
					- {type: tmpfs, target: /c, tmpfs: {size: 1g, mode: 0700}}
					- {type: image, source: alpine, target: /d, image: {subpath: etc}}
				networks: {default: {aliases: [x], priority: 3, gw_priority: 1, mac_address: "02:42:ac:11:00:02", driver_opts: {a: 1}, interface_name: eth9}}
				deploy:
					mode: replicated
					replicas: 3
					labels: {a: b}
					resources: {limits: {cpus: 0.5, memory: 1.5g, pids: 7}, reservations: {memory: 64m, cpus: "0.1", devices: [{capabilities: [gpu], count: all, options: {a: b}}], generic_resources: [{discrete_resource_spec: {kind: x, value: 1}}]}}
					restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 2m}
					placement: {constraints: [a==b], preferences: [{spread: x}], max_replicas_per_node: 1}
					update_config: {parallelism: 2, delay: 10s, order: start-first, failure_action: rollback, monitor: 1m, max_failure_ratio: 0.5}
					rollback_config: {parallelism: 1}
					endpoint_mode: dnsrr
				blkio_config: {weight: 300, device_read_bps: [{path: /dev/sda, rate: 12mb}], weight_device: [{path: /dev/sdb, weight: 5}]}
				healthcheck: {test: [CMD, x], interval: 1m30s, timeout: 10s, retries: 3, start_period: 40s, start_interval: 5s}
				logging: {driver: json-file, options: {max-size: 1m, max-file: 2}}
				stop_grace_period: 1m30s
				shm_size: 64m
				memswap_limit: -1
				credential_spec: {file: x.json}
				storage_opt: {size: 1G}
				annotations: {a: b}
				attach: false
				init: true
				x-own: {a: 1}
		volumes: {data: {driver: local, driver_opts: {type: none, o: bind, device: /srv}, labels: [a=b]}}`,
	"shared": `
		services:
			db: {image: pg}
			a: {image: x, network_mode: "service:db", volumes_from: [db, "db:ro", "container:other:rw"]}
			b: {image: x, ipc: "service:db", pid: "service:db", network_mode: "container:foo"}
			c: {image: x, volumes_from: ["a:ro"], network_mode: none}`,
	"extends, anchors, merge and tags": `
		x-base: &base {image: nginx, labels: {a: "1"}, environment: {A: 1}}
		services:
			one: {<<: *base, environment: {<<: {B: 2}, C: "3"}}
			two: {extends: one, command: [x], ports: !reset []}
			three: {extends: {service: base, file: other.yaml}, environment: {EXTRA: "${VALUE:-none}"}}
			four: {extends: {service: two}, labels: !override {z: z}}`,
	"include and profiles": `
		include: [other.yaml, {path: sub/part.yaml, project_directory: sub}]
		services:
			web: {image: nginx, depends_on: {base: {condition: service_started}, gone: {condition: service_started, required: false}}, profiles: [on]}
			gone: {image: x, profiles: [off]}`,
	"interpolation": `
		services:
			web:
				image: "nginx:${TAG:-1}${VALUE:+-x}"
				environment: {A: "${VALUE}", B: "${UNSET-d}", C: "${EMPTY:-e}", D: "$$", E: "${UNSET:-${VALUE}}", F: 1.0, G: true, H: 0x10, I: }
				mem_limit: "${MEM:-64}m"
				privileged: "${PRIV:-yes}"
				ports: ["${PORT:-80}:80"]
				cpus: "${CPUS:-0.5}"`,
	"hooks": `
		services:
			web:
				image: nginx
				pre_start: [{command: a b}, {image: busybox, command: [c], per_replica: false}]
				post_start: [{command: echo "$$A", user: root, privileged: true, working_dir: /x, environment: [A=1]}]
				pre_stop: [{command: [bye], environment: {B: 2}}]`,
	"pull policies and platforms": `
		services:
			a: {image: x, pull_policy: daily, platform: linux/amd64, scale: 4}
			b: {image: x, pull_policy: every_3h, pull_refresh_after: 1h}
			c: {build: ., pull_policy: build, network_mode: host, uts: host, userns_mode: host, cgroup: host}
			d: {image: x, security_opt: ["no-new-privileges", "label=type:x"], runtime: runc, isolation: default, mac_address: "02:42:ac:11:00:02", domainname: d, hostname: h}`,
}

// hashedFiles are what the documents name.
var hashedFiles = map[string]string{
	"values.env": "FROM_FILE=a b\nQUOTED='$x'\nEXPANDED=${VALUE}\n# no\nexport Z=1\n", "raw.env": "RAW='$x' # kept\n", "labels.txt": "from.file=1\n",
	"secret.txt": "s", "sub/": "", "sub/Dockerfile": "FROM scratch\n", "Dockerfile": "FROM scratch\n", "x.json": "{}",
	"other.yaml":    "services:\n  base: {image: base, volumes: [\"./sub:/x\"], env_file: [values.env]}\n",
	"sub/part.yaml": "services:\n  part: {image: part, volumes: [\"./here:/y\"]}\n", "sub/here/x": "",
}

// TestAccLoad_ComposeHash_EqualsDockerCompose asks Docker Compose itself. It
// hashes references by name there: with an engine, see package stack.
func TestAccLoad_ComposeHash_EqualsDockerCompose(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC only")
	}
	program := dockerCompose(t)
	for name, document := range hashed {
		t.Run(name, func(t *testing.T) {
			parent := filesIn(t, map[string]string{"up/x": ""})
			dir := filepath.Join(parent, "project")
			for file, content := range filesOf(hashedFiles) {
				write(t, filepath.Join(dir, file), content)
			}
			write(t, filepath.Join(dir, "compose.yaml"), yamlText(document))
			variables := map[string]string{"VALUE": "v", "EMPTY": ""}
			want := composeHashes(t, program, dir, variables)
			l := &load{in: Input{Name: "demo", Dir: dir, Compose: yamlText(document), Variables: variables, Profiles: []string{"on"}}, table: allowAll(), warnings: map[string]bool{}}
			if !l.prepare() {
				t.Fatal(l.err())
			}
			m, err := l.read(t.Context(), nil)
			if err == nil {
				err = l.resolveFiles(m)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := sortedKeys(m.resolved.Services); !slices.Equal(got, sortedKeys(want)) {
				t.Errorf("services %v, Docker Compose has %v", got, sortedKeys(want))
			}
			for service, hash := range want {
				text := l.serviceText(m.resolved.Services[service])
				if got := desired.NewComposeHash(text).Sum(nil); got != hash {
					t.Errorf("%s: %s is not %s, of %s", service, got, hash, text)
				}
			}
		})
	}
}

// allowAll is the table without refusals: what Docker Compose makes of a key is
// one question, and whether we have it another.
func allowAll() *keyTable {
	table := newKeyTable()
	for path := range table.rules {
		table.rules[path] = rule{}
	}
	return table
}

// filesOf leaves the directories out: files make them.
func filesOf(files map[string]string) map[string]string {
	out := map[string]string{}
	for name, content := range files {
		if !strings.HasSuffix(name, "/") {
			out[name] = content
		}
	}
	return out
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func composeHashes(t *testing.T, program, dir string, variables map[string]string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "-p", "demo", "--profile", "on", "config", "--hash", "*")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	hashes := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		if service, hash, ok := strings.Cut(lines.Text(), " "); ok {
			hashes[service] = hash
		}
	}
	return hashes
}

// dockerCompose finds the pinned Docker Compose, and builds it when it is missing.
func dockerCompose(t *testing.T) string {
	t.Helper()
	if program := os.Getenv("HOMELAB_TEST_COMPOSE"); program != "" {
		return program
	}
	cmd := exec.CommandContext(t.Context(), "../tools/tool.sh", "compose")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("build Docker Compose: %v", err)
	}
	return strings.TrimSpace(string(out))
}
