package desired

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/versions"
)

// Build is an image build. What it sends is read where Terraform runs; what
// lies elsewhere, the engine fetches by itself.
type Build struct {
	// Context is the directory that the build context is read from, or what the
	// engine fetches (a URL or a Git reference) when Remote is set.
	Context string
	Remote  bool
	// Dockerfile is the path relative to the context, with slashes; it may lead
	// out of a local context.
	Dockerfile string
	// DockerfileInline replaces Dockerfile when it is not empty.
	DockerfileInline string
	Args             map[string]*string
	Target           string
	Labels           map[string]string
	ExtraHosts       []string
	Network          string
	ShmSizeBytes     int64
	NoCache          bool
	// NoCacheFilter are the stages that are built without the cache.
	NoCacheFilter []string
	Pull          bool
	// CacheFrom and CacheTo are references, or "type=…,key=value" lists.
	CacheFrom, CacheTo []string
	Tags               []string
	// Platform is what the image is for; empty means the engine's own.
	// Platforms is set instead where there are several.
	Platform  string
	Platforms []string
	// Contexts are the additional contexts by name.
	Contexts map[string]BuildContext
	// Secrets are given to the steps that mount them. They leave no trace in the
	// image, nor in Hash.
	Secrets []BuildSecret
	SSH     []BuildSSH
	// Ulimits are "name=soft:hard".
	Ulimits []string
	// Entitlements are what the build may do beyond the ordinary.
	Entitlements []string
	// Provenance and SBOM are "true", "false" or attributes of the attestation;
	// empty means the engine's default.
	Provenance, SBOM string
	// Bases are the images of other services that the build starts from, which
	// have to be there before it.
	Bases []Image
	// Syntax names what the Dockerfile uses that the classic builder does not
	// have, as far as it is known; Frontend reports that it asks for a frontend of
	// its own, which the engine fetches.
	Syntax   []string
	Frontend bool
	// Dir is the directory that relative paths of local caches start from.
	Dir string
	// Hash is a digest of the context's files and of everything above but the
	// values of Secrets, and Dir; it names what the image was built from.
	Hash string
}

// BuildContext is an additional build context: Local or Source is set.
type BuildContext struct {
	// Local is a directory that is read where Terraform runs.
	Local string
	// Source is what the engine resolves: "docker-image://…", a URL or a Git
	// reference.
	Source string
	// Base is the image's reference where Source is the image of another service,
	// which no registry has.
	Base string
}

// BuildSecret is a secret that a step of a build may mount by its ID.
type BuildSecret struct {
	ID    string
	Value []byte
}

// BuildSSH is an SSH agent, or the keys in a file, that a step of a build may
// use by its ID. An empty Path means the agent of the user who runs Terraform.
type BuildSSH struct{ ID, Path string }

// apiBuildKitNow is the API of Docker Engine 23.0, whose BuildKit is the first
// with named contexts, limits of processes and of shared memory.
const apiBuildKitNow = "1.42"

// NeedsBuildKit names what the build uses that only BuildKit has; empty when the
// classic builder can do it all.
func (b *Build) NeedsBuildKit() []string {
	var needs []string
	for _, use := range []struct {
		key  string
		used bool
	}{
		{"build.additional_contexts", len(b.Contexts) > 0}, {"build.cache_to", len(b.CacheTo) > 0},
		{"build.entitlements", len(b.Entitlements) > 0}, {"build.no_cache_filter", len(b.NoCacheFilter) > 0},
		{"build.platforms", len(b.Platforms) > 0}, {"build.provenance", b.Provenance != ""}, {"build.sbom", b.SBOM != ""},
		{"build.secrets", len(b.Secrets) > 0}, {"build.ssh", len(b.SSH) > 0}, {"# syntax", b.Frontend},
	} {
		if use.used {
			needs = append(needs, use.key)
		}
	}
	return append(needs, b.Syntax...)
}

// NamesNetwork reports whether the build runs in a network by its name, which only
// the classic builder can do.
func (b *Build) NamesNetwork() bool {
	return b.Network != "" && b.Network != "default" && b.Network != "host" && b.Network != "none"
}

// Classic reports whether an engine which speaks no newer than the API version
// builds this with its classic builder: because of a network's name, or because
// its BuildKit has no limits yet and nothing needs BuildKit.
func (b *Build) Classic(api string) bool {
	return b.NamesNetwork() || len(b.NeedsBuildKit()) == 0 && len(b.limits()) > 0 && old(api)
}

// Lacking names what the build uses that an engine which speaks no newer than
// the API version has no means for.
func (b *Build) Lacking(api string) []string {
	if !old(api) {
		return nil
	}
	var needs []string
	if len(b.Contexts) > 0 && !b.Frontend {
		needs = append(needs, "build.additional_contexts")
	}
	if len(b.Platforms) > 0 {
		needs = append(needs, "build.platforms")
	}
	if b.Provenance != "" && b.Provenance != "false" {
		needs = append(needs, "build.provenance")
	}
	if b.SBOM != "" && b.SBOM != "false" {
		needs = append(needs, "build.sbom")
	}
	if !b.Classic(api) {
		needs = append(needs, b.limits()...)
	}
	for _, syntax := range b.Syntax {
		if !b.Frontend && !slices.Contains(oldSyntax, syntax) {
			needs = append(needs, syntax)
		}
	}
	return needs
}

// oldSyntax is what the BuildKit of an old engine reads in Dockerfiles, of all
// that the classic builder does not.
var oldSyntax = []string{"RUN --mount", "COPY --chmod", "ADD --chmod"}

// limits names the keys that the BuildKit of an old engine takes for nothing,
// though its classic builder has them.
func (b *Build) limits() []string {
	var keys []string
	if slices.ContainsFunc(b.ExtraHosts, func(host string) bool { return strings.HasSuffix(host, ":host-gateway") }) {
		keys = append(keys, "host-gateway in build.extra_hosts")
	}
	if b.ShmSizeBytes > 0 {
		keys = append(keys, "build.shm_size")
	}
	if len(b.Ulimits) > 0 {
		keys = append(keys, "build.ulimits")
	}
	return keys
}

func old(api string) bool { return api != "" && versions.LessThan(api, apiBuildKitNow) }

// ParseCache reads an entry of CacheFrom or CacheTo: a reference, which is a
// cache in a registry, or "type=…" with further attributes.
func ParseCache(text string) (kind string, attrs map[string]string, err error) {
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return "", nil, fmt.Errorf("%q is not a list of attributes: %w", text, err)
	}
	attrs = map[string]string{}
	if len(fields) == 1 && !strings.Contains(fields[0], "=") {
		attrs["ref"] = fields[0]
		return "registry", attrs, nil
	}
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		switch key = strings.ToLower(strings.TrimSpace(key)); {
		case !ok:
			return "", nil, fmt.Errorf("%q has %q, which is not an attribute: write key=value", text, field)
		case key == "type":
			kind = value
		default:
			attrs[key] = value
		}
	}
	if kind == "" {
		return "", nil, fmt.Errorf("%q has no type: write an image's reference, or type=registry,ref=…", text)
	}
	if kind == "registry" && attrs["ref"] == "" {
		return "", nil, fmt.Errorf("%q has no ref", text)
	}
	return kind, attrs, nil
}
