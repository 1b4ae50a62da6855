package leaks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// passed are the canaries that come in as ephemeral variables, by the way that
// they go from there.
var passed = []string{
	"env", "bare", "command", "probe", "config", "config-source", "file", "owned", "lines", "special", "external", "hook", "stop",
	"build", "secret-value", "secret-base64", "registry", "compose-secret-name",
}

// aviary is a configuration into which a secret comes by every way that there is.
type aviary struct {
	*acctest.CLI
	engine    *client.Client
	name      string
	base      []string
	values    map[string]string // of this generation, by way
	hound     *hound
	key       *age.X25519Identity
	portainer *acctest.Portainer
	denials   atomic.Int32 // how often the registry was shown the password
	registry  string
	outputs   int
	generated string
}

func newAviary(t *testing.T) *aviary {
	a := &aviary{CLI: acctest.NewCLI(t), engine: labtest.Engine(t), name: acctest.Name(t), hound: &hound{}, key: sopstest.Key(t)}
	acctest.WithSOPS(t)
	t.Cleanup(func() { a.sweep(t) })
	a.portainer = acctest.StartPortainer(t, labtest.Host(t))
	a.Write(t, "portainer.pem", a.portainer.CA)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, ok := r.BasicAuth(); ok && password == a.values["registry"] {
			a.denials.Add(1)
		}
		w.Header().Set("Www-Authenticate", `Basic realm="lab"`)
		http.Error(w, `{"errors":[{"code":"DENIED","message":"nobody is let in"}]}`, http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	a.registry = strings.TrimPrefix(server.URL, "http://")
	a.base = slices.Concat(a.Env, []string{"SOPS_AGE_KEY=" + a.key.String(), "TF_VAR_portainer=" + acctest.PortainerToken})
	a.hound.learn("the key of age", a.key.String())
	a.hound.learn("the Portainer's token", acctest.PortainerToken)
	a.generation(t, "one")
	return a
}

// generation gives every way a secret of its own, and has them looked for from
// now on.
func (a *aviary) generation(t *testing.T, generation string) {
	t.Helper()
	a.values = map[string]string{}
	for _, way := range passed {
		a.values[way] = canary(t, way, generation)
	}
	a.values["lines"] += "\n" + canary(t, "second-line", generation) + "\n"
	a.values["special"] += ` "quoted" $HOME \ & <more>`
	a.values["tls"], a.values["ssh"] = privateKey(t), privateKey(t)
	for _, format := range []sops.Format{sops.YAML, sops.JSON, sops.Dotenv, sops.INI, sops.Binary} {
		a.values["sops-"+string(format)] = canary(t, "sops-"+string(format), generation)
	}
	a.values["local-file"] = canary(t, "local-file", generation)
	for way, value := range a.values {
		a.hound.learn(way+", generation "+generation, value)
	}
	a.encrypt(t)
	a.Write(t, "project/local", a.values["local-file"])
	a.Write(t, "project/key", a.values["ssh"])
}

func canary(t *testing.T, way, generation string) string {
	t.Helper()
	return "c4n4ry-" + way + "-" + generation + "-" + acctest.Name(t)
}

// privateKey is a key whose second line is enough to know it by.
func privateKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (a *aviary) encrypt(t *testing.T) {
	t.Helper()
	for format, plain := range map[sops.Format]string{
		sops.YAML: "deep:\n  secret: %s\n", sops.JSON: `{"secret": %q}`, sops.Dotenv: "SECRET=%s\n", sops.INI: "[main]\nsecret = %s\n", sops.Binary: "%s",
	} {
		text := fmt.Sprintf(plain, a.values["sops-"+string(format)])
		a.Write(t, "secrets."+string(format), string(sopstest.Encrypt(t, format, []byte(text), a.key.Recipient().String())))
	}
}

// birds is the stack: each service by another way. What is in the environment, a
// command or a health check is in the container's configuration, as documented.
const birds = `
services:
  env:
    image: homelab.test/app:1
    environment: ["A=prefix-${env}", "bare", "SPECIAL=${special}"]
  command:
    image: homelab.test/app:1
    command: [serve, -log, "${command}"]
  probe:
    image: homelab.test/app:1
    healthcheck: {test: [CMD, /app, health, -url, "http://127.0.0.1:8080/healthz?x=${probe}"], interval: 1s, timeout: 30s, start_period: 60s}
  config:
    image: homelab.test/app:1
    configs: [{source: rendered, target: /rendered}, {source: named, target: /named}]
  files:
    image: homelab.test/app:1
    secrets: [file, {source: owned, uid: "1000", gid: "100", mode: 0400}, lines, external, local]
  hooks:
    image: homelab.test/app:1
    stop_grace_period: 1s
    post_start: [{command: [/app, job, -log, started], environment: {A: "${hook}"}}]
    pre_stop: [{command: [/app, job, -log, "${stop}"]}]
  sops:
    image: homelab.test/app:1
    secrets: [sops-yaml, sops-json, sops-dotenv, sops-ini, sops-binary]
  node:
    image: homelab.test/app:1
    secrets: [given, based, generated]
  built:
    build:
      context: .
      secrets: [build]
      ssh: ["deploy=./key"]
secrets:
  file: {environment: file}
  owned: {environment: owned}
  lines: {environment: lines}
  external: {external: true}
  local: {file: ./local}
  build: {environment: build}
  sops-yaml: {environment: sops-yaml}
  sops-json: {environment: sops-json}
  sops-dotenv: {environment: sops-dotenv}
  sops-ini: {environment: sops-ini}
  sops-binary: {environment: sops-binary}
  given: {external: true, name: NAME-given}
  based: {external: true, name: NAME-based}
  generated: {external: true, name: NAME-generated}
configs:
  rendered: {content: "token = ${config}"}
  named: {environment: config-source}
`

const dockerfile = `FROM homelab.test/app:1
RUN --mount=type=secret,id=build ["/app", "job", "-print", "/run/secrets/build"]
RUN --mount=type=ssh,id=deploy,required=true,target=/agent ["/app", "job"]
`

const birdhouse = `
provider "homelab" {
  nodes = {
    local = { host = %[1]q }
    nas   = { host = %[2]q, token = var.portainer, tls = { ca_file = "portainer.pem" } }
    away  = { host = "tcp://127.0.0.1:1", tls = { ca_file = "portainer.pem", cert_file = "portainer.pem", key = var.c.tls }, when_offline = "keep" }
  }
  registries = { %[3]q = { username = "lab", password = var.c.registry } }
}

variable "c" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

variable "portainer" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "generation" { type = string }

ephemeral "homelab_sops_file" "this" {
  for_each = { yaml = "yaml", json = "json", dotenv = "dotenv", ini = "ini", binary = "binary" }
  path     = "secrets.${each.key}"
  format   = each.value
}

resource "homelab_secret" "given" {
  name  = "%[4]s-given"
  value = var.c["secret-value"]
}

resource "homelab_secret" "based" {
  name         = "%[4]s-based"
  value_base64 = base64encode(var.c["secret-base64"])
}

resource "homelab_secret" "generated" {
  name     = "%[4]s-generated"
  generate = { length = 40 }
  keepers  = { generation = var.generation }
}

data "homelab_node" "nas" {
  name = "nas"
}

resource "homelab_stack" "this" {
  name              = %[4]q
  project_directory = "project"
  compose           = file("compose.yaml")
  secrets = merge({ for way in ["env", "bare", "special", "command", "probe", "config", "config-source", "file", "owned", "lines", "external", "hook", "stop", "build"] : way => var.c[way] }, {
    sops-yaml   = ephemeral.homelab_sops_file.this["yaml"].values["deep.secret"]
    sops-json   = ephemeral.homelab_sops_file.this["json"].values["secret"]
    sops-dotenv = ephemeral.homelab_sops_file.this["dotenv"].values["SECRET"]
    sops-ini    = ephemeral.homelab_sops_file.this["ini"].values["main.secret"]
    sops-binary = ephemeral.homelab_sops_file.this["binary"].raw
  })
  depends_on = [homelab_secret.given, homelab_secret.based, homelab_secret.generated]
}
`

// configure writes the configuration, and the document with some texts replaced.
func (a *aviary) configure(t *testing.T, more string, replaced ...string) {
	t.Helper()
	text := strings.NewReplacer(slices.Concat([]string{"NAME", a.name}, replaced)...).Replace(birds)
	a.Write(t, "compose.yaml", text)
	a.Write(t, "project/Dockerfile", dockerfile)
	a.Write(t, "main.tf", fmt.Sprintf(birdhouse, labtest.Host(t), a.portainer.Host, a.registry, a.name)+more)
}

// meant tells the files that are secrets by themselves, or encrypted.
func meant(name string) bool { return name == "local" || name == "key" }

// run runs a command with everything that Terraform and the provider can log, and
// looks at all that it wrote.
func (a *aviary) run(t *testing.T, code int, args ...string) acctest.Result {
	t.Helper()
	began := time.Now()
	result := a.start(t, args...).Wait(t)
	t.Log(time.Since(began).Round(time.Second), args)
	a.look(t, strings.Join(args, " "), result)
	if result.Code != code {
		t.Fatalf("terraform %s ended with code %d, not %d:\n%s%s", strings.Join(args, " "), result.Code, code, result.Stdout, result.Stderr)
	}
	return result
}

func (a *aviary) start(t *testing.T, args ...string) *acctest.Process {
	t.Helper()
	values, err := json.Marshal(a.values)
	if err != nil {
		t.Fatal(err)
	}
	a.Env = slices.Concat(a.base, []string{"TF_VAR_c=" + string(values), "TF_LOG=TRACE", "TF_LOG_PATH=" + filepath.Join(a.Dir, "trace.log")})
	return a.Start(t, append(args, "-no-color")...)
}

// look searches what a command left where Terraform runs.
func (a *aviary) look(t *testing.T, command string, result acctest.Result) {
	t.Helper()
	a.hound.search(t, "the output of "+command, []byte(result.Stdout+result.Stderr))
	log := filepath.Join(a.Dir, "trace.log")
	if info, err := os.Stat(log); err != nil || info.Size() < 10_000 {
		t.Fatalf("there is no log of %s: %v", command, err)
	}
	began := time.Now()
	defer func() { t.Log("looked for", time.Since(began).Round(time.Millisecond)) }()
	a.outputs += a.hound.searchFiles(t, a.Dir, meant)
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
}

// lookAtNode searches everything that whoever may list can see on the node but for
// the documented fields: environment, command, entrypoint and health check.
func (a *aviary) lookAtNode(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	search := func(where string, value any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(where, err)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		a.hound.search(t, where, text)
	}
	containers, err := a.engine.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range containers {
		c, err := a.engine.ContainerInspect(ctx, one.ID)
		if errdefs.IsNotFound(err) {
			continue // of another test
		}
		c.Config.Env, c.Config.Cmd, c.Config.Entrypoint, c.Config.Healthcheck, c.Args, c.Path = nil, nil, nil, nil, nil, ""
		if c.State != nil {
			c.State.Health, c.State.Error = nil, ""
		}
		search("container "+c.Name, c, err)
	}
	networks, err := a.engine.NetworkList(ctx, network.ListOptions{})
	search("the networks", networks, err)
	volumes, err := a.engine.VolumeList(ctx, volume.ListOptions{})
	search("the volumes", volumes, err)
	images, err := a.engine.ImageList(ctx, image.ListOptions{All: true})
	search("the images", images, err)
	for _, one := range images {
		inspected, err := a.engine.ImageInspect(ctx, one.ID)
		search("image "+one.ID, inspected, err)
		history, err := a.engine.ImageHistory(ctx, one.ID)
		search("the history of image "+one.ID, history, err)
	}
}

// readGenerated takes the value that was made on the node from the container that
// uses it: nobody else has it.
func (a *aviary) readGenerated(t *testing.T, generation string) {
	t.Helper()
	value := secretOf(t, a.engine, a.name+"-node-1", "/run/secrets/generated")
	if len(value) != 40 || value == a.generated {
		t.Fatalf("generated is %d bytes long, the same as before: %t", len(value), value == a.generated)
	}
	a.generated = value
	a.hound.learn("generated, generation "+generation, value)
}

func TestAccLeaks_ThirtyCanariesThroughEveryWay_AreFoundNowhere(t *testing.T) {
	a := newAviary(t)
	if ways := slices.Sorted(maps.Keys(a.values)); len(ways)+3 < 28 { // the key of age, the Portainer's token and the generated one come on top
		t.Fatalf("there are only %d ways: %v", len(ways), ways)
	}
	a.configure(t, "")
	a.apply(t, "one")
	a.readGenerated(t, "one")
	a.lookAtNode(t)
	a.run(t, 0, "plan", "-detailed-exitcode", "-var=generation=one")

	a.generation(t, "two")
	a.apply(t, "two")
	a.readGenerated(t, "two")
	a.lookAtNode(t)
	a.fails(t)
	a.panics(t)
	a.configure(t, "")
	a.apply(t, "two")
	a.lookAtNode(t)
	a.run(t, 0, "destroy", "-auto-approve", "-var=generation=two")
	a.lookAtNode(t)
	if a.outputs < 1<<20 {
		t.Errorf("only %d bytes were looked at", a.outputs)
	}
}

func (a *aviary) apply(t *testing.T, generation string) {
	t.Helper()
	a.run(t, 0, "plan", "-out=next", "-var=generation="+generation)
	shown := a.Must(t, []string{"show", "-json", "next"})
	a.hound.search(t, "the plan in JSON", []byte(shown.Stdout))
	a.run(t, 0, "apply", "next")
	shown = a.Must(t, []string{"show", "-json"})
	a.hound.search(t, "the state in JSON", []byte(shown.Stdout))
}

// fails has applies fail in several ways, each of which has a secret at hand.
func (a *aviary) fails(t *testing.T) {
	t.Helper()
	ill := `healthcheck: {test: [CMD, /app, health], interval: 1s, retries: 1}`
	a.configure(t, "", `command: [serve, -log, "${command}"]`, `command: [serve, -unhealthy, -log, "${command}"]`+"\n    "+ill)
	result := a.run(t, 1, "apply", "-auto-approve", "-var=generation=two")
	requireSays(t, result.Stderr, "(secret command)", "rolled back")
	a.lookAtNode(t)

	a.configure(t, "", `command: [serve, -log, "${command}"]`, `entrypoint: ["/${command}"]`)
	result = a.run(t, 1, "apply", "-auto-approve", "-var=generation=two")
	requireSays(t, result.Stderr, "(secret command)")
	a.lookAtNode(t)

	a.configure(t, "")
	a.Write(t, "project/Dockerfile", strings.Replace(dockerfile, `"-print", "/run/secrets/build"]`, `"-print", "/run/secrets/build", "-code", "7"]`, 1))
	result = a.run(t, 1, "apply", "-auto-approve", "-var=generation=two")
	requireSays(t, result.Stderr, "exit code: 7")

	a.configure(t, fmt.Sprintf("data \"homelab_image\" \"denied\" {\n  name = \"%s/private:1\"\n}\n", a.registry))
	a.run(t, 1, "plan", "-var=generation=two")
	if a.denials.Load() == 0 {
		t.Error("the registry was never shown the password")
	}
	a.configure(t, "data \"homelab_node\" \"away\" {\n  name = \"away\"\n}\n")
	a.run(t, 1, "plan", "-var=generation=two")
}

// panics has the provider die in the middle of an apply as a panic would have it:
// with the stacks of all its goroutines in Terraform's hands.
func (a *aviary) panics(t *testing.T) {
	t.Helper()
	waits := `healthcheck: {test: [CMD, /app, health, -url, "http://127.0.0.1:9/"], interval: 2s, start_period: 600s}`
	a.configure(t, "", `command: [serve, -log, "${command}"]`, `command: [serve, -log, "${command}"]`+"\n    "+waits)
	p := a.start(t, "apply", "-auto-approve", "-var=generation=two")
	for deadline := time.Now().Add(5 * time.Minute); !a.isStarting(t); time.Sleep(100 * time.Millisecond) {
		select {
		case <-p.Done():
			result := p.Wait(t)
			t.Fatalf("the apply ended by itself:\n%s%s", result.Stdout, result.Stderr)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing starts")
		}
	}
	p.AbortProvider(t)
	result := p.Wait(t)
	log, err := os.ReadFile(filepath.Join(a.Dir, "trace.log"))
	if err != nil || !strings.Contains(string(log)+result.Stderr, "goroutine ") {
		t.Errorf("there is no trace of the stacks (%v):\n%s", err, result.Stderr)
	}
	a.look(t, "the apply that broke off", result)
	a.lookAtNode(t)
}

// isStarting tells whether the container that is waited for is up.
func (a *aviary) isStarting(t *testing.T) bool {
	t.Helper()
	list, err := a.engine.ContainerList(t.Context(), container.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(list, func(c container.Summary) bool {
		return c.Labels["com.docker.compose.project"] == a.name && c.Labels["com.docker.compose.service"] == "command" && strings.Contains(c.Status, "starting")
	})
}

// sweep removes what a test that failed left.
func (a *aviary) sweep(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	containers, _ := a.engine.ContainerList(ctx, container.ListOptions{All: true})
	for _, c := range containers {
		if c.Labels["com.docker.compose.project"] == a.name {
			_ = a.engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}
	}
	_ = a.engine.NetworkRemove(ctx, a.name+"_default")
	volumes, _ := a.engine.VolumeList(ctx, volume.ListOptions{})
	for _, v := range volumes.Volumes {
		if strings.HasPrefix(v.Name, a.name) || strings.Contains(v.Name, a.name) {
			_ = a.engine.VolumeRemove(ctx, v.Name, true)
		}
	}
}
