package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/client"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/retry"
)

const (
	// tokenHeader carries a Portainer access token
	// (https://docs.portainer.io/api/access).
	tokenHeader   = "X-API-Key"
	portainerForm = "Write portainer+https://address/endpoints/<id>; the id is in the address bar when the environment is open in Portainer."

	// portainerWords bounds what of Portainer's own message is shown.
	portainerWords = 200
)

var portainerRetries = retry.Policy{Retries: 2, Shortest: 200 * time.Millisecond, Longest: 2 * time.Second, Check: worthAnother}

// portainerPath is what follows the address: where Portainer is served, if not at
// its root, and the environment.
var portainerPath = regexp.MustCompile(`^((?:/[A-Za-z0-9._~-]+)*)/endpoints/([0-9]+)/?$`)

// parsePortainer returns the path of Portainer's proxy for the engine
// (https://docs.portainer.io/api/examples): /api/endpoints/<id>/docker.
func parsePortainer(host string) (endpoint, *Error) {
	fail := func(reason, advice string) (endpoint, *Error) {
		return endpoint{}, invalid([]string{"host"}, reason, advice)
	}
	u, err := url.Parse(host)
	if err != nil { // the parser's error repeats the address, which may hold a password
		return fail("the host is not a valid address.", portainerForm)
	}
	m := portainerPath.FindStringSubmatch(u.Path)
	switch {
	case u.Hostname() == "":
		return fail("the host has no address.", portainerForm)
	case u.User != nil:
		return fail("a portainer+https host takes no user or password.", "Remove the part before the @; set token.")
	case u.RawQuery != "" || u.Fragment != "":
		return fail("a portainer+https host takes no query or fragment.", portainerForm)
	case m == nil:
		return fail("the host names no environment of the Portainer.", portainerForm)
	}
	return endpoint{scheme: schemePortainer, address: u.Host, path: m[1] + "/api/endpoints/" + m[2] + "/docker"}, nil
}

func checkToken(token string) *Error {
	switch {
	case token == "":
		return invalid([]string{"token"}, "a portainer+https host needs an access token.",
			"Make one in Portainer (My account, Access tokens) and set token.")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return invalid([]string{"token"}, "the token has a space, a line's end or another character that no access token has.",
			"Remove it; trimspace() removes the end of a file's last line.")
	default:
		return nil
	}
}

// layPortainer sets the line up for Portainer's proxy. The client keeps a plain
// transport with TLS, by which it also secures connections that it hijacks;
// every other request is registered away to the one that tries again.
func (l *line) layPortainer(token string, e endpoint) {
	l.token = token
	if l.transport.TLSClientConfig == nil {
		l.transport.TLSClientConfig, _ = (&TLS{}).config() // without files nothing can fail
	}
	below := l.transport.Clone()
	below.Proxy = http.ProxyFromEnvironment
	l.transport.RegisterProtocol("https", &portainerTransport{token: token, once: below, again: portainerRetries.Transport(below)})
	l.closers = append(l.closers, below.CloseIdleConnections)
	l.pingURL = "https://" + e.address + e.path + "/_ping"
	l.options = append(l.options, client.WithHTTPHeaders(map[string]string{tokenHeader: token}))
}

// portainerTransport sends requests with the access token. Those that change
// nothing are tried again; others might be done twice.
type portainerTransport struct {
	token       string
	once, again http.RoundTripper
}

// RoundTrip sends a request.
func (t *portainerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(tokenHeader, t.token)
	if req.Body == nil && (req.Method == http.MethodGet || req.Method == http.MethodHead) {
		return t.again.RoundTrip(req)
	}
	return t.once.RoundTrip(req)
}

// worthAnother is a retryablehttp.CheckRetry: broken connections, 429, and a proxy that
// does not get through may pass.
func worthAnother(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) || errors.Is(err, syscall.ECONNREFUSED) {
			return false, nil
		}
		again, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err)
		return again, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	default:
		return false, nil
	}
}

// explainPortainer returns an error for an answer of Portainer itself.
func explainPortainer(token string, answer *answerError) error {
	message, ok := portainerMessage(token, answer.body)
	switch {
	case answer.status == http.StatusUnauthorized:
		return &explainedError{"Portainer does not accept the access token.",
			"Set token to a valid one: in Portainer, My account, Access tokens. A removed user's tokens are gone too."}
	case answer.status == http.StatusForbidden:
		return &explainedError{"the user of the access token may not use this environment of Portainer.",
			"Give the user access to the environment in Portainer (Environments, Manage access), or use an administrator's token."}
	case answer.status == http.StatusNotFound && ok:
		return &explainedError{"Portainer has no environment with this id.",
			"Correct the number at the end of the host; it is in the address bar when the environment is open in Portainer."}
	case ok:
		return &offlineError{&explainedError{fmt.Sprintf("Portainer does not get through to the engine (HTTP status %d: %s).", answer.status, message),
			"Check in Portainer that the environment is up."}}
	case answer.status >= http.StatusBadGateway:
		return &offlineError{&explainedError{fmt.Sprintf("the proxy in front of Portainer does not get through to it (HTTP status %d).", answer.status),
			"Check that Portainer runs."}}
	default:
		return &explainedError{fmt.Sprintf("what answers there is not Portainer (HTTP status %d).", answer.status),
			"Check the address, and the path where a proxy serves Portainer: portainer+https://address/path/endpoints/<id>."}
	}
}

// portainerMessage returns the message of an error as Portainer's API gives it.
func portainerMessage(token, body string) (string, bool) {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal([]byte(body), &e) != nil || e.Message == "" {
		return "", false
	}
	message := strings.ReplaceAll(strings.Join(strings.Fields(e.Message), " "), token, "...")
	return strings.TrimSuffix(strings.ToValidUTF8(message[:min(len(message), portainerWords)], ""), "."), true
}
