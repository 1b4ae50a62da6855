package execute

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/go-units"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// buildClassic sends the build context and builds with the engine's classic
// builder, which has no BuildKit in it.
func (r *run) buildClassic(ctx context.Context, b *desired.Build, names []string, labels map[string]string, report func(string)) error {
	options := build.ImageBuildOptions{
		Version: build.BuilderV1, Tags: names, Dockerfile: b.Dockerfile,
		BuildArgs: b.Args, Target: b.Target, Labels: labels, NoCache: b.NoCache, PullParent: b.Pull, CacheFrom: b.CacheFrom,
		ExtraHosts: b.ExtraHosts, NetworkMode: b.Network, ShmSize: b.ShmSizeBytes, Platform: b.Platform,
		Remove: true, ForceRemove: true, Isolation: container.IsolationDefault,
	}
	for _, text := range b.Ulimits {
		limit, err := units.ParseUlimit(text)
		if err != nil {
			return fmt.Errorf("build.ulimits: %w", err)
		}
		options.Ulimits = append(options.Ulimits, limit)
	}
	auths, err := r.classicAuths(ctx, b)
	if err != nil {
		return err
	}
	options.AuthConfigs = auths
	var content io.Reader
	if b.Remote {
		options.RemoteContext = b.Context
	} else {
		entries, dockerfile, err := classicEntries(ctx, b)
		if err != nil {
			return err
		}
		options.Dockerfile = dockerfile
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(archive.Tar(ctx, writer, entries)) }()
		defer reader.Close() // ends the writer when the engine stopped reading
		content = reader
	}
	resp, err := r.engine.ImageBuild(ctx, content, options)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return readStream(resp.Body, report)
}

// classicAuths are the credentials for the registries of the images that the
// Dockerfile starts from. The builder cannot ask for them as BuildKit does; nothing
// is known of the Dockerfile in a remote context.
func (r *run) classicAuths(ctx context.Context, b *desired.Build) (map[string]registry.AuthConfig, error) {
	refs := append(dockerfileImages(b), b.CacheFrom...)
	auths := map[string]registry.AuthConfig{}
	for _, ref := range refs {
		if _, err := reference.ParseNormalizedNamed(ref); err != nil {
			continue // the builder says so
		}
		auth, err := r.authConfig(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("find credentials: %w", err)
		}
		if auth != (registry.AuthConfig{}) {
			auths[auth.ServerAddress] = auth
		}
	}
	return auths, nil
}

// dockerfileImages are the images that a build's Dockerfile names; none where it
// cannot be read, which the builder says.
func dockerfileImages(b *desired.Build) []string {
	text := []byte(b.DockerfileInline)
	if b.DockerfileInline == "" && !b.Remote {
		text, _ = localfile.ReadFile(filepath.Join(b.Context, filepath.FromSlash(b.Dockerfile)))
	}
	args := map[string]string{}
	for key, value := range b.Args {
		if value != nil {
			args[key] = *value
		}
	}
	return archive.ReadDockerfile(text, args).Images
}

// classicEntries lists what is sent to the builder, and the Dockerfile's name.
func classicEntries(ctx context.Context, b *desired.Build) ([]desired.Entry, string, error) {
	tree, err := archive.BuildContext(ctx, b.Context, b.Dockerfile)
	if err != nil {
		return nil, "", err
	}
	entries := tree.Entries
	if b.DockerfileInline != "" {
		inline := desired.Entry{Path: archive.OutsideDockerfile, Mode: 0o644, Content: []byte(b.DockerfileInline), SizeBytes: int64(len(b.DockerfileInline))}
		entries = append(entries, inline)
	}
	if n := len(entries); n > 0 && entries[n-1].Path == archive.OutsideDockerfile {
		return entries, archive.OutsideDockerfile, nil
	}
	return entries, b.Dockerfile, nil
}
