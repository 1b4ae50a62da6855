// Command imagetable writes into each module's README, between its markers, which
// images the module runs, where they are documented, and what they were tested with.
// It runs in the repository's root.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
)

const (
	begin = "<!-- BEGIN_IMAGES -->\n"
	end   = "<!-- END_IMAGES -->"
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
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		if len(module.Pinned) > 0 {
			return fmt.Errorf("%s has no place for the table of images: %s%s", readme, begin, end)
		}
		return nil
	}
	return os.WriteFile(readme, []byte(before+begin+table(module)+end+after), 0o644) //nolint:gosec // a file of the repository
}

// table is what the README says.
func table(module catalog.Module) string {
	var b strings.Builder
	b.WriteString("\n| service | image | documented | tested with |\n| --- | --- | --- | --- |\n")
	for _, kind := range slices.Sorted(maps.Keys(module.Pinned)) {
		spec := module.Specs[kind]
		var links []string
		for i, url := range spec.Documented {
			links = append(links, fmt.Sprintf("[%d](%s)", i+1, url))
		}
		with := "a stand-in only"
		if spec.Real != "" {
			with = "the real program"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", kind, module.Pinned[kind], strings.Join(links, ", "), with)
	}
	return b.String() + "\n"
}
