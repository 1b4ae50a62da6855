package acctest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// build builds a program of this module with the arguments of go build, into the
// directory that the tests of all packages share, and returns its path. A program
// that is up to date is not linked again: that takes seconds, in each package.
func build(name string, args ...string) (string, error) {
	dir, err := Root()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, ".homelab", "acctest", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	aside := fmt.Sprintf("%s.%d", file, os.Getpid())
	// Another package's tests may run the program now, so a copy is brought up to date.
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(aside, content, 0o755) //nolint:gosec // a program
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("copy %s: %w", name, err)
	}
	cmd := exec.Command("go", append([]string{"build", "-o", aside}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", name, err, out)
	}
	return file, os.Rename(aside, file)
}
