package survey

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	spec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// standInProgram is the program of package cmd/standin.
const standInProgram = "github.com/homelab-iac/terraform-provider-homelab/internal/survey/cmd/standin"

// StandIns makes the images that stand for those of other people.
type StandIns struct{ program images.Layer }

// NewStandIns compiles the program in them.
func NewStandIns(ctx context.Context) (*StandIns, error) {
	program, err := images.BuildProgram(ctx, standInProgram)
	if err != nil {
		return nil, err
	}
	layer, err := images.LayerOf(images.Entry{Path: "/standin", Content: program}, images.Entry{Path: "/tmp/", Mode: 0o1777})
	return &StandIns{layer}, err
}

// Of returns the images of a project: one for each that it names, and base. Each has
// the programs and the accounts that the project's services name, and, as real
// images do, a port, a label, a variable and a directory for data.
func (s *StandIns) Of(d Document) ([]images.Image, error) {
	var out []images.Image
	for _, ref := range append(d.References(), base) {
		layer, err := s.layer(d, ref)
		if err != nil {
			return nil, fmt.Errorf("make stand-in of %s: %w", ref, err)
		}
		name := ref
		if !strings.Contains(name[strings.LastIndex(name, "/")+1:], ":") {
			name += ":latest"
		}
		out = append(out, images.Image{Ref: name, Layers: []images.Layer{s.program, layer}, Config: spec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{
			Entrypoint: []string{"/standin"}, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "STANDIN_VERSION=1"},
			ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/var/lib/standin": {}},
			Labels: map[string]string{"org.opencontainers.image.title": name},
		}}})
	}
	return out, nil
}

// layer is what one image has above the program.
func (s *StandIns) layer(d Document, ref string) (images.Layer, error) {
	var jobs strings.Builder
	for _, job := range d.jobs(ref) {
		line, err := json.Marshal(job)
		if err != nil {
			return images.Layer{}, err
		}
		jobs.Write(append(line, '\n'))
	}
	passwd, group := "root:x:0:0:root:/root:/bin/sh\n", "root:x:0:\n"
	for i, name := range d.accounts() {
		passwd += fmt.Sprintf("%s:x:%d:%d::/:/bin/sh\n", name, 1000+i, 1000+i)
		group += fmt.Sprintf("%s:x:%d:\n", name, 1000+i)
	}
	entries := []images.Entry{
		{Path: "/.standin", Content: []byte(jobs.String()), Mode: 0o644},
		{Path: "/etc/passwd", Content: []byte(passwd), Mode: 0o644}, {Path: "/etc/group", Content: []byte(group), Mode: 0o644},
	}
	for _, path := range d.programs(ref) {
		if path != "/standin" {
			entries = append(entries, images.Entry{Path: path, Link: "/standin"})
		}
	}
	return images.LayerOf(entries...)
}
