package compose

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// build reads a service's build section and context, all but the images of
// other services that it starts from; nil for a service that has none.
func (l *load) build(ctx context.Context, m *model, s types.ServiceConfig) *desired.Build {
	if s.Build == nil {
		return nil
	}
	written := s.Build
	b := &desired.Build{
		DockerfileInline: written.DockerfileInline,
		Args:             written.Args,
		Target:           written.Target,
		Labels:           notEmpty(written.Labels),
		ExtraHosts:       sorted(written.ExtraHosts.AsList(":")),
		Network:          written.Network,
		ShmSizeBytes:     int64(written.ShmSize),
		NoCache:          written.NoCache,
		NoCacheFilter:    slices.Clone(written.NoCacheFilter),
		Pull:             written.Pull,
		CacheFrom:        l.caches(s, "cache_from", written.CacheFrom),
		CacheTo:          l.caches(s, "cache_to", written.CacheTo),
		Tags:             sorted(written.Tags),
		Contexts:         l.additionalContexts(s),
		Secrets:          l.buildSecrets(m, s),
		SSH:              l.buildSSH(s),
		Ulimits:          buildUlimits(written.Ulimits),
		Entitlements:     entitlements(written),
		Provenance:       written.Provenance,
		SBOM:             written.SBOM,
		Dir:              l.dir,
	}
	buildPlatforms(s, b)
	l.buildPlace(s, b)
	l.checkLabels(fieldPath{"services", s.Name, "build", "labels"}, written.Labels)
	readDockerfile(b)
	if needs := b.NeedsBuildKit(); b.NamesNetwork() && len(needs) > 0 {
		l.addServiceError(s.Name, "build.network", "build.network %q needs the engine's classic builder, and %s BuildKit: remove one, or use network host, none or default", b.Network, strings.Join(needs, ", "))
	}
	if len(l.list) > 0 {
		return b
	}
	var err error
	files := contextDigests{warn: func(dir string, paths []string) {
		what := "build context " + quote(s.Build.Context)
		if dir != b.Context {
			what = "build context " + quote(dir)
		}
		l.warnLeftOut(s.Name, what, ".dockerignore", paths)
	}}
	if b.Hash, err = buildHash(ctx, b, files); err != nil {
		l.addServiceError(s.Name, "build", "build: %v%s", err, imageBeside(s, err))
	}
	return b
}

// imageBeside says what is different from Docker Compose where there is nothing to
// build from and a service names an image, too.
func imageBeside(s types.ServiceConfig, err error) string {
	if s.Image == "" || !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return fmt.Sprintf(". Docker Compose would take image %q if it is on the node or can be pulled, and build only if not; here build goes first. "+
		"To take the image, remove build, in the document or in an entry of overrides: services: { %s: { build: !reset null } }", s.Image, s.Name)
}

// buildPlace finds out where the context and the Dockerfile are.
func (l *load) buildPlace(s types.ServiceConfig, b *desired.Build) {
	file := s.Build.Dockerfile
	if b.DockerfileInline != "" && file != "" {
		l.addServiceError(s.Name, "build.dockerfile", "build.dockerfile and build.dockerfile_inline exclude each other: keep one")
	}
	if isRemote(s.Build.Context) {
		b.Context, b.Remote = s.Build.Context, true
		if b.DockerfileInline == "" {
			b.Dockerfile = file
		}
		return
	}
	b.Context, _ = l.local(s.Build.Context)
	if b.DockerfileInline != "" {
		return
	}
	if filepath.IsAbs(file) {
		if rel, err := filepath.Rel(b.Context, file); err == nil {
			file = rel
		}
	}
	b.Dockerfile = filepath.ToSlash(filepath.Clean(file))
}

// buildPlatforms sets the platform, or the platforms where there are several;
// compose-go makes sure that the service's is among them.
func buildPlatforms(s types.ServiceConfig, b *desired.Build) {
	platforms := s.Build.Platforms
	switch {
	case len(platforms) > 1:
		b.Platforms = sorted(platforms)
	case len(platforms) == 1:
		b.Platform = platforms[0]
	default:
		b.Platform = s.Platform
	}
}

// caches checks places to take layers from or put them.
func (l *load) caches(s types.ServiceConfig, key string, texts []string) []string {
	for _, text := range texts {
		if _, _, err := desired.ParseCache(text); err != nil {
			l.addServiceError(s.Name, "build."+key, "build.%s: %v", key, err)
		}
	}
	return slices.Clone(texts)
}

// additionalContexts separates local directories from what the engine fetches. The
// contexts of other services are filled in later.
func (l *load) additionalContexts(s types.ServiceConfig) map[string]desired.BuildContext {
	if len(s.Build.AdditionalContexts) == 0 {
		return nil
	}
	out := map[string]desired.BuildContext{}
	for _, name := range sortedKeys(s.Build.AdditionalContexts) {
		source := s.Build.AdditionalContexts[name]
		key := "build.additional_contexts." + name
		switch {
		case strings.HasPrefix(source, types.ServicePrefix), strings.HasPrefix(source, imageContext):
			out[name] = desired.BuildContext{Source: source}
		case strings.HasPrefix(source, "oci-layout:"), strings.HasPrefix(source, "target:"):
			l.addServiceError(s.Name, key, "%s: %q is not supported: use a directory, service:, docker-image:// or a URL", key, source)
		case isRemote(source):
			out[name] = desired.BuildContext{Source: source}
		default:
			l.checkFile(s, key, source, true)
			dir, _ := l.local(source)
			out[name] = desired.BuildContext{Local: dir}
		}
	}
	return out
}

// imageContext marks an additional context that is an image.
const imageContext = "docker-image://"

func buildUlimits(limits map[string]*types.UlimitsConfig) []string {
	var out []string
	for _, name := range sortedKeys(limits) {
		soft, hard := limits[name].Soft, limits[name].Hard
		if limits[name].Single != 0 {
			soft, hard = limits[name].Single, limits[name].Single
		}
		out = append(out, fmt.Sprintf("%s=%d:%d", name, soft, hard))
	}
	return out
}

func entitlements(b *types.BuildConfig) []string {
	list := sorted(b.Entitlements)
	if b.Privileged && !slices.Contains(list, insecure) {
		list = append(list, insecure)
	}
	return list
}

// insecure is BuildKit's name for what Compose calls privileged.
const insecure = "security.insecure"
