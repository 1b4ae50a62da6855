package sopsfile_test

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// TestMain puts the program that decrypts where the provider looks for it: beside
// its own, which is the test's.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(resource.EnvTfAcc) == "" {
		os.Exit(m.Run())
	}
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	if err := acctest.BuildSOPS(filepath.Join(filepath.Dir(self), sops.Program)); err != nil {
		log.Fatal(err)
	}
	os.Exit(m.Run())
}

// echoing is a provider that puts an ephemeral value into a state, for the test.
func echoing() map[string]func() (tfprotov6.ProviderServer, error) {
	factories := acctest.Factories()
	factories["echo"] = echoprovider.NewProviderServer()
	return factories
}

func config(path, more string) string {
	return fmt.Sprintf(`
ephemeral "homelab_sops_file" "this" {
  path = %q
  %s
}

provider "echo" {
  data = ephemeral.homelab_sops_file.this
}

resource "echo" "this" {}
`, path, more)
}

// noKeys takes away the keys of the user who runs the test.
func noKeys(t *testing.T) {
	t.Helper()
	for _, name := range []string{"SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// check runs steps of one state; the echoing resource keeps what it first got.
func check(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: echoing(),
		Steps:                    steps,
	})
}

func said(text string) *regexp.Regexp {
	return regexp.MustCompile(strings.Join(strings.Fields(regexp.QuoteMeta(text)), `\s+`))
}

func TestAccSOPSFile_KeyAtHand_GivesValues(t *testing.T) {
	noKeys(t)
	key := sopstest.Key(t)
	t.Setenv("SOPS_AGE_KEY", key.String())
	to := key.Recipient().String()
	yaml := write(t, "secrets.yaml", sopstest.Encrypt(t, sops.YAML, []byte("db:\n  users: [{password: hunter2}]\nnone: null\n"), to))
	bytes := write(t, "keytab", sopstest.Encrypt(t, sops.Binary, []byte("\xff\x00"), to))
	dotenv := write(t, "secrets", sopstest.Encrypt(t, sops.Dotenv, []byte("TOKEN=abc\n"), to))
	at := func(path ...string) tfjsonpath.Path {
		p := tfjsonpath.New("data")
		for _, step := range path {
			p = p.AtMapKey(step)
		}
		return p
	}
	check(t,
		resource.TestStep{Config: config(yaml, ""), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo.this", at("values", "db.users.0.password"), knownvalue.StringExact("hunter2")),
			statecheck.ExpectKnownValue("echo.this", at("values", "none"), knownvalue.Null()),
			statecheck.ExpectKnownValue("echo.this", at("raw"), knownvalue.StringRegexp(regexp.MustCompile(`(?s)^db:\n.*hunter2\n`))),
		}},
	)
	check(t,
		resource.TestStep{Config: config(bytes, ""), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo.this", at("values"), knownvalue.Null()),
			statecheck.ExpectKnownValue("echo.this", at("raw"), knownvalue.Null()),
			statecheck.ExpectKnownValue("echo.this", at("raw_base64"), knownvalue.StringExact("/wA=")),
		}},
	)
	check(t,
		resource.TestStep{Config: config(dotenv, `format = "dotenv"`), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo.this", at("values", "TOKEN"), knownvalue.StringExact("abc")),
		}},
	)
}

func TestAccSOPSFile_CannotBeDecrypted_SaysWhatToDo(t *testing.T) {
	noKeys(t)
	to := sopstest.Key(t).Recipient().String()
	encrypted := sopstest.Encrypt(t, sops.YAML, []byte("a: b\n"), to)
	file := write(t, "secrets.yaml", encrypted)
	plain := write(t, "plain.yaml", []byte("a: b\n"))
	check(t,
		resource.TestStep{Config: config(filepath.Join(t.TempDir(), "none.yaml"), ""), PlanOnly: true,
			ExpectError: said("no such file or directory. A relative path starts where Terraform runs; begin it with ${path.module} for a file beside the module.")},
		resource.TestStep{Config: config(plain, ""), PlanOnly: true,
			ExpectError: said("plain.yaml is not encrypted with SOPS.")},
		resource.TestStep{Config: config(file, `format = "json"`), PlanOnly: true,
			ExpectError: said("secrets.yaml cannot be read as json. Correct the file, or set format to what it is.")},
		resource.TestStep{Config: config(file, `format = "toml"`), PlanOnly: true,
			ExpectError: said(`Attribute format value must be one of`)},
		resource.TestStep{Config: config(file, ""), PlanOnly: true,
			ExpectError: said("secrets.yaml is encrypted to keys that are not here: age " + to + ": no age key was found Decrypting takes one of these keys.")},
	)
}

// A machine without the key plans; applying is where the key is needed.
func TestAccSOPSFile_NoKeyAndNotRequired_PlansAndRefusesToApply(t *testing.T) {
	noKeys(t)
	to := sopstest.Key(t).Recipient().String()
	file := write(t, "secrets.yaml", sopstest.Encrypt(t, sops.YAML, []byte("a: b\n"), to))
	check(t,
		resource.TestStep{Config: config(file, "key_required = terraform.applying"), PlanOnly: true, ExpectNonEmptyPlan: true},
		resource.TestStep{Config: config(file, "key_required = terraform.applying"),
			ExpectError: said("secrets.yaml is encrypted to keys that are not here:")},
	)
}
