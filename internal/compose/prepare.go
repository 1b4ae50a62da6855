package compose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// projectName is what Docker Compose accepts as a project's name.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func overrideName(i int) string { return fmt.Sprintf("overrides[%d]", i) }

// prepare checks what can be checked without compose-go: arguments, syntax and
// unknown keys. It reports whether loading makes sense.
func (l *load) prepare() bool {
	l.checkArguments()
	l.findDir()
	texts := append([]string{l.in.Compose}, l.in.Overrides...)
	for i, text := range texts {
		attribute := "compose"
		if i > 0 {
			attribute = overrideName(i - 1)
		}
		doc, problem := parse(attribute, text)
		if problem != nil {
			l.addOnce(problem)
			continue
		}
		l.docs = append(l.docs, doc)
	}
	if len(l.list) > 0 {
		return false
	}
	l.table.checkUnknown(l.docs, &l.problems)
	l.checkIncludes()
	return len(l.list) == 0
}

func (l *load) checkArguments() {
	if !projectName.MatchString(l.in.Name) {
		l.addError("name", "%q is not a Compose project name: use lower-case letters, digits, \"-\" and \"_\", beginning with a letter or digit", l.in.Name)
	}
	if strings.TrimSpace(l.in.Compose) == "" {
		l.addError("compose", "the document is empty")
	}
	for _, name := range l.masks.names {
		if _, ok := l.in.Variables[name]; ok {
			l.addError("secrets", "%q is both in variables and in secrets: keep it in one of them", name)
		}
	}
	switch desired.PullPolicy(l.in.Pull) {
	case "", desired.PullMissing, desired.PullAlways, desired.PullDigest, desired.PullNever:
	default:
		l.addError("pull", "%q is not a pull policy: use missing, always, digest or never", l.in.Pull)
	}
}

func (l *load) findDir() {
	if l.in.Dir == "" {
		return
	}
	dir, err := filepath.Abs(l.in.Dir)
	if err != nil {
		l.addError("project_directory", "the directory %s cannot be found: %v", l.in.Dir, err)
		return
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		l.addError("project_directory", "the directory %s cannot be read: %v", l.in.Dir, reason(err))
	case !info.IsDir():
		l.addError("project_directory", "%s is not a directory", l.in.Dir)
	}
	l.dir = dir
}

// sourceGuard runs before compose-go's own loader of included and extended
// files, and refuses those it may not read. It accepts nothing else.
type sourceGuard struct {
	dir string
	// dirs are those that files were found in: relative paths in these files start there.
	dirs []string
}

func (g *sourceGuard) Accept(path string) bool {
	return isRemote(path) || g.dir == "" && !filepath.IsAbs(path) || g.special(path) != nil
}

// special returns why a path cannot be read that leads to neither a file nor a
// directory.
func (g *sourceGuard) special(path string) error {
	for _, dir := range append([]string{g.dir}, g.dirs...) {
		full := path
		if !filepath.IsAbs(path) {
			full = filepath.Join(dir, path)
		}
		_, err := localfile.Stat(full)
		if errors.As(err, new(*localfile.KindError)) {
			return err
		}
		if found := filepath.Dir(full); err == nil && !slices.Contains(g.dirs, found) {
			g.dirs = append(g.dirs, found)
		}
	}
	return nil
}

func (g *sourceGuard) Load(_ context.Context, path string) (string, error) {
	if err := g.special(path); err != nil {
		return "", &Error{Attribute: "compose", Detail: fmt.Sprintf("include or extends names %q, which cannot be read: %v", path, reason(err))}
	}
	if isRemote(path) {
		return "", &Error{Attribute: "compose", Detail: fmt.Sprintf("%q is not a local file: include and extends read local files only; keep a copy in the repository", path)}
	}
	return "", &Error{Attribute: "project_directory", Detail: fmt.Sprintf("include or extends names the relative path %q: set project_directory", path)}
}

func (g *sourceGuard) Dir(path string) string { return filepath.Dir(path) }

func isRemote(path string) bool {
	for _, prefix := range []string{"git@", "github.com/", "oci:"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return strings.Contains(path, "://")
}
