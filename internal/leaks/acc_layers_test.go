package leaks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// layered is the example "layers" in a directory of its own, on the lab's images.
type layered struct {
	*acctest.CLI
	engine  *client.Client
	key     *age.X25519Identity
	without []string // environment without the key
	with    []string // and with it
}

const (
	layersStack   = "layers"
	layersAddress = "homelab_stack.app"
)

func newLayered(t *testing.T, cli *acctest.CLI) *layered {
	t.Helper()
	acctest.WithSOPS(t)
	l := &layered{CLI: cli, engine: labtest.Engine(t), key: sopstest.Key(t)}
	l.sweep(t)
	t.Cleanup(func() { l.sweep(t) })
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.tf", "base.yaml", "compose.yaml", "secrets.enc.yaml"} {
		content, err := os.ReadFile(filepath.Join(root, "examples", "layers", name))
		if err != nil {
			t.Fatal(err)
		}
		l.Write(t, name, string(content))
	}
	if err := os.Remove(filepath.Join(l.Dir, "terraform.tf")); err != nil { // the example has its own
		t.Fatal(err)
	}
	l.machine(t, "Europe/Madrid")
	l.Write(t, "compose.local.yaml", "services: {db: {command: [serve]}}\n")
	l.without = slices.Concat(l.Env, []string{"DOCKER_HOST=" + labtest.Host(t)}, keyless(t))
	l.with = slices.Concat(l.without, []string{"SOPS_AGE_KEY=" + l.key.String()})
	return l
}

// keyless is an environment without any key of whoever runs the test.
func keyless(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	return []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home,
		"SOPS_AGE_KEY=", "SOPS_AGE_KEY_FILE=", "SOPS_AGE_KEY_CMD=", "SOPS_AGE_SSH_PRIVATE_KEY_FILE=", "SOPS_AGE_SSH_PRIVATE_KEY_CMD="}
}

// machine writes the layer that git ignores.
func (l *layered) machine(t *testing.T, zone string) {
	t.Helper()
	l.Write(t, "machine.local.yaml", fmt.Sprintf("TZ: %s\nWEB_IMAGE: homelab.test/app:1\nAPP_IMAGE: homelab.test/app:1\nDB_IMAGE: homelab.test/app:1\n", zone))
}

// encrypt writes the layer of secrets.
func (l *layered) encrypt(t *testing.T, password, token string) {
	t.Helper()
	plain := fmt.Sprintf("db: {password: %s}\napi: {token: %s}\n", password, token)
	l.Write(t, "secrets.enc.yaml", string(sopstest.Encrypt(t, sops.YAML, []byte(plain), l.key.Recipient().String())))
}

// run runs a command with or without the key, and tells how it ended.
func (l *layered) run(t *testing.T, env []string, code int, args ...string) acctest.Result {
	t.Helper()
	l.Env = env
	return l.Must(t, append(args, "-no-color"), code)
}

// plan makes a saved plan and returns it.
func (l *layered) plan(t *testing.T, env []string, code int) (acctest.Result, *tfjson.Change) {
	t.Helper()
	result := l.run(t, env, code, "plan", "-out=next", "-detailed-exitcode")
	shown := l.Must(t, []string{"show", "-json", "next"})
	var plan tfjson.Plan
	if err := json.Unmarshal([]byte(shown.Stdout), &plan); err != nil {
		t.Fatal(err)
	}
	change, err := acctest.Change(&plan, layersAddress)
	if err != nil {
		t.Fatal(err)
	}
	return result, change
}

// containers are the stack's, by service: what changes when one is recreated.
func (l *layered) containers(t *testing.T) map[string]string {
	t.Helper()
	list, err := l.engine.ContainerList(t.Context(), container.ListOptions{All: true, Filters: mine()})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, c := range list {
		ids[c.Labels["com.docker.compose.service"]] = c.ID
	}
	return ids
}

func mine() filters.Args {
	return filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+layersStack))
}

// requireNothing requires that the node has nothing of the stack.
func (l *layered) requireNothing(t *testing.T) {
	t.Helper()
	if names := l.volumes(t); len(names) > 0 {
		t.Errorf("there are volumes: %v", names)
	}
	if left := l.containers(t); len(left) > 0 {
		t.Errorf("there are containers of %v", left)
	}
}

func (l *layered) sweep(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	list, err := l.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: mine()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		_ = l.engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true})
	}
	networks, err := l.engine.NetworkList(ctx, network.ListOptions{Filters: mine()})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks {
		_ = l.engine.NetworkRemove(ctx, n.ID)
	}
	for _, name := range l.volumes(t) {
		_ = l.engine.VolumeRemove(ctx, name, true)
	}
}

func (l *layered) volumes(t *testing.T) []string {
	t.Helper()
	volumes, err := l.engine.VolumeList(context.WithoutCancel(t.Context()), volume.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range volumes.Volumes {
		if strings.HasPrefix(v.Name, layersStack+"_") {
			names = append(names, v.Name)
		}
	}
	return names
}

// requireMade requires that exactly some services were recreated.
func requireMade(t *testing.T, before, after map[string]string, again ...string) {
	t.Helper()
	for service, id := range after {
		if made := before[service] != id; made != slices.Contains(again, service) {
			t.Errorf("service %s: recreated is %t", service, made)
		}
	}
}

// requireDifferences requires the lines of acctest.Differences.
func requireDifferences(t *testing.T, change *tfjson.Change, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := acctest.Differences(change); !slices.Equal(got, want) {
		t.Errorf("the plan says\n  %s\nand should say\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func requireSays(t *testing.T, text string, words ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(text)), " ")
	for _, word := range words {
		if !strings.Contains(flat, word) {
			t.Errorf("%q is not said in:\n%s", word, text)
		}
	}
}

const (
	appURL   = `services.app.spec.environment.DATABASE_URL`
	appToken = `services.app.spec.secrets./run/secrets/api_token`
	dbFile   = `services.db.spec.secrets./run/secrets/db_password`
)

func TestAccLayers_WithoutTheKey_PlansAllButWhatSecretsHold(t *testing.T) {
	t.Run("terraform", func(t *testing.T) { layersWithoutKey(t, acctest.NewCLI(t)) })
	t.Run("opentofu", func(t *testing.T) { layersWithoutKey(t, acctest.NewOpenTofu(t)) })
}

func layersWithoutKey(t *testing.T, cli *acctest.CLI) {
	l := newLayered(t, cli)
	requireFirstPlan(t, l)
	result := l.run(t, l.without, 1, "apply", "-auto-approve")
	requireSays(t, result.Stderr, "secrets.enc.yaml is encrypted to keys that are not here:", "no age key was found")
	l.requireNothing(t)

	l.encrypt(t, "first-password", "first-token")
	l.run(t, l.with, 0, "apply", "-auto-approve")
	l.run(t, l.with, 0, "plan", "-detailed-exitcode")
	made := l.containers(t)

	const same = `"secret (version 1)" -> (known after apply)`
	result, change := l.plan(t, l.without, 2)
	requireDifferences(t, change, appURL+": "+same, appToken+": "+same, dbFile+": "+same)
	requireSays(t, result.Stdout+result.Stderr, "SOPS file not decrypted", "age "+l.key.Recipient().String(), "API_TOKEN, DB_PASSWORD (used by app, db)",
		"these services are recreated: app, db.")
	l.run(t, l.without, 1, "apply", "next")
	requireMade(t, made, l.containers(t))
	l.run(t, l.with, 0, "apply", "next") // the values are the same: nothing is to be done
	requireMade(t, made, l.containers(t))

	l.machine(t, "Asia/Tokyo")
	_, change = l.plan(t, l.without, 2)
	if text := strings.Join(acctest.Differences(change), "\n"); !strings.Contains(text, `services.web.spec.environment.TZ: "Europe/Madrid" -> "Asia/Tokyo"`) ||
		!strings.Contains(text, `services.app.spec.environment.TZ: "Europe/Madrid" -> "Asia/Tokyo"`) {
		t.Errorf("the plan does not show the change that is not a secret:\n%s", text)
	}
	l.run(t, l.with, 0, "apply", "next")
	requireMade(t, made, l.containers(t), "web", "app")

	made = l.containers(t)
	l.encrypt(t, "second-password", "first-token")
	l.plan(t, l.without, 2)
	l.run(t, l.with, 0, "apply", "next") // made without the key, before anyone knew that it rotated
	requireMade(t, made, l.containers(t), "app", "db")
	l.run(t, l.with, 0, "plan", "-detailed-exitcode")
	l.run(t, l.with, 0, "destroy", "-auto-approve")
}

// requireFirstPlan requires that a plan of what is not there yet shows all of it.
func requireFirstPlan(t *testing.T, l *layered) {
	t.Helper()
	result, change := l.plan(t, l.without, 2)
	requireSays(t, result.Stdout+result.Stderr, "SOPS file not decrypted", "API_TOKEN, DB_PASSWORD (used by app, db)")
	services := change.After.(map[string]any)["services"].(map[string]any)
	for service, fields := range map[string]map[string]string{
		"web": {"environment.TZ": "Europe/Madrid"},
		"app": {"environment.TZ": "Europe/Madrid", "environment.DATABASE_URL": "secret (version 1)", "secrets./run/secrets/api_token": "secret (version 1)"},
		"db":  {"environment.POSTGRES_DB": "app", "secrets./run/secrets/db_password": "secret (version 1)"},
	} {
		spec := services[service].(map[string]any)["spec"].(map[string]any)
		for field, value := range fields {
			if spec[field] != value {
				t.Errorf("%s of %s is planned as %v, not %s", field, service, spec[field], value)
			}
		}
	}
	l.requireNothing(t)
}
