package registry

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Settings are what the provider's configuration says about one registry. The
// zero value says nothing.
type Settings struct {
	// Mirror is where its images are asked for first, "host[:port][/path]"; empty
	// means there is no mirror.
	Mirror string
	// Username and Password are for this registry itself, never for its mirror;
	// empty means those of the Docker configuration.
	Username, Password string
	// Unknown reports that a value above is known only at apply.
	Unknown bool
}

// WithSettings gives settings by registry, "host[:port]" as in image references;
// "docker.io" is Docker Hub.
func WithSettings(settings map[string]Settings) Option {
	return func(r *Resolver) {
		r.settings = make(map[string]Settings, len(settings))
		for host, s := range settings {
			r.settings[CanonicalHost(host)] = s
		}
	}
}

// WithSettingsUnknown reports that all settings are known only at apply: nothing is
// asked until then.
func WithSettingsUnknown() Option {
	return func(r *Resolver) { r.settingsUnknown = true }
}

// SettingsError is a setting that can never work. It carries no secret.
type SettingsError struct {
	// Registry is the key at fault. Attribute is the attribute of its entry, empty
	// for the key itself.
	Registry, Attribute, Detail string
}

// Error returns the detail in one line.
func (e *SettingsError) Error() string {
	return fmt.Sprintf("registry %q: %s", e.Registry, e.Detail)
}

// hostPattern is the domain of an image reference (distribution's reference
// grammar); a port is looked at separately.
const hostPattern = `(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?`

var (
	hostOnly = regexp.MustCompile(`^` + hostPattern + `$`)
	// mirrorForm adds a path of repository components.
	mirrorForm = regexp.MustCompile(`^(` + hostPattern + `)((?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)/?$`)
)

// Check says what is wrong with the settings of a registry, nil for nothing. It
// does no I/O. Unknown values are not looked at.
func Check(host string, s Settings) error {
	fault := func(attribute, format string, args ...any) error {
		return &SettingsError{Registry: host, Attribute: attribute, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case strings.Contains(host, "://"):
		return fault("", "A registry is named without a scheme, as in image references: write %q.", withoutScheme(host))
	case strings.Contains(host, "/"):
		return fault("", "A registry is a host with an optional port, such as docker.io or registry.lan:5000, without a path. "+
			"Write %q: settings are for all repositories of a registry.", strings.SplitN(host, "/", 2)[0])
	case !validHost(host):
		return fault("", "%q is not a registry: write a host with an optional port as in image references, such as docker.io or registry.lan:5000.", host)
	case s.Unknown:
		return nil
	case s.Username == "" && s.Password != "":
		return fault("username", "There is a password without a username. Set both, or neither.")
	case s.Username != "" && s.Password == "":
		return fault("password", "There is a username without a password. Set both, or neither.")
	}
	return checkMirror(host, s.Mirror, fault)
}

func checkMirror(host, mirror string, fault func(string, string, ...any) error) error {
	found := mirrorForm.FindStringSubmatch(mirror)
	switch {
	case mirror == "":
		return nil
	case strings.Contains(mirror, "://"):
		return fault("mirror", "A mirror is written without a scheme, as in image references: write %q. "+
			"Registries are asked over https, those on loopback addresses over http too.", withoutScheme(mirror))
	case strings.Contains(mirror, "@"), found == nil, !validHost(found[1]):
		return fault("mirror", "%q is not a mirror: write a host with an optional port and path, such as registry.lan/docker or mirror.lan:5000. "+
			"A path is lower case and has neither tag nor digest.", mirror)
	case CanonicalHost(found[1]) == CanonicalHost(host):
		return fault("mirror", "The registry is named as its own mirror.")
	case !strings.ContainsAny(found[1], ".:") && found[1] != "localhost":
		return fault("mirror", "In image references %q would be a repository, not a host: give the mirror's host a domain or a port.", found[1])
	}
	return nil
}

func withoutScheme(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return strings.TrimSuffix(rest, "/")
}

func validHost(host string) bool {
	if !hostOnly.MatchString(host) {
		return false
	}
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return true // no port
	}
	number, err := strconv.Atoi(port)
	return err == nil && number > 0 && number < 1<<16
}

// CanonicalHost gives the names of Docker Hub, and all spellings of a host, as one.
func CanonicalHost(host string) string {
	switch host = strings.ToLower(host); host {
	case "docker.io", "index.docker.io", "registry-1.docker.io", "www.docker.io":
		return name.DefaultRegistry
	default:
		return host
	}
}

// Mirrors returns the references by which mirrors may have an image, in the
// order in which to try them before its own registry; none is an empty list. It
// does no I/O. Errors are [*Error].
func (r *Resolver) Mirrors(ref string) ([]string, error) {
	parsed, err := parse(ref)
	if err != nil {
		return nil, err
	}
	mirror := strings.TrimSuffix(r.settings[CanonicalHost(parsed.Context().RegistryStr())].Mirror, "/")
	if mirror == "" {
		return nil, nil
	}
	separator := ":"
	if _, ok := parsed.(name.Digest); ok {
		separator = "@"
	}
	return []string{mirror + "/" + parsed.Context().RepositoryStr() + separator + parsed.Identifier()}, nil
}
