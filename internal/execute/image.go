package execute

import (
	"context"
	"fmt"
	"io"
	"maps"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/homelab-iac/terraform-provider-homelab/internal/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// pullImage pulls what the plan named: the tag, or exactly the digest that was
// looked up while planning, which then gets the tag.
func (r *run) pullImage(ctx context.Context, op *plan.Operation) error {
	img := r.want.Services[op.Service].Image
	options := image.PullOptions{Platform: img.Platform}
	if r.opts.Auth != nil {
		auth, err := r.opts.Auth(ctx, img.Reference)
		if err != nil {
			return fmt.Errorf("find credentials for image %s: %w", img.Reference, err)
		}
		options.RegistryAuth = auth
	}
	source, err := pullSource(img)
	if err != nil {
		return err
	}
	body, err := r.engine.ImagePull(ctx, source, options)
	if err != nil {
		return fmt.Errorf("pull image %s: %w", img.Reference, err)
	}
	defer body.Close()
	if err := readStream(body, func(line string) { r.opts.Progress(ctx, "pull image "+img.Reference+": "+line) }); err != nil {
		return fmt.Errorf("pull image %s: %w", img.Reference, err)
	}
	if source != img.Reference {
		if err := r.engine.ImageTag(ctx, source, img.Reference); err != nil {
			return fmt.Errorf("tag image %s: %w", img.Reference, err)
		}
	}
	return nil
}

// pullSource is the reference to pull: with the digest when one is known.
func pullSource(img desired.Image) (string, error) {
	if img.Digest == "" {
		return img.Reference, nil
	}
	named, err := reference.ParseNormalizedNamed(img.Reference)
	if err != nil {
		return "", fmt.Errorf("parse image %s: %w", img.Reference, err)
	}
	return reference.TrimNamed(named).String() + "@" + img.Digest, nil
}

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
