// Package retry sends HTTP requests again where a first try may fail in passing.
package retry

import (
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Policy says how often and when a request is sent again.
type Policy struct {
	// Retries is how often at most, after the first try.
	Retries int
	// Shortest and Longest are the limits of the pause before a retry, which grows.
	Shortest, Longest time.Duration
	// Check decides whether an answer or error is worth a retry. Its own error ends
	// the request.
	Check retryablehttp.CheckRetry
}

// Transport sends requests through below and follows no redirect: the caller does, and
// drops credentials where they do not belong. After the last try it returns the last
// answer, or the last error, as it is.
func (p Policy) Transport(below http.RoundTripper) http.RoundTripper {
	c := retryablehttp.NewClient()
	c.Logger = nil // its lines hold complete URLs, which may be signed
	c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = p.Retries, p.Shortest, p.Longest
	c.CheckRetry = p.Check
	c.ErrorHandler = lastAnswer
	c.HTTPClient = &http.Client{
		Transport:     below,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &retryablehttp.RoundTripper{Client: c}
}

// lastAnswer is a retryablehttp.ErrorHandler.
func lastAnswer(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		resp = nil
	}
	return resp, err
}
