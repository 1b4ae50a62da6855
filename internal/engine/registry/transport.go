package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/retry"
)

const (
	retries          = 3
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 10 * time.Second
	answerTimeout    = 30 * time.Second
	idleTimeout      = 30 * time.Second
	idleConnsPerHost = 10
	idleConnsOverall = 50
)

var errPlainHTTP = errors.New("plain http is used with registries on this machine only")

// retryLimits are the shortest and the longest pause between two tries.
type retryLimits struct{ shortest, longest time.Duration }

// newTransport retries what may pass: network faults, 429 and 5xx.
func newTransport(limits retryLimits) http.RoundTripper {
	return retry.Policy{Retries: retries, Shortest: limits.shortest, Longest: limits.longest, Check: limits.check}.Transport(guard{base()})
}

func base() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   handshakeTimeout,
		ResponseHeaderTimeout: answerTimeout,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConns:          idleConnsOverall,
		MaxIdleConnsPerHost:   idleConnsPerHost,
	}
}

// once marks a context whose questions are not worth a second try.
type once struct{}

// check is a retryablehttp.CheckRetry.
func (l retryLimits) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if permanent(err) || ctx.Value(once{}) != nil {
		return false, nil
	}
	again, _ := retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	if again && resp != nil {
		if pause := retryablehttp.DefaultBackoff(l.shortest, l.longest, 0, resp); pause > l.longest {
			return false, &limitedError{pause, resp.StatusCode}
		}
	}
	return again, nil
}

// permanent knows network errors that a second try does not fix.
func permanent(err error) bool {
	var dns *net.DNSError
	return errors.Is(err, errPlainHTTP) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &dns) && dns.IsNotFound
}

// guard keeps credentials off unencrypted networks. The registry library falls
// back to http for private addresses and .local names too (pkg/name,
// Registry.Scheme); the engine does so for loopback addresses only, and so do we.
type guard struct{ next http.RoundTripper }

// RoundTrip refuses plain http to other machines.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
		return nil, fmt.Errorf("ask %s: %w", req.URL.Host, errPlainHTTP)
	}
	return g.next.RoundTrip(req)
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
