package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

const (
	// minimumAPI came with Docker Engine 20.10.
	minimumAPI = "1.41"
	needed     = "API " + minimumAPI + ", Docker Engine 20.10 or newer"
)

// connect returns a checked engine with its API version negotiated, within ctx's
// time.
func (f *Fleet) connect(ctx context.Context, name string, c NodeConfig) (*Node, error) {
	n, err := f.dial(name, c)
	if err != nil {
		return nil, err
	}
	version, pingErr := n.line.ping(ctx)
	if pingErr != nil {
		pingErr = n.line.diagnose(ctx, c.ConnectTimeout, pingErr)
		n.line.close()
		return nil, unreachable(name, n.config, pingErr)
	}
	n.NegotiateAPIVersionPing(types.Ping{APIVersion: version})
	if err := f.checkAPI(ctx, n, version); err != nil {
		n.line.close()
		return nil, err
	}
	return n, nil
}

// dial prepares a client; no bytes are sent yet.
func (f *Fleet) dial(name string, c NodeConfig) (*Node, error) {
	c, bad := c.resolve()
	if bad != nil {
		return nil, c.blame(name, bad)
	}
	e, bad := parseHost(c.Host)
	if bad != nil {
		return nil, c.blame(name, bad)
	}
	var secure *tls.Config
	if c.TLS != nil {
		if secure, bad = c.TLS.config(); bad != nil {
			return nil, c.blame(name, bad)
		}
	}
	l := f.lay(name, c, e, secure)
	cli, err := client.NewClientWithOpts(append(l.options,
		client.WithUserAgent(f.userAgent), client.WithVersion(f.apiVersion))...)
	if err != nil {
		bad := invalid([]string{"host"}, "the host cannot be used: "+err.Error()+".", "Correct it.")
		return nil, c.blame(name, bad)
	}
	return &Node{Client: cli, name: name, config: c, line: l}, nil
}

// answerError is an answer that no Docker engine gives.
type answerError struct {
	status    int
	body      string
	tlsWanted bool
}

func (e *answerError) Error() string {
	return fmt.Sprintf("not an engine's answer: %d %s", e.status, http.StatusText(e.status))
}

// checkAPI compares the engine's newest API, and a pinned one, with what is needed.
func (f *Fleet) checkAPI(ctx context.Context, n *Node, engine string) error {
	e := &Error{Node: n.name, Host: n.Host(), Kind: TooOld}
	switch {
	case versions.LessThan(engine, minimumAPI):
		// The version is a courtesy; the message is complete without it.
		release := "an unknown version"
		if v, err := n.ServerVersion(ctx); err == nil && v.Version != "" {
			release = "version " + v.Version
		}
		e.reason = fmt.Sprintf("its engine is %s with API %s; the provider needs %s.", release, engine, needed)
		e.advice = "Upgrade the engine on that node. Other nodes are not affected."
	case f.apiVersion != "" && versions.LessThan(f.apiVersion, minimumAPI):
		e.reason = fmt.Sprintf("DOCKER_API_VERSION pins API %s; the provider needs API %s or newer.", f.apiVersion, minimumAPI)
		e.advice = "Unset it to have the version negotiated."
	case f.apiVersion != "" && versions.LessThan(engine, f.apiVersion):
		e.reason = fmt.Sprintf("DOCKER_API_VERSION pins API %s, but the engine offers no more than API %s.", f.apiVersion, engine)
		e.advice = "Unset it to have the version negotiated."
	default:
		return nil
	}
	e.Err = errors.New(strings.TrimSuffix(e.reason, "."))
	return e
}

// pinnedVersion returns the API version that the environment asks for, or "".
func pinnedVersion() string {
	return strings.TrimPrefix(os.Getenv(client.EnvOverrideAPIVersion), "v")
}
