package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/patternmatcher/ignorefile"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const dockerignore = ".dockerignore"

// BuildContext reads the build context in dir as [Walk] does, without what the
// ignore file excludes: "<dockerfile>.dockerignore" when it exists, else
// ".dockerignore" (the rules of docs.docker.com/build/concepts/context). The
// Dockerfile and the ignore file are always included. dockerfile is a path
// inside dir; empty means that the Dockerfile is not a file of the context.
// Sockets are left out. It returns an error for a Dockerfile that is missing.
func BuildContext(ctx context.Context, dir, dockerfile string) ([]desired.Entry, error) {
	if dockerfile != "" {
		if err := checkDockerfile(dir, dockerfile); err != nil {
			return nil, err
		}
	}
	ignore, err := ignorePatterns(dir, dockerfile)
	if err != nil {
		return nil, err
	}
	return walk(ctx, dir, ignore, true)
}

func checkDockerfile(dir, dockerfile string) error {
	if !filepath.IsLocal(filepath.FromSlash(dockerfile)) {
		return fmt.Errorf("read Dockerfile %s: it is outside the build context %s", dockerfile, dir)
	}
	return readable(filepath.Join(dir, filepath.FromSlash(dockerfile)))
}

func ignorePatterns(dir, dockerfile string) ([]string, error) {
	candidates := []string{dockerignore}
	if dockerfile != "" {
		candidates = []string{dockerfile + dockerignore, dockerignore}
	}
	for _, name := range candidates {
		patterns, err := readIgnore(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(patterns) == 0 {
			return nil, nil
		}
		patterns = append(patterns, "!"+name)
		if dockerfile != "" {
			patterns = append(patterns, "!"+dockerfile)
		}
		return patterns, nil
	}
	return nil, nil
}

func readIgnore(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return patterns, nil
}
