// Command keytable prints docs/guides/compose-keys.md. It is run in the root of the
// repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
)

func main() {
	projects, err := conformance.Load(filepath.Join("internal", "conformance", "testdata", "conformance"))
	if err == nil {
		var rows []conformance.Row
		if rows, err = conformance.Rows(projects); err == nil {
			_, err = fmt.Print(conformance.Markdown(rows, len(projects)))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
