package desired

import (
	"encoding/json"
	"sort"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// Spec is a service's or a container's configuration, flattened: keys are the
// Compose names of the fields ("environment.TZ", "deploy.resources.limits.memory"),
// values are text in one canonical spelling. A field that is absent was not
// asked for. Specs of what is desired and of what exists are made by the same
// extraction, so equal values mean equal configuration.
type Spec map[string]string

// View is what a Spec is extracted from: the wire values of a create request,
// or of a container that the engine has inspected. Either may be partial.
type View struct {
	Config   *container.Config
	Host     *container.HostConfig
	Mounts   []Mount
	Files    []FileView
	Hooks    *Hooks                               // nil: none
	Networks map[string]*network.EndpointSettings // by the engine's network name
	// ShortID is the container's 12 digit ID, which the engine adds to aliases.
	ShortID string
	// Names are the names that the container has, had or will have: the one it
	// is made for is among its aliases, as Docker Compose has it.
	Names []string
	// DefaultName is "<stack>-<service>": Docker Compose names containers so,
	// with their number. Empty: not known.
	DefaultName string
}

// FileView is one delivered file as a Spec shows it.
type FileView struct {
	Kind   FileKind
	Target string
	// Value is the file's digest, or a secret's version.
	Value string
}

// extractors make a Spec together; each owns the keys of one concern.
var extractors = [...]func(View, Spec){
	processFields, healthFields, environmentFields, portFields, mountFields,
	networkFields, namespaceFields, securityFields, resourceFields, blockIOFields, deviceFields,
	resolverFields, loggingFields, hookFields,
}

// Extract flattens a view. It never fails: what is absent is left out.
func Extract(v View) Spec {
	if v.Config == nil {
		v.Config = &container.Config{}
	}
	if v.Host == nil {
		v.Host = &container.HostConfig{}
	}
	spec := Spec{}
	for _, extract := range extractors {
		extract(v, spec)
	}
	return spec
}

// Spec flattens the service as it should be. Values of fields that carry a
// secret are real; Masked hides them. Delivered secrets show their version,
// which versions gives by target (absent: version 1).
func (s *Service) Spec(versions map[string]int) Spec {
	view := View{Config: &s.Config, Host: &s.Host, Mounts: s.Mounts, Hooks: s.Hooks, Networks: map[string]*network.EndpointSettings{},
		Names: []string{s.ContainerName}, DefaultName: s.DefaultName}
	for i := range s.Networks {
		view.Networks[s.Networks[i].Network] = &s.Networks[i].Settings
	}
	for _, f := range s.Files {
		value := f.Digest
		if f.Kind == FileSecret || f.Digest == "" {
			value = SecretVersion(max(1, versions[f.Target]))
		}
		view.Files = append(view.Files, FileView{Kind: f.Kind, Target: f.Target, Value: value})
	}
	spec := Extract(view)
	if s.Image.Build != nil {
		spec["build"] = s.Image.Build.Hash
	}
	spec.text("platform", PlatformText(s.Image.Platform))
	return spec
}

// PlatformText spells "os/arch[/variant]" one way, as engines do (containerd's
// platforms.Normalize): Linux goes without saying, as does v8 for arm64, and arm
// means v7.
func PlatformText(platform string) string {
	if platform == "" {
		return ""
	}
	platform = strings.ToLower(platform)
	if !strings.Contains(platform, "/") {
		platform = "linux/" + platform
	}
	parts := strings.SplitN(platform, "/", 3)
	if arch, ok := architectures[parts[1]]; ok {
		parts[1] = arch
	}
	switch text := strings.Join(parts, "/"); {
	case parts[1] == "arm64":
		return strings.TrimSuffix(text, "/v8")
	case text == "linux/arm":
		return text + "/v7"
	default:
		return text
	}
}

// architectures are what uname and people call them.
var architectures = map[string]string{"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "i486": "386", "i586": "386", "i686": "386",
	"armhf": "arm/v7", "armel": "arm/v6"}

// SecretVersion is how a secret's value is shown: never itself, only which of
// its successive versions it is.
func SecretVersion(version int) string { return "secret (version " + strconv.Itoa(version) + ")" }

// Masked returns a copy of spec in which the fields that carry secrets show
// version instead of their value.
func (s Spec) Masked(secret map[string][]string, version int) Spec {
	masked := make(Spec, len(s))
	for key, value := range s {
		if _, ok := secret[key]; ok {
			value = SecretVersion(version)
		}
		masked[key] = value
	}
	return masked
}

// closedPrefixes are the fields of which the engine invents none: one that
// exists and was not asked for is somebody's change, not a default.
var closedPrefixes = [...]string{"environment.", "labels.", "ports.", "volumes.", "tmpfs."}

// attached is the value of the field that names a joined network.
const attached = "attached"

// IsClosed reports whether an unasked field is a difference rather than a default
// that the engine filled in.
func IsClosed(key, value string) bool {
	for _, prefix := range closedPrefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	if _, limit := updatable[key]; limit {
		return key != "memswap_limit" || value != unlimited
	}
	return strings.HasPrefix(key, "networks.") && value == attached
}

// IsFilled reports whether engines have a value of their own for a field that
// nobody asked for, so that nothing reports whether somebody did. spec is what the
// container has otherwise: one in a namespace of another container or of the node
// has the host name of that.
func IsFilled(key string, spec Spec) bool {
	switch key {
	case "cgroup", "logging.driver", "runtime", "platform":
		return true
	case "hostname", "domainname":
		mode := spec["network_mode"]
		return mode == "host" || spec["uts"] == "host" || strings.HasPrefix(mode, ContainerPrefix) || strings.HasPrefix(mode, ServicePrefix)
	}
	return strings.HasSuffix(key, ".mac_address")
}

// unlimited is what an engine that cannot limit swap puts into every container
// that has a memory limit.
const unlimited = "-1"

// IsFile reports whether a field shows a delivered config or secret.
func IsFile(key string) bool {
	return strings.HasPrefix(key, string(FileConfig)+".") || strings.HasPrefix(key, string(FileSecret)+".")
}

// Keys returns the spec's keys in order.
func (s Spec) Keys() []string {
	keys := make([]string, 0, len(s))
	for key := range s {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// Below returns the fields whose keys begin with a prefix; nil when there are none.
func (s Spec) Below(prefix string) Spec {
	var below Spec
	for key, value := range s {
		if strings.HasPrefix(key, prefix) {
			if below == nil {
				below = Spec{}
			}
			below[key] = value
		}
	}
	return below
}

func (s Spec) text(key, value string) {
	if value != "" {
		s[key] = value
	}
}

func (s Spec) integer(key string, value int64) {
	if value != 0 {
		s[key] = strconv.FormatInt(value, 10)
	}
}

func (s Spec) flag(key string, value bool) {
	if value {
		s[key] = "true"
	}
}

// list writes an ordered list as JSON, so that no separator is ambiguous.
func (s Spec) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(values) // a []string always encodes
	s[key] = strings.TrimSpace(b.String())
}

// set writes a list whose order means nothing.
func (s Spec) set(key string, values []string) {
	if len(values) == 0 {
		return
	}
	sorted := append([]string(nil), values...)
	sort.Strings(sorted)
	s[key] = strings.Join(sorted, ", ")
}
