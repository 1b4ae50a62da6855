package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/docker/docker/client"
)

// checkContext finds what a node with a context cannot have besides; the context
// itself is not read.
func (c NodeConfig) checkContext() *Error {
	switch {
	case c.Host != "":
		return invalid([]string{"context"}, "the node has both a host and a context.", "Keep one of them.")
	case c.TLS != nil:
		return invalid([]string{"tls"}, "a Docker context brings its own certificates.", "Remove tls, or set host in place of context.")
	case c.Token != "":
		return invalid([]string{"token"}, "token is for portainer+https:// hosts.", "Remove token, or set host in place of context.")
	case c.HostKey != "":
		_, err := parseHostKeys(c.HostKey)
		return err
	default:
		return nil
	}
}

// resolve replaces a context by what it says.
func (c NodeConfig) resolve() (NodeConfig, *Error) {
	if c.Context == "" || c.origin != "" {
		return c, nil
	}
	found, err := contextNode(configDir(), c.Context)
	if err == nil {
		c.Host, c.TLS, c.origin = found.Host, found.TLS, found.origin
		return c, c.check()
	}
	err.Attribute = []string{"context"}
	return c, err
}

// contextNode reads a context as the Docker CLI stores it: meta.json and tls
// files in folders named by the SHA-256 of the context's name. The one that is
// always there, "default", is not stored.
func contextNode(dir, name string) (NodeConfig, *Error) {
	subject := fmt.Sprintf("the Docker context %q", name)
	if name == defaultContext {
		return environmentNode(dir), nil
	}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	err := readJSON(filepath.Join(dir, "contexts", "meta", id, "meta.json"), &meta)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it does not exist")
	}
	if err != nil {
		return NodeConfig{}, contextError(subject, err)
	}
	engine, ok := meta.Endpoints["docker"]
	switch {
	case !ok:
		return NodeConfig{}, contextError(subject, errors.New("it has no Docker endpoint"))
	case engine.SkipTLSVerify:
		return NodeConfig{}, contextError(subject, errors.New("it skips the verification of certificates, which the provider never does"))
	case engine.Host == "":
		engine.Host = client.DefaultDockerHost
	}
	return NodeConfig{Host: engine.Host, TLS: contextTLS(dir, id, engine.Host), origin: subject}, nil
}

// contextTLS returns nil for a context without certificates.
func contextTLS(dir, id, host string) *TLS {
	folder := filepath.Join(dir, "contexts", "tls", id, "docker")
	if e, err := parseHost(host); err != nil || e.scheme != schemeTCP {
		return nil
	}
	if t := tlsFolder(folder); *t != (TLS{}) {
		return t
	}
	return nil
}

func contextError(subject string, err error) *Error {
	return &Error{
		Kind: InvalidHost, Err: fmt.Errorf("read %s: %w", subject, err),
		reason: fmt.Sprintf("%s cannot be used: %v.", subject, err), advice: contextDocs,
	}
}
