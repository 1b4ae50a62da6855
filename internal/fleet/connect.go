package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

const (
	// minimumAPI came with Docker Engine 20.10.
	minimumAPI = "1.41"
	needed     = "API " + minimumAPI + ", Docker Engine 20.10 or newer"

	// Terraform walks ten resources at a time by default.
	idleConnections = 10
	idleTimeout     = 30 * time.Second
	// pingLimit bounds what is read of an answer that is no engine's.
	pingLimit = 4 << 10
)

// connect returns a checked engine with its API version negotiated.
func (f *Fleet) connect(ctx context.Context, name string, c NodeConfig) (*Node, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	n, transport, err := f.dial(name, c)
	if err != nil {
		return nil, err
	}
	version, pingErr := ping(ctx, n.Client, transport)
	if pingErr != nil {
		transport.CloseIdleConnections()
		return nil, unreachable(name, c, pingErr)
	}
	n.NegotiateAPIVersionPing(types.Ping{APIVersion: version})
	if err := f.checkAPI(ctx, n, version); err != nil {
		transport.CloseIdleConnections()
		return nil, err
	}
	return n, nil
}

// dial prepares a client; no bytes are sent yet.
func (f *Fleet) dial(name string, c NodeConfig) (*Node, *http.Transport, error) {
	fail := func(e *Error) (*Node, *http.Transport, error) {
		return nil, nil, c.blame(name, e)
	}
	e, bad := parseHost(c.Host)
	if bad != nil {
		return fail(bad)
	}
	var secure *tls.Config
	if c.TLS != nil {
		if secure, bad = c.TLS.config(); bad != nil {
			return fail(bad)
		}
	}
	transport := &http.Transport{
		TLSClientConfig: secure, MaxIdleConns: idleConnections,
		MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: idleTimeout,
	}
	cli, err := client.NewClientWithOpts(
		client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
		client.WithHost(e.withPort(secure != nil).url()),
		client.WithUserAgent(f.userAgent),
		client.WithVersion(f.apiVersion),
	)
	if err != nil {
		return fail(invalid([]string{"host"}, "the host cannot be used: "+err.Error()+".", "Correct it."))
	}
	return &Node{Client: cli, name: name, config: c}, transport, nil
}

// ping returns the newest API version of the engine. It goes past the client's
// own ping, which drops the cause of most failures (docker/docker v28,
// client/request.go, doRequest).
func ping(ctx context.Context, cli *client.Client, transport http.RoundTripper) (string, error) {
	e, bad := parseHost(cli.DaemonHost())
	if bad != nil {
		return "", bad
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, pingURL(e, transport), nil)
	if err != nil {
		return "", err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, pingLimit))
	if err != nil {
		return "", err
	}
	version := resp.Header.Get("Api-Version")
	// The engine answers 500 while it is unwell, still with its version.
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusInternalServerError {
		if version != "" {
			return version, nil
		}
	}
	return "", &answerError{status: resp.StatusCode, tlsWanted: strings.Contains(string(body), "HTTP request to an HTTPS server")}
}

func pingURL(e endpoint, rt http.RoundTripper) string {
	if e.scheme != "tcp" {
		return "http://" + client.DummyHost + "/_ping"
	}
	scheme := "http"
	if t, ok := rt.(*http.Transport); ok && t.TLSClientConfig != nil {
		scheme = "https"
	}
	return scheme + "://" + e.address + e.path + "/_ping"
}

// answerError is an answer that no Docker engine gives.
type answerError struct {
	status    int
	tlsWanted bool
}

func (e *answerError) Error() string {
	return fmt.Sprintf("no engine's answer: %d %s", e.status, http.StatusText(e.status))
}

// checkAPI compares the engine's newest API, and a pinned one, with what is needed.
func (f *Fleet) checkAPI(ctx context.Context, n *Node, engine string) error {
	e := &Error{Node: n.name, Host: n.Host(), Kind: TooOld}
	switch {
	case versions.LessThan(engine, minimumAPI):
		// The version is a courtesy; the message stands without it.
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
