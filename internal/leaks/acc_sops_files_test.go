package leaks_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// late has a stack that needs nothing of the file, and a file whose path is known
// only when that stack is there: without the provider's sops_files, the stack would
// always be changed before the file is opened.
func late(host, name, zone, files, more string) string {
	return fmt.Sprintf(`
provider "homelab" {
  nodes      = { local = { host = %[1]q } }
  sops_files = %[4]s
}
resource "homelab_stack" "first" {
  name    = "%[2]s-first"
  compose = "services: {app: {image: 'homelab.test/app:1', environment: {TZ: '%[3]s'}}}"
}
data "homelab_node" "later" {
  name       = "local"
  depends_on = [homelab_stack.first]
}
ephemeral "homelab_sops_file" "secrets" {
  path         = "${path.module}/${data.homelab_node.later.name == "local" ? "secrets" : "other"}.enc.yaml"
  key_required = terraform.applying
  placeholders = true
}
resource "homelab_stack" "second" {
  name    = "%[2]s-second"
  compose = "services: {app: {image: 'homelab.test/app:1', environment: {TOKEN: '$${TOKEN}'}}}"
  secrets = { TOKEN = ephemeral.homelab_sops_file.secrets.values["token"] }
}
%[5]s`, host, name, zone, files, more)
}

func TestAccLayers_SOPSFilesWithoutTheKey_NothingChanges(t *testing.T) {
	t.Run("terraform", func(t *testing.T) { sopsFilesWithoutKey(t, acctest.NewCLI(t)) })
	t.Run("opentofu", func(t *testing.T) { sopsFilesWithoutKey(t, acctest.NewOpenTofu(t)) })
}

func sopsFilesWithoutKey(t *testing.T, cli *acctest.CLI) {
	acctest.WithSOPS(t)
	engine, host, name, key := labtest.Engine(t), labtest.Host(t), acctest.Name(t), sopstest.Key(t)
	without := slices.Concat(cli.Env, keyless(t))
	with := append(slices.Clone(without), "SOPS_AGE_KEY="+key.String())
	run := func(env []string, code int, args ...string) acctest.Result {
		cli.Env = env
		return cli.Must(t, append(args, "-no-color"), code)
	}
	containers := func() map[string]string {
		all := map[string]string{}
		for _, stack := range []string{"first", "second", "gone"} {
			if id := ofStack(t, engine, name+"-"+stack)["app"]; id != "" {
				all[stack] = id
			}
		}
		return all
	}
	refused := func(want map[string]string, args ...string) {
		t.Helper()
		result := run(without, 1, args...)
		requireSays(t, result.Stderr, "secrets.enc.yaml is encrypted to keys that are not here: age "+key.Recipient().String()+": no age key was found",
			"SOPS_AGE_KEY_FILE", "The provider's sops_files have this file, so nothing was created, changed or removed.")
		if got := containers(); !maps.Equal(got, want) {
			t.Errorf("%v: there are %v, and were %v", args, got, want)
		}
	}
	cli.Write(t, "secrets.enc.yaml", string(sopstest.Encrypt(t, sops.YAML, []byte("token: a\n"), key.Recipient().String())))
	const files = `fileset(path.root, "*.enc.yaml")`
	cli.Write(t, "main.tf", late(host, name, "Europe/Madrid", files, fmt.Sprintf(`
resource "homelab_stack" "gone" {
  name    = "%s-gone"
  compose = "services: {app: {image: 'homelab.test/app:1'}}"
}`, name)))
	refused(map[string]string{}, "apply", "-auto-approve", "-parallelism=1")
	run(without, 2, "plan", "-out=next", "-detailed-exitcode")
	run(with, 0, "apply", "next") // planned where the key is not, applied where it is
	run(with, 0, "plan", "-detailed-exitcode")
	made := containers()

	cli.Write(t, "main.tf", late(host, name, "Asia/Tokyo", files, ""))
	run(without, 2, "plan", "-out=next", "-detailed-exitcode")
	refused(made, "apply", "next")
	run(with, 0, "apply", "-auto-approve")
	if now := containers(); now["first"] == made["first"] || now["second"] != made["second"] || now["gone"] != "" || len(made) != 3 {
		t.Errorf("applied with the key, %v became %v", made, now)
	}
	refused(containers(), "destroy", "-auto-approve")
	cli.Write(t, "main.tf", late(host, name, "Asia/Tokyo", "[]", "")) // for who lost the key
	run(without, 0, "destroy", "-auto-approve")
	if left := containers(); len(left) > 0 {
		t.Errorf("destroying without the key leaves %v", left)
	}
}
