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
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

const dockerignore = ".dockerignore"

// OutsideDockerfile is what a Dockerfile is called among a context's files that
// is not one of them.
const OutsideDockerfile = ".homelab.Dockerfile"

// BuildContext reads the build context in dir as [Walk] does, without what the
// ignore file excludes: "<dockerfile>.dockerignore" when it exists, else
// ".dockerignore" (the rules of docs.docker.com/build/concepts/context). The
// Dockerfile and the ignore file are always included. dockerfile is a path
// relative to dir; empty means that there is not a Dockerfile among the files. One
// outside of dir comes last, under the name [OutsideDockerfile]. Sockets are left
// out, and so is what Terraform and Git keep for themselves ([Tree.LeftOut]). It
// returns an error for a Dockerfile that is missing.
func BuildContext(ctx context.Context, dir, dockerfile string) (Tree, error) {
	if dockerfile != "" {
		if err := readable(filepath.Join(dir, filepath.FromSlash(dockerfile))); err != nil {
			return Tree{}, err
		}
	}
	ignore, err := ignorePatterns(dir, dockerfile)
	if err != nil {
		return Tree{}, err
	}
	tree, err := walk(ctx, dir, ignore, true)
	if err != nil || dockerfile == "" || filepath.IsLocal(filepath.FromSlash(dockerfile)) {
		return tree, err
	}
	path := filepath.Join(dir, filepath.FromSlash(dockerfile))
	info, err := os.Stat(path)
	if err != nil {
		return Tree{}, unreadable(path, err)
	}
	tree.Entries = append(tree.Entries, desired.Entry{Path: OutsideDockerfile, Mode: uint32(info.Mode()), Local: path, SizeBytes: info.Size()})
	return tree, nil
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
		if inside := filepath.IsLocal(filepath.FromSlash(dockerfile)); dockerfile != "" && !inside {
			if name == dockerignore {
				patterns = append(patterns, "!"+name)
			}
			return patterns, nil
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
	f, err := localfile.Open(path)
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
