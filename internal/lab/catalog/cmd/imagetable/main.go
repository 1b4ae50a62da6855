// Command imagetable writes into each module's README, between its markers, which
// images the module runs, where they are documented, and what they were tested with.
// It runs in the repository's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
)

func main() {
	names, err := catalog.Modules(".")
	for _, name := range names {
		if err == nil {
			err = write(name)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(name string) error {
	module, err := catalog.Read(".", name)
	if err != nil {
		return err
	}
	readme := filepath.Join("modules", name, "README.md")
	text, err := os.ReadFile(readme)
	if err != nil {
		return fmt.Errorf("read README of module %s: %w", name, err)
	}
	written, err := module.WriteTable(string(text))
	if err != nil {
		return fmt.Errorf("write %s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(written), 0o644) //nolint:gosec // a file of the repository
}
