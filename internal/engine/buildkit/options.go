package buildkit

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// The labels by which an engine's worker says what it can do
// (moby/moby, builder-next/worker).
const (
	labelSnapshotter = "org.mobyproject.buildkit.worker.snapshotter" // the containerd image store
	labelHostGateway = "org.mobyproject.buildkit.worker.moby.host-gateway-ip"
)

// The names under which the Dockerfile frontend asks for files.
const (
	mountContext    = "context"
	mountDockerfile = "dockerfile"
)

// solveOptions converts a build to BuildKit's options, as the docker driver of
// docker/buildx does.
func (r *Request) solveOptions(worker *client.WorkerInfo) (*client.SolveOpt, error) {
	o := &client.SolveOpt{
		Frontend: "dockerfile.v0", FrontendAttrs: map[string]string{}, LocalMounts: map[string]fsutil.FS{},
		// Files that were sent before are compared by size and time alone: only
		// what was built from the same may count as sent.
		SharedKey: r.Build.Hash,
	}
	_, store := worker.Labels[labelSnapshotter]
	for _, add := range []func(*client.SolveOpt) error{
		r.addFiles, r.addContexts, r.addSettings,
		func(o *client.SolveOpt) error { return r.addHosts(o, worker.Labels[labelHostGateway]) },
		func(o *client.SolveOpt) error { return r.addCaches(o, store) },
		func(o *client.SolveOpt) error { return r.addOutput(o, store) },
		r.addSession,
	} {
		if err := add(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// addFiles offers the context and the Dockerfile. What .dockerignore leaves out
// is left out by the frontend, which asks for it first.
func (r *Request) addFiles(o *client.SolveOpt) error {
	b := r.Build
	if b.Remote {
		o.FrontendAttrs["context"] = b.Context
		o.FrontendAttrs["filename"] = b.Dockerfile
	} else if err := r.mount(o, mountContext, b.Context); err != nil {
		return err
	}
	if b.DockerfileInline != "" {
		inline := staticfs.NewFS()
		inline.Add("Dockerfile", &fstypes.Stat{Mode: 0o644}, []byte(b.DockerfileInline))
		o.LocalMounts[mountDockerfile] = inline
		o.FrontendAttrs["filename"], o.FrontendAttrs["dockerfilekey"] = "Dockerfile", mountDockerfile
		return nil
	}
	if b.Remote {
		return nil
	}
	file := filepath.Join(b.Context, filepath.FromSlash(b.Dockerfile))
	o.FrontendAttrs["filename"] = filepath.Base(file)
	return r.mount(o, mountDockerfile, filepath.Dir(file))
}

func (r *Request) mount(o *client.SolveOpt, name, dir string) error {
	tree, err := fsutil.NewFS(dir)
	if err == nil && len(r.LeftOut[dir]) > 0 {
		tree, err = fsutil.NewFilterFS(tree, &fsutil.FilterOpt{Map: without(r.LeftOut[dir])})
	}
	if err != nil {
		return fmt.Errorf("read build context %s: %w", dir, err)
	}
	o.LocalMounts[name] = tree
	return nil
}

// without leaves out paths and what is below them.
func without(paths []string) fsutil.MapFunc {
	return func(path string, stat *fstypes.Stat) fsutil.MapResult {
		switch {
		case !slices.Contains(paths, filepath.ToSlash(path)):
			return fsutil.MapResultKeep
		case stat.IsDir():
			return fsutil.MapResultSkipDir
		default:
			return fsutil.MapResultExclude
		}
	}
}

// addContexts names the additional contexts.
func (r *Request) addContexts(o *client.SolveOpt) error {
	for _, name := range slices.Sorted(maps.Keys(r.Build.Contexts)) {
		c := r.Build.Contexts[name]
		// A newer frontend that a Dockerfile asks for is to take them over.
		o.FrontendAttrs["frontend.caps"] = "moby.buildkit.frontend.contexts+forward"
		if c.Local == "" {
			o.FrontendAttrs["context:"+name] = c.Source
			continue
		}
		local := name
		if name == mountContext || name == mountDockerfile {
			local = "_" + name
		}
		if err := r.mount(o, local, c.Local); err != nil {
			return err
		}
		o.FrontendAttrs["context:"+name] = "local:" + local
		o.FrontendAttrs["sharedkey:localdir:"+name] = r.Build.Hash
	}
	return nil
}

func (r *Request) addSettings(o *client.SolveOpt) error {
	b, attrs := r.Build, o.FrontendAttrs
	for name, value := range b.Args {
		if value != nil {
			attrs["build-arg:"+name] = *value
		}
	}
	if syntax := strings.TrimSpace(attrs["build-arg:BUILDKIT_SYNTAX"]); syntax != "" {
		o.Frontend, attrs["cmdline"] = "gateway.v0", syntax
		attrs["source"], _, _ = strings.Cut(syntax, " ")
	}
	for name, value := range r.Labels {
		attrs["label:"+name] = value
	}
	attrs["image-resolve-mode"] = "local" // an image that is there counts, as for containers
	if b.Pull {
		attrs["image-resolve-mode"] = "pull"
	}
	set(attrs, "target", b.Target)
	set(attrs, "no-cache", strings.Join(b.NoCacheFilter, ","))
	if b.NoCache {
		attrs["no-cache"] = ""
	}
	set(attrs, "platform", b.Platform)
	set(attrs, "platform", strings.Join(b.Platforms, ","))
	set(attrs, "ulimit", strings.Join(b.Ulimits, ","))
	if b.ShmSizeBytes > 0 {
		attrs["shm-size"] = strconv.FormatInt(b.ShmSizeBytes, 10)
	}
	o.AllowedEntitlements = slices.Clone(b.Entitlements)
	switch b.Network {
	case "host":
		attrs["force-network-mode"] = b.Network
		o.AllowedEntitlements = append(o.AllowedEntitlements, "network.host")
	case "none":
		attrs["force-network-mode"] = b.Network
	}
	return nil
}

func set(attrs map[string]string, key, value string) {
	if value != "" {
		attrs[key] = value
	}
}

// addHosts writes extra hosts; only the engine knows its host-gateway.
func (r *Request) addHosts(o *client.SolveOpt, gateway string) error {
	var hosts []string
	for _, entry := range r.Build.ExtraHosts {
		host, ip, _ := strings.Cut(entry, ":")
		if ip == "host-gateway" {
			if ip = gateway; ip == "" {
				return fmt.Errorf("build.extra_hosts: this engine does not pass its host-gateway to BuildKit: write the address in place of host-gateway, or upgrade the engine on that node to 23.0 or newer")
			}
		}
		ip = strings.TrimSuffix(strings.TrimPrefix(ip, "["), "]")
		if net.ParseIP(ip) == nil {
			return fmt.Errorf("build.extra_hosts: %q of host %q is not an IP address", ip, host)
		}
		hosts = append(hosts, host+"="+ip)
	}
	set(o.FrontendAttrs, "add-hosts", strings.Join(hosts, ","))
	return nil
}

// errStore says what to do where the engine's store is the old one.
var errStore = errors.New("this engine keeps images in its classic store, which cannot do that: turn on the containerd image store on that node (features.containerd-snapshotter in daemon.json; the default of new installations from Docker Engine 29 on), or remove it")

// addCaches names the caches to read and write.
func (r *Request) addCaches(o *client.SolveOpt, store bool) error {
	for _, text := range r.Build.CacheFrom {
		e, err := r.cache(text)
		if err != nil {
			return fmt.Errorf("build.cache_from: %w", err)
		}
		o.CacheImports = append(o.CacheImports, e)
	}
	for _, text := range r.Build.CacheTo {
		e, err := r.cache(text)
		if err != nil {
			return fmt.Errorf("build.cache_to: %w", err)
		}
		if e.Type != "inline" && !store {
			return fmt.Errorf("build.cache_to with type=%s: %w", e.Type, errStore)
		}
		o.CacheExports = append(o.CacheExports, e)
	}
	if inline, _ := strconv.ParseBool(o.FrontendAttrs["build-arg:BUILDKIT_INLINE_CACHE"]); inline {
		o.CacheExports = append(o.CacheExports, client.CacheOptionsEntry{Type: "inline"})
	}
	return nil
}

// cache reads a cache; a local one is a directory where Terraform runs.
func (r *Request) cache(text string) (client.CacheOptionsEntry, error) {
	kind, attrs, err := desired.ParseCache(text)
	if err != nil {
		return client.CacheOptionsEntry{}, err
	}
	for _, place := range []string{"src", "dest"} {
		if kind == "local" && attrs[place] != "" && !filepath.IsAbs(attrs[place]) {
			attrs[place] = filepath.Join(r.Build.Dir, attrs[place])
		}
	}
	return client.CacheOptionsEntry{Type: kind, Attrs: attrs}, nil
}

// addOutput names what is made: an image in the engine's store.
func (r *Request) addOutput(o *client.SolveOpt, store bool) error {
	if len(r.Build.Platforms) > 1 && !store {
		return fmt.Errorf("build.platforms with several platforms: %w", errStore)
	}
	image := client.ExportEntry{Type: "moby", Attrs: map[string]string{"name": strings.Join(r.Names, ",")}}
	if store {
		image.Attrs["prefer-image-digest"] = "true"
	}
	o.Exports = []client.ExportEntry{image}
	attests := map[string]string{"provenance": r.Build.Provenance, "sbom": r.Build.SBOM}
	if attests["provenance"] == "" && store {
		attests["provenance"] = "mode=min,inline-only=true" // as docker/buildx does by itself
	}
	for _, kind := range slices.Sorted(maps.Keys(attests)) {
		value := attests[kind]
		switch {
		case value == "" || value == "false":
			continue
		case !store:
			return fmt.Errorf("build.%s: %w", kind, errStore)
		case value == "true":
			value = ""
		}
		o.FrontendAttrs["attest:"+kind] = value
	}
	return nil
}
