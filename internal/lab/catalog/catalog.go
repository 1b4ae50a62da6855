// Package catalog reads what the modules say of their images: which versions they
// run, and what tests/images.yaml knows of each. It is for tests and documentation.
package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/standin"
)

// Module is a directory below modules.
type Module struct {
	// Name is the directory's.
	Name string
	// Dir is where it lies.
	Dir string
	// Pinned are the images of images.tf by kind of service, with their tags.
	Pinned map[string]string
	// Specs are the images of tests/images.yaml by kind of service.
	Specs map[string]standin.Spec
}

// Read reads what a module of the repository at root says of its images. Both files
// may be missing.
func Read(root, name string) (Module, error) {
	m := Module{Name: name, Dir: filepath.Join(root, "modules", name), Pinned: map[string]string{}, Specs: map[string]standin.Spec{}}
	pins, err := m.Pins()
	if err != nil {
		return m, err
	}
	for _, pin := range pins {
		m.Pinned[pin.Kind] = pin.Image + ":" + pin.Tag
	}
	text, err := os.ReadFile(filepath.Join(m.Dir, "tests", "images.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("read images of module %s: %w", name, err)
	}
	if err := yaml.Load(text, &m.Specs, yaml.WithKnownFields()); err != nil {
		return m, fmt.Errorf("read modules/%s/tests/images.yaml: %w", name, err)
	}
	return m, nil
}

// Pin is one image of images.tf.
type Pin struct {
	// Kind is the kind of service, Image and Tag what it runs.
	Kind, Image, Tag string
	// Renovate is the depName of the comment above it; "" means that there is none.
	Renovate string
	// Line is the line's number, from 1.
	Line int
}

var (
	// pinLine is a service and its image, as in
	//   radarr = "lscr.io/linuxserver/radarr:5.27.5"
	pinLine = regexp.MustCompile(`^\s*"?([a-z0-9_-]+)"?\s*=\s*"([^":@\s]+(?::[0-9]+/[^":@\s]+)?):([^":@\s]+)"`)
	// renovateLine is the comment with which Renovate knows the image.
	renovateLine = regexp.MustCompile(`^\s*# renovate: datasource=docker depName=(\S+)`)
)

// Pins reads images.tf, which has an image a line.
func (m Module) Pins() ([]Pin, error) {
	text, err := os.ReadFile(filepath.Join(m.Dir, "images.tf"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read images of module %s: %w", m.Name, err)
	}
	var pins []Pin
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		found := pinLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		p := Pin{Kind: found[1], Image: found[2], Tag: found[3], Line: i + 1}
		if i > 0 {
			if above := renovateLine.FindStringSubmatch(lines[i-1]); above != nil {
				p.Renovate = above[1]
			}
		}
		pins = append(pins, p)
	}
	return pins, nil
}

// Modules are the names of all modules of the repository at root, sorted.
func Modules(root string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(root, "modules", "*", "main.tf"))
	if err != nil {
		return nil, fmt.Errorf("find modules: %w", err)
	}
	var names []string
	for _, file := range found {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	return names, nil
}
