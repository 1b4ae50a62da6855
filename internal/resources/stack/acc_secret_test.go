package stack_test

import (
	"archive/zip"
	"bytes"
	"crypto/md5"  //nolint:gosec // what is looked for, not what protects
	"crypto/sha1" //nolint:gosec // what is looked for, not what protects
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// secretCompose uses a secret in every way there is. plain and ext don't use
// the one that changes.
const secretCompose = `
services:
  env:
    image: homelab.test/app:1
    environment: {TOKEN: "prefix-${TOKEN}"}
  file:
    image: homelab.test/app:1
    secrets: [{source: delivered, target: token}]
  cmd:
    image: homelab.test/app:1
    command: ["serve", "-log", "${TOKEN}"]
  conf:
    image: homelab.test/app:1
    configs: [{source: rendered, target: /app.conf}]
  ext:
    image: homelab.test/app:1
    secrets: [elsewhere]
  hook:
    image: homelab.test/app:1
    post_start: [{command: [/app, job], environment: {TOKEN: "${TOKEN}"}}]
  plain:
    image: homelab.test/app:1
secrets:
  delivered: {environment: TOKEN}
  elsewhere: {external: true}
configs:
  rendered: {content: "token = ${TOKEN}"}
`

// canary is a secret that is looked for wherever it must not be.
type canary struct{ name, value string }

// traces are the texts that would give the secret away: itself, any fast hash of
// it or of a text around it, and base64 of any of them.
func (c canary) traces() map[string]string {
	traces := map[string]string{"itself": c.value}
	for _, text := range []string{c.value, "prefix-" + c.value, "token = " + c.value} {
		s256, s1, m5 := sha256.Sum256([]byte(text)), sha1.Sum([]byte(text)), md5.Sum([]byte(text)) //nolint:gosec // as above
		for name, sum := range map[string][]byte{"SHA-256": s256[:], "SHA-1": s1[:], "MD5": m5[:]} {
			traces[name+" of "+text] = hex.EncodeToString(sum)
			traces[name+" of "+text+", base64"] = strings.TrimRight(base64.StdEncoding.EncodeToString(sum), "=")
		}
	}
	for shift := range 3 { // base64 looks different for every position in a group of three
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + c.value))
		traces[fmt.Sprintf("base64, shifted by %d", shift)] = encoded[4 : len(encoded)-4]
	}
	return traces
}

func (c canary) requireAbsent(t *testing.T, where string, content []byte) {
	t.Helper()
	for what, trace := range c.traces() {
		if i := bytes.Index(content, []byte(trace)); i >= 0 {
			t.Errorf("%s holds %s (%s): …%s…", where, c.name, what, content[max(0, i-120):min(len(content), i+len(trace)+20)])
		}
	}
}

// requireAbsentFromFiles looks at every file below the directory; into plans,
// which are zip archives, too.
func (c canary) requireAbsentFromFiles(t *testing.T, dir string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		c.requireAbsent(t, entry.Name(), content)
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil //nolint:nilerr // not an archive
		}
		for _, file := range archive.File {
			reader, err := file.Open()
			if err != nil {
				return err
			}
			inner, err := io.ReadAll(reader)
			if err != nil {
				return err
			}
			c.requireAbsent(t, entry.Name()+": "+file.Name, inner)
		}
		return nil
	})
	if err != nil || looked == 0 {
		t.Errorf("looked at %d files of %s: %v", looked, dir, err)
	}
}

// requireAbsentFromEngine looks at names and labels, which everyone may list.
func (c canary) requireAbsentFromEngine(t *testing.T, engine *client.Client, stack string) {
	t.Helper()
	var seen []string
	for _, one := range containersOf(t, engine, stack) {
		seen = append(seen, fmt.Sprint(one.Names, one.Labels))
	}
	networks, err := engine.NetworkList(t.Context(), network.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range networks {
		seen = append(seen, fmt.Sprint(one.Name, one.Labels, one.Options))
	}
	volumes, err := engine.VolumeList(t.Context(), volume.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range volumes.Volumes {
		seen = append(seen, fmt.Sprint(one.Name, one.Labels, one.Options))
	}
	images, err := engine.ImageList(t.Context(), image.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range images {
		seen = append(seen, fmt.Sprint(one.RepoTags, one.Labels))
	}
	c.requireAbsent(t, "the engine", []byte(strings.Join(seen, "\n")))
}

// secretStack is a configuration whose secrets come from the environment, as
// ephemeral variables.
type secretStack struct {
	*acctest.CLI
	name string
	base []string
}

func newSecretStack(t *testing.T, document string) *secretStack {
	s := &secretStack{CLI: acctest.NewCLI(t), name: acctest.Name(t)}
	s.base = s.Env
	sweepStack(t, labtest.Engine(t), s.name)
	s.Write(t, "compose.yaml", document)
	s.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
variable "token" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "elsewhere" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "homelab_stack" "this" {
  name    = %q
  compose = file("compose.yaml")
  secrets = { TOKEN = var.token, elsewhere = var.elsewhere }
}
`, s.name))
	return s
}

// run runs a command with the secrets and everything that Terraform and the
// provider can log, and looks for the secrets in what they wrote.
func (s *secretStack) run(t *testing.T, token, elsewhere canary, args []string, codes ...int) acctest.Result {
	t.Helper()
	log := filepath.Join(s.Dir, "trace.log")
	s.Env = slices.Concat(s.base, []string{"TF_VAR_token=" + token.value, "TF_VAR_elsewhere=" + elsewhere.value, "TF_LOG=TRACE", "TF_LOG_PATH=" + log})
	result := s.Must(t, args, codes...)
	if info, err := os.Stat(log); err != nil || info.Size() == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	for _, c := range []canary{token, elsewhere} {
		c.requireAbsent(t, "the output", []byte(result.Stdout+result.Stderr))
		c.requireAbsentFromFiles(t, s.Dir)
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	return result
}

func newCanary(t *testing.T, name string) canary {
	return canary{name, "c4n4ry-" + name + "-" + acctest.Name(t)}
}

func TestAccStack_Secret_LeavesNoTraceAndItsChangeReachesItsUsersOnly(t *testing.T) {
	t.Parallel()
	engine := labtest.Engine(t)
	s := newSecretStack(t, secretCompose)
	first, second, elsewhere := newCanary(t, "first"), newCanary(t, "second"), newCanary(t, "elsewhere")
	all := []canary{first, second, elsewhere}
	plan, apply := []string{"plan", "-no-color", "-out=next"}, []string{"apply", "-no-color", "next"}

	s.run(t, first, elsewhere, plan)
	s.run(t, first, elsewhere, []string{"show", "-json", "next"})
	s.run(t, first, elsewhere, apply)
	s.run(t, first, elsewhere, []string{"plan", "-no-color", "-detailed-exitcode"})
	before, volumes := identities(t, engine, s.name), volumesOf(t, engine, s.name)
	id := func(service string) string { return s.name + "-" + service + "-1" }
	hash := labelsOf(t, engine, id("env"))

	result := s.run(t, second, elsewhere, plan)
	requireRotation(t, s, result.Stdout)
	s.run(t, second, elsewhere, []string{"show", "-json", "next"})
	s.run(t, second, elsewhere, apply)
	s.run(t, second, elsewhere, []string{"plan", "-no-color", "-detailed-exitcode"})

	after := identities(t, engine, s.name)
	for service, changes := range map[string]bool{"env": true, "file": true, "cmd": true, "conf": true, "hook": true, "ext": false, "plain": false} {
		if after[id(service)] == "" || (after[id(service)] != before[id(service)]) != changes {
			t.Errorf("container of %s: was %s and is %s", service, before[id(service)], after[id(service)])
		}
	}
	requireEqual(t, "the delivered secret", readFile(t, engine, id("file"), "/run/secrets/token"), second.value)
	requireEqual(t, "the config", readFile(t, engine, id("conf"), "/app.conf"), "token = "+second.value)
	requireEqual(t, "the external secret", readFile(t, engine, id("ext"), "/run/secrets/elsewhere"), elsewhere.value)
	env, err := engine.ContainerInspect(t.Context(), id("env"))
	if err != nil || !strings.Contains(strings.Join(env.Config.Env, "\n"), "TOKEN=prefix-"+second.value) {
		t.Errorf("the environment is %v (%v)", env.Config.Env, err)
	}
	replaced := volumesOf(t, engine, s.name)
	if len(replaced) != len(volumes) || strings.Join(replaced, " ") == strings.Join(volumes, " ") {
		t.Errorf("volumes were %v and are %v", volumes, replaced)
	}
	for _, key := range []string{"com.docker.compose.config-hash", "io.homelab.spec-hash"} {
		requireEqual(t, key+", which no secret may change", labelsOf(t, engine, id("env"))[key], hash[key])
	}
	for _, c := range all {
		c.requireAbsentFromEngine(t, engine, s.name)
		c.requireAbsentFromFiles(t, s.Dir)
	}
}

// requireRotation requires that the plan shows a new version of the secret for
// its users and nothing of the others.
func requireRotation(t *testing.T, s *secretStack, text string) {
	t.Helper()
	if !strings.Contains(text, `"secret (version 1)" -> "secret (version 2)"`) {
		t.Errorf("the plan shows no new version:\n%s", text)
	}
	change := showPlan(t, s.CLI, "next").ResourceChanges[0].Change
	before := change.Before.(map[string]any)["services"].(map[string]any)
	after := change.After.(map[string]any)["services"].(map[string]any)
	for service, field := range map[string]string{"env": "environment.TOKEN", "file": "secrets./run/secrets/token",
		"cmd": "command", "conf": "configs./app.conf", "hook": "post_start.0.environment.TOKEN"} {
		was, will := before[service].(map[string]any)["spec"].(map[string]any), after[service].(map[string]any)["spec"].(map[string]any)
		requireEqual(t, service+" before", was[field], any("secret (version 1)"))
		requireEqual(t, service+" after", will[field], any("secret (version 2)"))
		delete(was, field)
		delete(will, field)
		requireEqual(t, "all else of "+service, will, was)
	}
	for _, service := range []string{"ext", "plain"} {
		requireEqual(t, service, after[service], before[service])
	}
}

func labelsOf(t *testing.T, engine *client.Client, name string) map[string]string {
	t.Helper()
	c, err := engine.ContainerInspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c.Config.Labels
}

func TestAccStack_SecretInAFailingContainersWords_IsNotShown(t *testing.T) {
	t.Parallel()
	s := newSecretStack(t, `
services:
  talks:
    image: homelab.test/app:1
    command: ["serve", "-log", "my token is ${TOKEN}", "-exit-after", "50ms", "-code", "3"]
  wrong:
    image: homelab.test/app:1
    entrypoint: ["/${TOKEN}"]
`)
	token, elsewhere := newCanary(t, "token"), newCanary(t, "elsewhere")
	result := s.run(t, token, elsewhere, []string{"apply", "-no-color", "-auto-approve"}, 1)
	if !strings.Contains(result.Stderr, "my token is (secret TOKEN)") {
		t.Errorf("the error does not show the log with the secret's name in its place:\n%s", result.Stderr)
	}
}
