package archive

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/moby/patternmatcher"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// IgnoreFile is the name of the file in a delivered directory that says what of it
// is not delivered, in the syntax of .dockerignore. It is not .dockerignore itself:
// Docker Compose mounts everything, and a directory may be mounted and built.
const IgnoreFile = ".homelabignore"

// ownNames are the names of what Terraform and Git keep in a directory for
// themselves. Most of it changes with every run, so that what is made of the
// directory would never be up to date, and state and plans hold secrets.
var ownNames = []string{
	".git",
	".terraform", ".terraform.lock.hcl", ".terragrunt-cache", "terraform.tfstate.d",
	"*.tfstate", "*.tfstate.*", ".*.lock.info", // state, its backups, its lock
	"*.tfplan", "tfplan",
	"crash.log", "crash.*.log",
}

// own reports whether a member is Terraform's or Git's own, and no pattern with "!"
// names it. State and plans are known by what is in them too: -out and -state give
// them any name.
func (f *filter) own(path, rel string, d fs.DirEntry) (bool, error) {
	base := filepath.Base(rel)
	own := slices.ContainsFunc(ownNames, func(pattern string) bool { return named(pattern, base) })
	if !own && d.Type().IsRegular() {
		var err error
		if own, err = written(path); err != nil {
			return false, err
		}
	}
	if !own {
		return false, nil
	}
	for _, pattern := range f.wanted {
		last := filepath.Base(pattern)
		if last == "*" || last == "**" || !named(last, base) {
			continue // it means other things, such as the directory above
		}
		if matched, err := patternmatcher.MatchesOrParentMatches(rel, []string{pattern}); matched || err != nil {
			return false, err
		}
	}
	return true, nil
}

func named(pattern, base string) bool {
	matched, err := filepath.Match(pattern, base)
	return matched && err == nil
}

// stateStart is how a state begins (statefile/version4.go of Terraform and OpenTofu).
var stateStart = regexp.MustCompile(`^\s*\{\s*"version":\s*\d+,\s*"terraform_version":`)

// planStart is how a plan begins: with the header of a zip archive's entry, and the
// name of the first one (planfile/writer.go).
var planStart = []byte("PK\x03\x04")

const (
	planName   = "tfplan"
	nameOffset = 30  // of an entry's name in its header
	startBytes = 128 // are enough to see either
)

// written reports whether a file is a state or a plan.
func written(path string) (bool, error) {
	file, err := localfile.Open(path)
	if err != nil {
		return false, unreadable(path, err)
	}
	defer file.Close()
	start := make([]byte, startBytes)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, unreadable(path, err)
	}
	start = start[:n]
	plan := n > nameOffset && bytes.HasPrefix(start, planStart) && bytes.HasPrefix(start[nameOffset:], []byte(planName))
	return plan || stateStart.Match(start), nil
}
