package acctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// WithSOPS builds the program that decrypts SOPS files beside the provider that
// [CLI] runs.
func WithSOPS(t testing.TB) {
	t.Helper()
	if err := builtSOPS(); err != nil {
		t.Fatal(err)
	}
}

var builtSOPS = sync.OnceValue(func() error {
	dir, err := Root()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, ".homelab", "acctest", sops.Program)
	aside := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := BuildSOPS(aside); err != nil {
		return err
	}
	return os.Rename(aside, file)
})

// BuildSOPS builds the program that decrypts into a file, as releases have it.
func BuildSOPS(file string) error {
	cmd := exec.Command("go", "build", "-tags=disable_grpc_modules", "-trimpath", "-ldflags=-s -w", "-o", file,
		"github.com/homelab-iac/terraform-provider-homelab/internal/sops/cmd/homelab-sops")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", sops.Program, err, out)
	}
	return nil
}
