package stack_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// dockerLogin gives a command line's provider a Docker configuration of its own,
// and a program docker-credential-lab that says what is in the file answer.
func dockerLogin(t *testing.T, c *acctest.CLI) (dir string, config, answer func(text string)) {
	t.Helper()
	dir = t.TempDir()
	write := func(name string, mode os.FileMode) func(string) {
		return func(text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	said := filepath.Join(dir, "answer")
	write("docker-credential-lab", 0o700)(fmt.Sprintf("#!/bin/sh\ncat > /dev/null\ncat %s\ntest -s %s\n", said, said))
	c.Env = append(c.Env, "DOCKER_CONFIG="+dir, "DOCKER_AUTH_CONFIG=", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return dir, write("config.json", 0o600), write("answer", 0o600)
}

const helperConfig = `{"credHelpers": {%q: "lab"}}`

// privateStack pulls one image, and builds from two others with the engine's two
// builders; the data source looks a fourth one up.
func privateStack(t *testing.T, c *acctest.CLI, r *testRegistry, settings string) (name string) {
	t.Helper()
	name = acctest.Name(t)
	sweepStack(t, labtest.Engine(t), name)
	c.Write(t, "made/page", "one")
	c.Write(t, "main.tf", fmt.Sprintf(`
provider "homelab" {
  nodes      = { local = { host = %q } }
  registries = { %s }
}
data "homelab_image" "looked" {
  name = "%[3]s/looked:1"
}
resource "homelab_stack" "this" {
  name              = %[4]q
  pull              = "digest"
  project_directory = path.module
  compose = jsonencode({ services = {
    pulled   = { image = "%[3]s/pulled:1", stop_grace_period = "1s" }
    classic  = { stop_grace_period = "1s", build = { context = "./made", network = "bridge", dockerfile_inline = "FROM %[3]s/classic:1\nENV MADE=yes\n" } }
    buildkit = { stop_grace_period = "1s", build = { context = "./made", dockerfile_inline = "FROM %[3]s/buildkit:1\nENV MADE=yes\n" } }
  } })
}
`, labtest.Host(t), settings, r.address, name))
	return name
}

// What is asked for a pull, a look-up and either builder is one set of
// credentials, wherever it comes from; it is nowhere but there.
func TestAccStack_RegistryBehindLogin_CredentialHelperOpensItForAll(t *testing.T) {
	labtest.Require(t)
	c, r := acctest.NewCLI(t), startRegistry(t)
	for _, name := range []string{"pulled:1", "classic:1", "buildkit:1", "looked:1"} {
		r.push(t, images.AppV1, name)
		r.forget(t, name)
	}
	r.behaves(behindLogin("hunter2"))
	_, config, answer := dockerLogin(t, c)
	config(fmt.Sprintf(helperConfig, r.address))
	answer(`{"ServerURL": "x", "Username": "lab", "Secret": "hunter2"}`)
	privateStack(t, c, r, "")
	c.Env = append(c.Env, "TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH="+filepath.Join(c.Dir, "log"))
	said := c.Apply(t)
	texts := []string{said.Stdout, said.Stderr}
	for _, name := range []string{"terraform.tfstate", "log"} {
		text, err := os.ReadFile(filepath.Join(c.Dir, name))
		if err != nil || len(text) == 0 {
			t.Fatal(name, err)
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		if strings.Contains(text, "hunter2") || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("lab:hunter2"))) {
			t.Error("the password is shown")
		}
	}
	c.RequireEmptyPlan(t)
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

func TestAccStack_RegistryDeniesThePull_ErrorSaysWhatItWasAskedWith(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	c, r := acctest.NewCLI(t), startRegistry(t)
	r.behaves(behindLogin("hunter2"))
	dir, config, answer := dockerLogin(t, c)
	file := filepath.Join(dir, "config.json")
	answer(`{"Username": "lab", "Secret": "swordfish"}`)
	name := acctest.Name(t)
	sweepStack(t, labtest.Engine(t), name)
	registries := func(settings string) {
		c.Write(t, "main.tf", fmt.Sprintf("provider \"homelab\" {\n  nodes = { local = { host = %q } }\n  registries = { %s }\n}\n"+
			"resource \"homelab_stack\" \"this\" {\n  name = %q\n  compose = \"services: {web: {image: \\\"%s/private:1\\\"}}\"\n}\n", labtest.Host(t), settings, name, r.address))
	}
	plain := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.address, base64.StdEncoding.EncodeToString([]byte("lab:swordfish")))
	own := fmt.Sprintf(`%q = { username = "lab", password = "swordfish" }`, r.address)
	for _, one := range []struct{ settings, config, want string }{
		{own, fmt.Sprintf(helperConfig, r.address), fmt.Sprintf("(it was asked with the username and password of registries[%q] in the provider block)", r.address)},
		{"", fmt.Sprintf(helperConfig, r.address), "(it was asked with the credential helper docker-credential-lab)"},
		{"", plain, "(it was asked with the Docker configuration file " + file + ")"},
		{"", "{}", "(it was asked with no credentials (the Docker configuration file " + file + " has none))"},
	} {
		registries(one.settings)
		config(one.config)
		got := errorsOf(t, c, "apply", "-auto-approve")
		requireSaid(t, got, "Unable to converge stack", atStack, `Service "web" of stack "`+name+`" on node "local": pull image `+r.address+"/private:1: ", one.want)
		if strings.Contains(fmt.Sprint(got), "swordfish") {
			t.Errorf("the password is shown: %v", got)
		}
	}
	config(fmt.Sprintf(helperConfig, r.address))
	answer("") // the helper then ends with an error
	requireSaid(t, errorsOf(t, c, "apply", "-auto-approve"), "Unable to converge stack", atStack,
		fmt.Sprintf(`find credentials: get credentials of registry %q from the credential helper docker-credential-lab: it ended with exit status 1; `+
			`run "echo %s | docker-credential-lab get" where Terraform runs to see why, or set username and password under registries[%q] in the provider block`, r.address, r.address, r.address))
}
