package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// version is what both providers are installed as.
const version = "0.0.1"

// install builds the provider and the empty one as releases are built, puts
// both into one mirror and writes the CLI configuration that names it. All that is
// in a release's archive is there: Terraform digests it in every run.
func install(t *testing.T) (config string) {
	t.Helper()
	mirror := t.TempDir()
	for name, pkg := range map[string]string{"homelab": ".", "empty": "./internal/bench/empty"} {
		dir := filepath.Join(mirror, "registry.terraform.io", "homelab-iac", name, version, runtime.GOOS+"_"+runtime.GOARCH)
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "terraform-provider-"+name+"_v"+version), pkg)
		build.Dir = repository(t)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
		if name == "homelab" {
			must(t, acctest.BuildSOPS(filepath.Join(dir, sops.Program)))
		}
	}
	config = filepath.Join(t.TempDir(), "terraform.rc")
	write(t, config, fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	return config
}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// workspace is a directory in which Terraform runs with one provider.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

// newWorkspace writes the configuration and has Terraform install the provider.
func newWorkspace(t *testing.T, config, provider, text string) *workspace {
	t.Helper()
	w := &workspace{t: t, dir: t.TempDir(), env: append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_LOG=")}
	write(t, filepath.Join(w.dir, "terraform.tf"), fmt.Sprintf(
		"terraform {\n  required_providers {\n    %s = { source = \"registry.terraform.io/homelab-iac/%s\" }\n  }\n}\n", provider, provider))
	w.configure(text)
	w.run("init")
	return w
}

// configure writes what Terraform is to apply.
func (w *workspace) configure(text string) {
	w.t.Helper()
	write(w.t, filepath.Join(w.dir, "main.tf"), text)
}

// run runs Terraform and returns how long that took.
func (w *workspace) run(args ...string) time.Duration {
	w.t.Helper()
	return timed(w.t, w.dir, w.env, terraform(w.t), args...)
}

// forget drops the state.
func (w *workspace) forget() {
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		_ = os.Remove(filepath.Join(w.dir, name)) // it may not be there
	}
}

func terraform(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// timed runs a program, which has to succeed.
func timed(t *testing.T, dir string, env []string, program string, args ...string) time.Duration {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, env
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(program), args, err, out)
	}
	return took
}
