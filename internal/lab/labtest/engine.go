package labtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
)

// withEngine has a lab run the engine of HOMELAB_TEST_ENGINE, unless its options
// name a program: "" is the machine's own, "current" the one that make engine
// built, with the classic image store.
func withEngine(opts lab.Options) (lab.Options, error) {
	name := os.Getenv(engineVariable)
	if name == "" || opts.Dockerd != "" {
		return opts, nil
	}
	if name != "current" {
		return opts, fmt.Errorf("%s is %q: only \"current\" is known", engineVariable, name)
	}
	root, err := repository()
	if err != nil {
		return opts, err
	}
	opts.Programs = filepath.Join(root, ".homelab", "bin", "engine")
	opts.Dockerd = filepath.Join(opts.Programs, "dockerd")
	if _, err := os.Stat(opts.Dockerd); err != nil {
		return opts, fmt.Errorf("find the current engine: %w: run \"make engine\"", err)
	}
	opts.DockerdArgs = append([]string{"--feature", "containerd-snapshotter=false"}, opts.DockerdArgs...)
	return opts, nil
}

// repository finds the repository's root from the directory of a package's test.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.mod above the test's directory")
		}
		dir = parent
	}
}
