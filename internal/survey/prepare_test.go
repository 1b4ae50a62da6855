package survey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
	"github.com/homelab-iac/terraform-provider-homelab/internal/survey"
)

// mostPorts is how many ports a project may publish: ranges of thousands take an engine
// minutes.
const mostPorts = 300

// prepared is a project that Docker Compose can load.
type prepared struct {
	conformance.Project
	document survey.Document
	// folder is the copy of the surveyed directory.
	folder string
}

// prepare gives a project what its repository leaves to its user: files of variables,
// values, and what is mounted from its folder.
func (w *worker) prepare(ctx context.Context, p survey.Project) (*prepared, error) {
	out := &prepared{folder: w.stage, Project: conformance.Project{Name: p.Name, Dir: filepath.Join(w.stage, p.Dir), Files: p.Files}}
	file := filepath.Join(out.Dir, ".env")
	if err := survey.FromExample(file, false); err != nil {
		return nil, err
	}
	names, err := w.variables(ctx, out)
	if err != nil {
		return nil, err
	}
	mentioned := slices.Sorted(maps.Keys(names))
	given := slices.Concat(survey.Given(file), w.started)
	maps.DeleteFunc(names, func(name, value string) bool { return value != "" || slices.Contains(given, name) })
	if err := survey.AddVariables(file, slices.Sorted(maps.Keys(names))); err != nil {
		return nil, err
	}
	text, err := w.config(ctx, out, "--format", "json")
	if err == nil {
		out.document, err = survey.ReadDocument([]byte(text))
	}
	if err == nil && len(out.document.Services) == 0 {
		out.Profiles = []string{"*"}
		if text, err = w.config(ctx, out, "--format", "json"); err == nil {
			out.document, err = survey.ReadDocument([]byte(text))
		}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case len(out.document.Services) == 0:
		return nil, errors.New("the project has no services")
	case out.document.Hardware():
		return nil, errors.New("needs hardware: a graphics card")
	case out.document.Ports() > mostPorts:
		return nil, fmt.Errorf("publishes more than %d ports", mostPorts)
	}
	environment, err := w.config(ctx, out, "--environment")
	if err != nil {
		return nil, err
	}
	out.Variables = survey.ParseEnvironment(environment, w.started, mentioned)
	return out, out.makeMounted()
}

// variables are the names in the documents, and their defaults.
func (w *worker) variables(ctx context.Context, p *prepared) (map[string]string, error) {
	text, err := w.config(ctx, p, "--variables", "--format", "json")
	if err != nil {
		return nil, err
	}
	var all map[string]struct{ DefaultValue string }
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, v := range all {
		out[name] = v.DefaultValue
	}
	return out, nil
}

var missingFile = regexp.MustCompile(`env file (\S+) not found`)

// config runs "docker compose config" until no file of variables is missing any more.
func (w *worker) config(ctx context.Context, p *prepared, args ...string) (string, error) {
	for range 50 {
		out, err := w.compose.Run(ctx, p.Project, append([]string{"config"}, args...)...)
		if found := missingFile.FindStringSubmatch(out); err != nil && found != nil && strings.HasPrefix(found[1], w.stage) {
			if err := survey.FromExample(strings.TrimSuffix(found[1], ":"), true); err != nil {
				return "", err
			}
			continue
		}
		if err != nil {
			return "", errors.New(told(out))
		}
		return warnings.ReplaceAllString(out, ""), nil
	}
	return "", errors.New("too many files are missing")
}

var warnings = regexp.MustCompile(`(?m)^time="[^"]*" level=\w+ .*\n?`)

// told is what a program printed without its warnings.
func told(out string) string { return strings.TrimSpace(warnings.ReplaceAllString(out, "")) }

// relative are the mounted paths in the copy of the surveyed directory.
func (p *prepared) relative() []string {
	return slices.DeleteFunc(p.document.Binds(), func(path string) bool { return !strings.HasPrefix(path, p.folder+"/") })
}

// makeMounted makes the files and directories of the folder that are mounted and that a
// repository doesn't have.
func (p *prepared) makeMounted() error {
	for _, path := range p.relative() {
		if err := makePath(path); err != nil {
			return err
		}
	}
	return nil
}

var fileLike = regexp.MustCompile(`[^/.][^/]*\.(ya?ml|json|toml|ini|conf|cfg|cnf|txt|sh|xml|env|properties|sql|pem|crt|key|db|sqlite3?|log|html|js|py|php|lua|rules|list|htpasswd|ts|css|hcl)$|/[^/]*(file|htpasswd|\.conf|localtime|timezone|passwd|group|hosts|hostname|machine-id|docker\.sock)$`)

// makePath makes a missing file, where the path looks like one's, or directory.
func makePath(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !fileLike.MatchString(path) {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o644)
}

// place copies a project's folder and what it mounts from elsewhere in the surveyed
// directory to a node, for Docker Compose binds them there.
func (p *prepared) place(ctx context.Context, root string) error {
	for _, path := range append(p.relative(), p.Dir) {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		from := path
		if info.IsDir() {
			from += "/."
		}
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755); err != nil {
			return err
		}
		if info.IsDir() {
			if err := os.MkdirAll(filepath.Join(root, path), 0o755); err != nil {
				return err
			}
		}
		if out, err := exec.CommandContext(ctx, "cp", "-a", from, filepath.Join(root, path)).CombinedOutput(); err != nil {
			return fmt.Errorf("copy %s: %w: %s", path, err, out)
		}
	}
	return nil
}

// own are the directories of a node that are its own and not the machine's.
var own = []string{"/srv/", "/opt/", "/mnt/", "/home/", "/media/", "/etc/", "/root/", "/data/", "/var/lib/", "/var/log/", "/volume1/", "/docker/", "/storage/", "/config/", "/appdata/", "/share/"}

// makeAbsolute makes the files and directories of the node that are mounted and that it
// lacks; what a project mounts of a node is there on its user's.
func (p *prepared) makeAbsolute(root string) error {
	for _, path := range p.document.Binds() {
		if !slices.ContainsFunc(own, func(dir string) bool { return strings.HasPrefix(path+"/", dir) }) || strings.HasPrefix(path, p.folder) || linked(root, path) {
			continue
		}
		if err := makePath(filepath.Join(root, path)); err != nil {
			return err
		}
	}
	return nil
}

// linked reports whether a part of a path below a root is a symbolic link: it would lead
// out of the root.
func linked(root, path string) bool {
	at := root
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		at = filepath.Join(at, part)
		if info, err := os.Lstat(at); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}
