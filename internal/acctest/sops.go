package acctest

import (
	"fmt"
	"os"
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
	_, err := build(sops.Program, sopsArguments...)
	return err
})

// sopsArguments build the program as releases have it.
var sopsArguments = []string{"-tags=disable_grpc_modules", "-trimpath", "-ldflags=-s -w", "./internal/sops/cmd/homelab-sops"}

// BuildSOPS puts the program that decrypts into a file.
func BuildSOPS(file string) error {
	built, err := build(sops.Program, sopsArguments...)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(built)
	if err != nil {
		return fmt.Errorf("copy %s: %w", sops.Program, err)
	}
	return os.WriteFile(file, content, 0o755) //nolint:gosec // a program
}
