package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// Project is one directory of testdata/conformance. Its manifest, project.yaml, may
// be missing: then it is one document without anything special.
type Project struct {
	// Name is the directory's name and the Compose project's.
	Name string `yaml:"-"`
	// Dir is the directory's path.
	Dir string `yaml:"-"`
	// Files are the documents that are merged, in order; [compose.yaml] when empty.
	Files []string `yaml:"files"`
	// Profiles are enabled.
	Profiles []string `yaml:"profiles"`
	// Variables and Secrets are Docker Compose's environment, and the arguments of
	// those names of the provider's.
	Variables map[string]string `yaml:"variables"`
	Secrets   map[string]string `yaml:"secrets"`
	// Networks and Volumes are made beforehand: the external ones.
	Networks map[string]string `yaml:"networks"` // name to subnet
	Volumes  []string          `yaml:"volumes"`
	// Directories are made on the node.
	Directories []string `yaml:"directories"`
	// API is the oldest engine API that can do it; Why says why, and is shown where
	// the project is skipped.
	API string `yaml:"api"`
	Why string `yaml:"why"`
	// Fails is what the engine says when it cannot run the project here: then the
	// requests that create containers are compared, and both have to fail so.
	// Engines differ in their words: one of these. FailsBelow limits it to engines
	// with an older API; newer ones run it like any other.
	Fails      []string `yaml:"fails"`
	FailsBelow string   `yaml:"fails_below"`
	// Again has the services that "docker compose up" makes anew in any case, each
	// with the reason.
	Again map[string]string `yaml:"again"`
	// More is what Docker Compose says when only the provider can run the project.
	More string `yaml:"more"`
	// Refused is what the provider says at plan. Docker Compose is not asked.
	Refused string `yaml:"refused"`
}

// ManifestFile is the name of a project's manifest.
const ManifestFile = "project.yaml"

// Load reads the projects below a directory, sorted by name.
func Load(dir string) ([]Project, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	var projects []Project
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		p := Project{Name: e.Name(), Dir: filepath.Join(dir, e.Name())}
		if err := p.readManifest(); err != nil {
			return nil, err
		}
		projects = append(projects, p)
	}
	return projects, nil
}

func (p *Project) readManifest() error {
	text, err := os.ReadFile(filepath.Join(p.Dir, ManifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read manifest: %w", err)
	}
	if err == nil {
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(p); err != nil {
			return fmt.Errorf("read manifest of %s: %w", p.Name, err)
		}
	}
	if len(p.Files) == 0 {
		p.Files = []string{"compose.yaml"}
	}
	return nil
}
