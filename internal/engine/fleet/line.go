package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/docker/docker/client"
)

const (
	// Terraform walks ten resources at a time by default.
	idleConnections = 10
	idleTimeout     = 30 * time.Second
	// pingLimit bounds what is read of an answer that is not an engine's.
	pingLimit = 4 << 10
	// diagnoseLimit bounds the search for a cause once the connection failed.
	diagnoseLimit = 10 * time.Second
)

// line is the way to one engine: a transport, and what is below it.
type line struct {
	options   []client.Opt // make a client use it; the transport is set up by them
	transport *http.Transport
	pingURL   string
	tunnel    *tunnel // for ssh, else nil
	token     string  // for a Portainer, else ""
	closers   []func()
}

// lay prepares the line to an endpoint. secure is nil without TLS.
func (f *Fleet) lay(name string, c NodeConfig, e endpoint, secure *tls.Config) *line {
	e = e.withPort(secure != nil)
	l := &line{transport: newTransport()}
	l.transport.TLSClientConfig = secure
	l.closers = []func(){l.transport.CloseIdleConnections}
	l.pingURL = "http://" + client.DummyHost + "/_ping"
	switch {
	case e.scheme == schemePortainer:
		l.layPortainer(c.Token, e)
	case e.scheme == schemeTCP && secure != nil:
		l.pingURL = "https://" + e.address + e.path + "/_ping"
	case e.scheme == schemeTCP:
		l.pingURL = "http://" + e.address + e.path + "/_ping"
	}
	hc := &http.Client{Transport: l.transport, CheckRedirect: client.CheckRedirect}
	l.options = append([]client.Opt{client.WithHTTPClient(hc), client.WithHost(e.url())}, l.options...)
	if e.scheme == schemeTCP {
		l.options = append(l.options, client.WithDialContext(c.dialer()))
	}
	if e.scheme == schemeSSH {
		l.laySSH(&tunnel{name: name, target: e.ssh, hostKey: c.HostKey, timeout: c.ConnectTimeout, within: c.within()})
	}
	return l
}

func newTransport() *http.Transport {
	return &http.Transport{MaxIdleConns: idleConnections, MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: idleTimeout}
}

// close ends what is idle of the line; another call opens it again.
func (l *line) close() {
	for _, end := range l.closers {
		end()
	}
}

// ping returns the newest API version of the engine. It goes past the client's
// own ping, which drops the cause of most failures (docker/docker v28,
// client/request.go, doRequest).
func (l *line) ping(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.pingURL, nil)
	if err != nil {
		return "", err
	}
	resp, err := l.transport.RoundTrip(req)
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
	return "", &answerError{
		status: resp.StatusCode, body: string(body),
		tlsWanted: strings.Contains(string(body), "HTTP request to an HTTPS server"),
	}
}

// diagnose replaces the error of a ping where more can be found out.
func (l *line) diagnose(ctx context.Context, limit time.Duration, err error) error {
	var channel *channelError
	var answer *answerError
	switch {
	case errors.As(err, &channel):
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(limit, diagnoseLimit))
		defer cancel()
		return l.tunnel.diagnose(ctx, channel.master)
	case errors.As(err, &answer) && l.token != "":
		return explainPortainer(l.token, answer)
	default:
		return err
	}
}
