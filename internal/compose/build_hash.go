package compose

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
)

// buildVersion goes up whenever the same build would hash differently. What is
// added to the hash is written only where it is used, so that no image is built
// again because of an upgrade.
const buildVersion = "homelab-build-1"

// buildHash returns "sha256:" and 64 hexadecimal digits over the context's
// files and every setting, but not over where the context lies, nor over the
// values of secrets: BuildKit's cache doesn't look at those either, and a digest
// of a secret must not exist.
func buildHash(ctx context.Context, b *desired.Build, contexts contextDigests) (string, error) {
	files, err := contexts.of(ctx, b)
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
	if err := writeMore(ctx, h, b, contexts); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// contextDigests reads local build contexts, and gives warn what is left out of them.
type contextDigests struct {
	warn func(dir string, paths []string)
}

// of is the digest of what a build sends, "" for a context that is not local.
func (c contextDigests) of(ctx context.Context, b *desired.Build) (string, error) {
	if b.Remote {
		return "", nil
	}
	return c.digest(ctx, b.Context, b.Dockerfile)
}

func (c contextDigests) digest(ctx context.Context, dir, dockerfile string) (string, error) {
	tree, err := archive.BuildContext(ctx, dir, dockerfile)
	if err != nil {
		return "", err
	}
	c.warn(dir, tree.LeftOut)
	return archive.Digest(ctx, tree.Entries)
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

// writeMore writes the settings that only BuildKit has.
func writeMore(ctx context.Context, w io.Writer, b *desired.Build, contexts contextDigests) error {
	if b.Remote {
		fmt.Fprintf(w, "remote %q\n", b.Context)
	}
	for _, list := range []struct {
		key    string
		values []string
	}{
		{"cache_to", b.CacheTo}, {"no_cache_filter", b.NoCacheFilter}, {"ulimits", b.Ulimits},
		{"entitlements", b.Entitlements}, {"platforms", b.Platforms}, {"secrets", secretIDs(b)}, {"ssh", sshIDs(b)},
	} {
		if len(list.values) > 0 {
			fmt.Fprintf(w, "%s %q\n", list.key, list.values)
		}
	}
	if b.Provenance != "" || b.SBOM != "" {
		fmt.Fprintf(w, "provenance %q sbom %q\n", b.Provenance, b.SBOM)
	}
	for _, name := range sortedKeys(b.Contexts) {
		content := b.Contexts[name].Source
		if dir := b.Contexts[name].Local; dir != "" {
			var err error
			if content, err = contexts.digest(ctx, dir, ""); err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "additional context %q=%q\n", name, content)
	}
	return nil
}

func secretIDs(b *desired.Build) (ids []string) {
	for _, secret := range b.Secrets {
		ids = append(ids, secret.ID)
	}
	return ids
}

func sshIDs(b *desired.Build) (ids []string) {
	for _, ssh := range b.SSH {
		ids = append(ids, ssh.ID)
	}
	return ids
}

// withBases adds to a build's hash what the images it starts from are built
// from: one that changes is a reason to build again.
func withBases(b *desired.Build) string {
	if len(b.Bases) == 0 {
		return b.Hash
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", b.Hash)
	for _, base := range b.Bases {
		fmt.Fprintf(&text, "base %q=%q\n", base.Reference, base.Build.Hash)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return "sha256:" + hex.EncodeToString(sum[:])
}
