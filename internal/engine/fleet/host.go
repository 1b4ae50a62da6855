package fleet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"runtime"
	"strings"
)

const (
	schemeUnix      = "unix"
	schemePipe      = "npipe"
	schemeTCP       = "tcp"
	schemeSSH       = "ssh"
	schemePortainer = "portainer+https"
)

// endpoint is a host taken apart. address is a socket's path or "host:port".
type endpoint struct {
	scheme, address, path string

	// ssh is set for the scheme ssh alone.
	ssh sshTarget
}

// url is the endpoint with its port, as the Docker client reads it.
func (e endpoint) url() string {
	switch e.scheme {
	case schemeSSH:
		return "unix://" + e.ssh.socket
	case schemePortainer:
		return "tcp://" + e.address + e.path
	default:
		return e.scheme + "://" + e.address + e.path
	}
}

// Check returns an [*Error], as error, when a node's configuration can never
// work, and nil when it may or is not known yet. It does no I/O.
func Check(name string, c NodeConfig) error {
	if c.Unknown {
		return nil
	}
	if err := c.check(); err != nil {
		return c.blame(name, err)
	}
	return nil
}

// blame completes an error with the node and where its address was written.
func (c NodeConfig) blame(name string, err *Error) *Error {
	err.Node, err.Host = name, shown(c.Host)
	if c.origin != "" {
		err.Attribute = nil
		if c.Context != "" {
			err.Attribute = []string{"context"}
		}
		err.advice += c.originAdvice()
	}
	return err
}

func (c NodeConfig) check() *Error {
	if c.Context != "" && c.origin == "" {
		return c.checkContext()
	}
	if c.Host == "" {
		return invalid([]string{"host"}, "the node has neither a host nor a context.",
			"Set host, such as unix:///var/run/docker.sock, or context.")
	}
	e, err := parseHost(c.Host)
	if err == nil {
		err = c.checkOthers(e.scheme)
	}
	switch {
	case err != nil:
		return err
	case c.TLS != nil:
		return c.TLS.check()
	case e.scheme == schemeTCP && !loopback(e.address):
		return invalid([]string{"host"},
			"plain tcp gives everyone on the network root on the node, so it is accepted to loopback addresses only.",
			`Set tls (see "Protect the Docker daemon socket" in Docker's documentation), or use ssh://.`)
	default:
		return nil
	}
}

// checkOthers finds what does not go with the host's scheme.
func (c NodeConfig) checkOthers(scheme string) *Error {
	switch {
	case c.TLS != nil && scheme == schemeSSH:
		return invalid([]string{"tls"}, "tls is for tcp:// and portainer+https:// hosts; ssh encrypts by itself.", "Remove tls.")
	case c.TLS != nil && scheme != schemeTCP && scheme != schemePortainer:
		return invalid([]string{"tls"}, "tls is for tcp:// and portainer+https:// hosts; a local socket is not encrypted.",
			"Remove tls, or use a tcp:// host.")
	case c.Token != "" && scheme != schemePortainer:
		return invalid([]string{"token"}, "token is for portainer+https:// hosts.", "Remove token.")
	case scheme == schemePortainer:
		return checkToken(c.Token)
	case c.HostKey != "" && scheme != schemeSSH:
		return invalid([]string{"host_key"}, "host_key is for ssh:// hosts.", "Remove host_key.")
	case c.HostKey != "":
		_, err := parseHostKeys(c.HostKey)
		return err
	default:
		return nil
	}
}

// parseHost takes a host apart. A tcp host without a port stays without one.
func parseHost(host string) (endpoint, *Error) {
	scheme, rest, ok := strings.Cut(host, "://")
	if !ok || scheme == "" {
		return endpoint{}, invalid([]string{"host"}, "the host has no scheme.",
			"Write ssh://user@address, tcp://address:2376 or unix:///var/run/docker.sock.")
	}
	switch scheme {
	case schemeUnix:
		if !path.IsAbs(rest) {
			return endpoint{}, invalid([]string{"host"}, "a socket needs an absolute path.",
				"Write it with three slashes: unix:///var/run/docker.sock.")
		}
		return endpoint{scheme: scheme, address: rest}, nil
	case schemePipe:
		if runtime.GOOS != "windows" {
			return endpoint{}, invalid([]string{"host"}, "npipe:// is for Windows only.", "Use unix:// here.")
		}
		return endpoint{scheme: scheme, address: rest}, nil
	case schemeTCP:
		return parseTCP(host)
	case schemeSSH:
		return parseSSH(host)
	case schemePortainer:
		return parsePortainer(host)
	default:
		return endpoint{}, invalid([]string{"host"}, fmt.Sprintf("the scheme %q is not one that the provider knows.", scheme),
			"Use ssh://, tcp:// (with tls), portainer+https:// or unix://.")
	}
}

func parseTCP(host string) (endpoint, *Error) {
	u, err := url.Parse(host)
	switch {
	// The parser's error repeats the address, which may hold a password.
	case err != nil:
		return endpoint{}, invalid([]string{"host"}, "the host is not a valid address.", "Write tcp://address:port.")
	case u.Hostname() == "":
		return endpoint{}, invalid([]string{"host"}, "the host has no address.", "Write tcp://address:port.")
	case u.User != nil:
		return endpoint{}, invalid([]string{"host"}, "a tcp host takes no user or password.",
			"Remove the part before the @; clients are known by their certificate (tls).")
	case u.RawQuery != "" || u.Fragment != "":
		return endpoint{}, invalid([]string{"host"}, "a tcp host takes no query or fragment.", "Write tcp://address:port.")
	}
	return endpoint{scheme: schemeTCP, address: u.Host, path: strings.TrimSuffix(u.Path, "/")}, nil
}

// withPort adds the port that goes without saying: of a tcp host the one that
// Docker reserves for the engine, 2376 with TLS and 2375 without.
func (e endpoint) withPort(secure bool) endpoint {
	u := url.URL{Host: e.address}
	if e.scheme != schemeTCP && e.scheme != schemePortainer || u.Port() != "" {
		return e
	}
	port := "2375"
	switch {
	case e.scheme == schemePortainer:
		port = "443"
	case secure:
		port = "2376"
	}
	e.address = net.JoinHostPort(u.Hostname(), port)
	return e
}

// loopback reports whether an address of a host is this machine's own. Names other
// than "localhost" are not looked up: an answer may change after the check.
func loopback(address string) bool {
	name := (&url.URL{Host: address}).Hostname()
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// shown returns a host as it may be shown: without a password, a query or
// anything that cannot be told from one.
func shown(host string) string {
	u, err := url.Parse(host)
	if err == nil && u.Opaque == "" {
		u.RawQuery, u.Fragment = "", ""
		return u.Redacted()
	}
	if !strings.ContainsAny(host, "@?#") {
		return host
	}
	if scheme, _, ok := strings.Cut(host, "://"); ok {
		return scheme + "://..."
	}
	return ""
}

func invalid(attribute []string, reason, advice string) *Error {
	kind := InvalidHost
	if attribute[0] == "tls" {
		kind = InvalidTLS
	}
	return &Error{Kind: kind, Attribute: attribute, Err: errors.New(strings.TrimSuffix(reason, ".")), reason: reason, advice: advice}
}
