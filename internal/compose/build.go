package compose

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// buildVersion goes up whenever the same build would hash differently.
const buildVersion = "homelab-build-1"

// build reads a service's build context; nil for a service that has none.
func (l *load) build(ctx context.Context, s types.ServiceConfig) *desired.Build {
	if s.Build == nil {
		return nil
	}
	dir, _ := l.local(s.Build.Context)
	b := &desired.Build{
		Context:          dir,
		Dockerfile:       l.dockerfile(s, dir),
		DockerfileInline: s.Build.DockerfileInline,
		Args:             s.Build.Args,
		Target:           s.Build.Target,
		Labels:           notEmpty(s.Build.Labels),
		ExtraHosts:       sorted(s.Build.ExtraHosts.AsList(":")),
		Network:          s.Build.Network,
		ShmSizeBytes:     int64(s.Build.ShmSize),
		NoCache:          s.Build.NoCache,
		Pull:             s.Build.Pull,
		CacheFrom:        slices.Clone(s.Build.CacheFrom),
		Tags:             sorted(s.Build.Tags),
		Platform:         l.buildPlatform(s),
	}
	l.checkLabels(fieldPath{"services", s.Name, "build", "labels"}, s.Build.Labels)
	if len(l.list) > 0 {
		return b
	}
	entries, err := archive.BuildContext(ctx, dir, b.Dockerfile)
	if err == nil {
		b.Hash, err = buildHash(b, entries)
	}
	if err != nil {
		l.service(s.Name, "build", "build: %v", err)
	}
	return b
}

// dockerfile returns the Dockerfile's path inside the context.
func (l *load) dockerfile(s types.ServiceConfig, dir string) string {
	file := s.Build.Dockerfile
	if s.Build.DockerfileInline != "" {
		if file != "" {
			l.service(s.Name, "build.dockerfile", "build.dockerfile and build.dockerfile_inline exclude each other: keep one")
		}
		return ""
	}
	if filepath.IsAbs(file) {
		if rel, err := filepath.Rel(dir, file); err == nil {
			file = rel
		}
	}
	if file = filepath.Clean(file); !filepath.IsLocal(file) {
		l.service(s.Name, "build.dockerfile", "build.dockerfile %q is outside the build context: put it inside, or use dockerfile_inline", s.Build.Dockerfile)
	}
	return filepath.ToSlash(file)
}

func (l *load) buildPlatform(s types.ServiceConfig) string {
	platforms := s.Build.Platforms
	switch {
	case len(platforms) > 1:
		l.service(s.Name, "build.platforms", "build.platforms may name one platform: a node builds for itself")
	case len(platforms) == 1 && s.Platform != "" && s.Platform != platforms[0]:
		l.service(s.Name, "build.platforms", "build.platforms must name the service's platform, %s", s.Platform)
	case len(platforms) == 1:
		return platforms[0]
	}
	return s.Platform
}

// buildHash returns "sha256:" and 64 hexadecimal digits over the context's
// files and every setting, but not over where the context lies.
func buildHash(b *desired.Build, entries []desired.Entry) (string, error) {
	files, err := archive.Digest(entries)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\ncontext %s\n", buildVersion, files)
	fmt.Fprintf(h, "dockerfile %q\ninline %q\ntarget %q\nnetwork %q\nplatform %q\n",
		b.Dockerfile, b.DockerfileInline, b.Target, b.Network, b.Platform)
	fmt.Fprintf(h, "shm_size %d\nno_cache %t\npull %t\n", b.ShmSizeBytes, b.NoCache, b.Pull)
	fmt.Fprintf(h, "extra_hosts %q\ncache_from %q\ntags %q\n", b.ExtraHosts, b.CacheFrom, b.Tags)
	for _, key := range sortedKeys(b.Labels) {
		fmt.Fprintf(h, "label %q=%q\n", key, b.Labels[key])
	}
	writeArgs(h, b.Args)
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func writeArgs(w io.Writer, args map[string]*string) {
	for _, key := range sortedKeys(args) {
		if args[key] == nil {
			fmt.Fprintf(w, "arg %q\n", key)
			continue
		}
		fmt.Fprintf(w, "arg %q=%q\n", key, *args[key])
	}
}
