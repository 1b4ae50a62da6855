package execute

import (
	"context"
	"fmt"
	"io"
	"maps"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// buildImage sends the build context and builds with the engine's own builder.
func (r *run) buildImage(ctx context.Context, op *plan.Operation) error {
	s := r.want.Services[op.Service]
	b := s.Image.Build
	entries, dockerfile, err := buildEntries(ctx, b)
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(archive.Tar(ctx, writer, entries)) }()
	defer reader.Close() // ends the writer when the engine stopped reading
	resp, err := r.engine.ImageBuild(ctx, reader, r.buildOptions(&s, dockerfile))
	if err != nil {
		return fmt.Errorf("build image %s: %w", s.Image.Reference, err)
	}
	defer resp.Body.Close()
	if err := readStream(resp.Body, func(line string) { r.opts.Progress(ctx, "build image "+s.Image.Reference+": "+line) }); err != nil {
		return fmt.Errorf("build image %s: %w", s.Image.Reference, err)
	}
	return nil
}

// inlineDockerfile is the name that an inline Dockerfile is sent under.
const inlineDockerfile = ".homelab.Dockerfile"

// buildEntries lists what is sent to the builder, and the Dockerfile's name.
func buildEntries(ctx context.Context, b *desired.Build) ([]desired.Entry, string, error) {
	if b.DockerfileInline == "" {
		entries, err := archive.BuildContext(ctx, b.Context, b.Dockerfile)
		return entries, b.Dockerfile, err
	}
	entries, err := archive.BuildContext(ctx, b.Context, "")
	inline := desired.Entry{Path: inlineDockerfile, Mode: 0o644, Content: []byte(b.DockerfileInline), SizeBytes: int64(len(b.DockerfileInline))}
	return append(entries, inline), inlineDockerfile, err
}

func (r *run) buildOptions(s *desired.Service, dockerfile string) build.ImageBuildOptions {
	b := s.Image.Build
	labels := maps.Clone(b.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[desired.LabelBuildHash] = b.Hash
	labels[desired.LabelProject], labels[desired.LabelService] = r.want.Name, s.Name
	return build.ImageBuildOptions{
		Version: build.BuilderV1, Tags: append([]string{s.Image.Reference}, b.Tags...), Dockerfile: dockerfile,
		BuildArgs: b.Args, Target: b.Target, Labels: labels, NoCache: b.NoCache, PullParent: b.Pull, CacheFrom: b.CacheFrom,
		ExtraHosts: b.ExtraHosts, NetworkMode: b.Network, ShmSize: b.ShmSizeBytes, Platform: b.Platform,
		Remove: true, ForceRemove: true, Isolation: container.IsolationDefault,
	}
}
