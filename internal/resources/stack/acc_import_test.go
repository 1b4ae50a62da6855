package stack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// importedCompose uses much of what people write in Compose files; %[1]d is a
// host port.
const importedCompose = `
services:
  db:
    image: homelab.test/app:1
    environment: {GREETING: hello, EMPTY: ""}
    user: "65534:65534"
    read_only: true
    tmpfs: [/run:size=1m]
    volumes:
      - data:/data
      - {type: tmpfs, target: /cache, tmpfs: {size: 2097152}}
    secrets: [token]
    networks: {back: {aliases: [database]}}
    healthcheck: {test: [CMD, /app, health], interval: 300ms, timeout: 10s, retries: 100, start_period: 10s}
    restart: unless-stopped
    stop_grace_period: 3s
    logging: {driver: json-file, options: {max-size: 1m, max-file: "2"}}
  web:
    image: homelab.test/app:1
    command: ["serve", "-log", "web starts"]
    hostname: web
    working_dir: /
    ports: ["127.0.0.1:%[1]d:8080", "8081"]
    labels: {traefik.enable: "true", note: "a = b"}
    volumes: ["/srv:/srv:ro", "shared:/shared"]
    configs:
      - {source: site, target: /etc/site.conf}
      - {source: listed, target: /etc/listed.conf}
    depends_on: {db: {condition: service_healthy}}
    networks: {front: {}, back: {aliases: [www, site.example]}}
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    security_opt: [no-new-privileges:true]
    init: true
    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 512}
    sysctls: {net.core.somaxconn: "1024"}
    extra_hosts: ["router:10.0.0.1"]
    dns: [10.0.0.1]
    stop_signal: SIGINT
    deploy: {resources: {limits: {memory: 64m, cpus: "0.5", pids: 100}, reservations: {memory: 16m}}}
  worker:
    image: homelab.test/app:1
    command: [sleep]
    scale: 2
    depends_on: [db]
    networks: [back]
    environment: [LEVEL=1]
  built:
    build: {context: ./built, args: {FLAVOUR: plain}}
    network_mode: none
    restart: "no"
networks:
  front: {}
  back: {internal: true, driver_opts: {com.docker.network.bridge.enable_icc: "true"}, labels: {tier: back}}
volumes:
  data: {}
  shared: {labels: {keep: "yes"}}
configs:
  site: {content: "greeting hello\n"}
  listed: {file: ./listed.conf}
secrets:
  token: {file: ./token.txt}
`

// compose is Docker Compose on the shared engine, in a directory.
type compose struct{ program, dir string }

// newCompose finds Docker Compose: HOMELAB_TEST_COMPOSE, or the pinned one,
// built when it is missing.
func newCompose(t *testing.T, dir string) *compose {
	t.Helper()
	if program := os.Getenv("HOMELAB_TEST_COMPOSE"); program != "" {
		return &compose{program, dir}
	}
	return &compose{tool(t, "compose"), dir}
}

// tool returns the path of a pinned tool, built when it is missing.
func tool(t *testing.T, name string) string {
	t.Helper()
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "internal", "tools", "tool.sh"), name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("build %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

func (c *compose) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.program, args...)
	cmd.Dir = c.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "COMPOSE_") || strings.HasPrefix(pair, "DOCKER_")
	})
	// The engine's own builder: it is the one that every node has.
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+labtest.Host(t), "DOCKER_BUILDKIT=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("compose %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// writeImported writes the project; the files that Docker Compose binds have to
// be on the node, too.
func writeImported(t *testing.T, c *acctest.CLI, document string) {
	t.Helper()
	c.Write(t, "compose.yaml", document)
	onNode := &acctest.CLI{Dir: filepath.Join(labtest.Node(t).Root, c.Dir)}
	for name, content := range map[string]string{"listed.conf": "a listed file\n", "token.txt": "s3cr3t"} {
		c.Write(t, name, content)
		onNode.Write(t, name, content)
	}
	c.Write(t, "built/Dockerfile", "FROM scratch\nARG FLAVOUR\nCOPY app /app\nLABEL flavour=$FLAVOUR\nENTRYPOINT [\"/app\"]\nCMD [\"sleep\"]\n")
	app, err := images.BuildApp(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	c.Write(t, "built/app", string(app))
	if err := os.Chmod(filepath.Join(c.Dir, "built", "app"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestAccStack_Import_ComposeProject_IsTakenOverAsItRuns(t *testing.T) {
	t.Parallel()
	c, engine, name := acctest.NewCLI(t), labtest.Engine(t), acctest.Name(t)
	sweepStack(t, engine, name)
	removeImage(t, engine, name+"-built")
	document := fmt.Sprintf(importedCompose, freePort(t))
	writeImported(t, c, document)
	newCompose(t, c.Dir).run(t, "-p", name, "up", "--detach", "--wait")
	before := identities(t, engine, name)
	if len(before) != 5 {
		t.Fatalf("Docker Compose made %v", before)
	}

	recorder := acctest.Record(t, labtest.Host(t))
	c.Write(t, "main.tf", acctest.Provider(recorder.Host)+fmt.Sprintf(`
import {
  to = homelab_stack.this
  id = "local/%[1]s"
}

resource "homelab_stack" "this" {
  name              = %[1]q
  compose           = file("compose.yaml")
  project_directory = path.module
}
`, name))
	c.Must(t, []string{"plan", "-no-color", "-out=import"})
	requireUnchanged(t, c, "import", "services", "networks", "volumes")
	c.Must(t, []string{"apply", "-no-color", "import"})
	if writes := acctest.Writes(recorder.Take()); len(writes) > 0 {
		t.Errorf("taking the project over sent the engine %v", writes)
	}
	c.RequireEmptyPlan(t)
	requireEqual(t, "containers after the import", identities(t, engine, name), before)

	c.Write(t, "compose.yaml", strings.Replace(document, "LEVEL=1", "LEVEL=2", 1))
	c.Apply(t)
	c.RequireEmptyPlan(t)
	after := identities(t, engine, name)
	for container, id := range before {
		worker := strings.Contains(container, "-worker-")
		if after[container] == "" || (after[container] == id) == worker {
			t.Errorf("after a change of worker: container %s was %s and is %s", container, id, after[container])
		}
	}
	requireEqual(t, "number of containers", len(after), len(before))
}

const relativeCompose = `
services:
  app:
    image: homelab.test/app:1
    volumes: ["./conf:/etc/app:ro", "./data:/data"]
`

// What Docker Compose mounted from its own directory stays the node's: neither a
// change of the image nor of local files takes it away from the application.
func TestAccStack_Import_RelativeBinds_KeepTheNodesData(t *testing.T) {
	t.Parallel()
	c, engine, name := acctest.NewCLI(t), labtest.Engine(t), acctest.Name(t)
	sweepStack(t, engine, name)
	removeImage(t, engine, "homelab.test/"+name+":1")
	onNode := &acctest.CLI{Dir: filepath.Join(labtest.Node(t).Root, c.Dir)}
	onNode.Write(t, "conf/app.conf", "of the node")
	onNode.Write(t, "data/kept", "of the application")
	c.Write(t, "compose.yaml", relativeCompose)
	c.Write(t, "conf/app.conf", "local")
	c.Write(t, "data/.gitkeep", "")
	newCompose(t, c.Dir).run(t, "-p", name, "up", "--detach", "--wait")
	before := identities(t, engine, name)
	c.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
import {
  to = homelab_stack.this
  id = "local/%[1]s"
}

resource "homelab_stack" "this" {
  name              = %[1]q
  compose           = file("compose.yaml")
  project_directory = path.module
}
`, name))
	c.Must(t, []string{"plan", "-no-color", "-out=import"})
	requireUnchanged(t, c, "import", "services", "networks", "volumes")
	c.Must(t, []string{"apply", "-no-color", "import"})
	c.RequireEmptyPlan(t)

	apply := func(old, new string) {
		t.Helper()
		document, err := os.ReadFile(filepath.Join(c.Dir, "compose.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		c.Write(t, "compose.yaml", strings.Replace(string(document), old, new, 1))
		c.Apply(t)
		c.RequireEmptyPlan(t)
	}
	mounted := func(want ...string) {
		t.Helper()
		var got []string
		for _, m := range containersOf(t, engine, name)[0].Mounts {
			got = append(got, fmt.Sprintf("%s %s %s %t", m.Type, strings.TrimPrefix(m.Source, c.Dir), m.Destination, m.RW))
		}
		slices.Sort(got)
		requireEqual(t, "mounts", got, want)
	}
	c.Write(t, "data/changed", "here") // as where Terraform runs on the node itself
	c.RequireEmptyPlan(t)
	if err := engine.ImageTag(t.Context(), "homelab.test/app:1", "homelab.test/"+name+":1"); err != nil {
		t.Fatal(err)
	}
	apply("homelab.test/app:1", "homelab.test/"+name+":1") // the same image
	requireEqual(t, "containers", identities(t, engine, name), before)
	apply("homelab.test/"+name+":1", "homelab.test/app:2")
	mounted("bind /conf /etc/app false", "bind /data /data true")
	c.Write(t, "conf/app.conf", "changed")
	c.Apply(t)
	c.RequireEmptyPlan(t)
	if got := containersOf(t, engine, name)[0].Mounts; len(got) != 2 || got[0].Type == got[1].Type {
		t.Errorf("mounts %+v", got)
	}
	c.Write(t, "other/file", "")
	c.Write(t, "compose.yaml", strings.Replace(relativeCompose, "./data:", "./other:", 1))
	refused := c.Must(t, []string{"plan", "-no-color"}, 1)
	if said := strings.Join(strings.Fields(strings.ReplaceAll(refused.Stderr, "│", "")), " "); !strings.Contains(said, `would get a read-only copy of "./other" at /data`) {
		t.Errorf("the plan with another path says:\n%s", refused.Stderr)
	}
}

// identities are the IDs of a stack's containers, by name.
func identities(t *testing.T, engine *client.Client, stack string) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, c := range containersOf(t, engine, stack) {
		ids[strings.TrimPrefix(c.Names[0], "/")] = c.ID
	}
	return ids
}

func removeImage(t *testing.T, engine *client.Client, ref string) {
	t.Cleanup(func() {
		_, _ = engine.ImageRemove(context.WithoutCancel(t.Context()), ref, image.RemoveOptions{Force: true})
	})
}

func TestAccStack_Made_IsANormalProjectToDockerCompose(t *testing.T) {
	t.Parallel()
	c := acctest.NewCLI(t)
	name := oneStack(t, c, labtest.Host(t), "services: {web: {image: homelab.test/app:1, scale: 2}, api: {image: homelab.test/app:1}}")
	sweepStack(t, labtest.Engine(t), name)
	c.Apply(t)
	compose := newCompose(t, t.TempDir())
	var projects []struct{ Name, Status string }
	if err := json.Unmarshal([]byte(compose.run(t, "ls", "--format", "json")), &projects); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(projects, struct{ Name, Status string }{name, "running(3)"}) {
		t.Errorf("compose ls lists %v", projects)
	}
	var seen []string
	for line := range strings.Lines(compose.run(t, "-p", name, "ps", "--format", "json")) {
		var one struct{ Name, Service, State string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, one.Service+" "+one.Name+" "+one.State)
	}
	slices.Sort(seen)
	requireEqual(t, "compose ps", seen, []string{
		"api " + name + "-api-1 running", "web " + name + "-web-1 running", "web " + name + "-web-2 running"})
}
