package execute

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
)

// How pulls are tried again. The engine itself tries a layer several times
// before it gives up; what is repeated here is all the rest too.
const (
	pullAttempts     = 6
	firstPullPause   = time.Second
	longestPullPause = 30 * time.Second
	// longestAsked is how long a registry may have us wait.
	longestAsked = 2 * time.Minute
)

// refusals are texts by which engines say that a retry cannot succeed, from
// 20.10 (distribution/errors.go) to 29 (daemon/containerd/image_pull.go, and
// containerd's core/remotes). They go first: a refusal may quote an address or
// a status that looks like a fault.
var refusals = []string{
	"not found", "manifest unknown", "manifest_unknown", "name unknown", "name_unknown", "does not exist", "no matching manifest", "no match for platform",
	"denied", "unauthorized", "authentication required", "no basic auth credentials", "forbidden",
	"no such host", "x509:", "certificate", "server gave http response to https client",
	"invalid reference", "unsupported", "no longer supported", "no space left", "unknown blob",
}

// denials are those of the refusals that other credentials may change.
var denials = []string{"denied", "unauthorized", "authentication required", "no basic auth credentials", "forbidden"}

// denied reports whether a registry would not let the engine in.
func denied(err error) bool {
	text := strings.ToLower(err.Error())
	return errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err) ||
		slices.ContainsFunc(denials, func(word string) bool { return strings.Contains(text, word) })
}

// faults are texts for temporary errors.
var faults = []string{
	"connection reset", "connection refused", "broken pipe", "i/o timeout", "tls handshake timeout", "timeout exceeded", "timeout awaiting",
	"deadline exceeded", "network is unreachable", "no route to host", "temporary failure in name resolution", "server misbehaving",
	"connection closed", "closed network connection", "client connection lost", "server closed idle connection", "goaway", "stream error",
	"internal server error", "bad gateway", "service unavailable", "gateway timeout", "short read", "verification failed",
	"toomanyrequests", "too many requests", "rate limit", "resource exhausted",
}

var (
	// endOfFile is EOF as a separate word, as in "unexpected EOF".
	endOfFile = regexp.MustCompile(`\beof\b`)
	// serverError is how engines quote a status of a registry.
	serverError = regexp.MustCompile(`(?:: |status |http |code )5\d\d\b`)
	// retryAfter is a wait that a registry asks for in the text of its answer, as
	// ghcr.io does; engines don't pass on the header.
	retryAfter = regexp.MustCompile(`retry[- ]after:?\s*([0-9]+(?:\.[0-9]+)?)\s*(ns|µs|us|ms|s|m|h)?`)
)

// passing reports whether a pull that failed may succeed by itself.
func passing(err error) bool {
	if errdefs.IsNotFound(err) || errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err) || errdefs.IsInvalidArgument(err) {
		return false
	}
	text := strings.ToLower(err.Error())
	contains := func(word string) bool { return strings.Contains(text, word) }
	if slices.ContainsFunc(refusals, contains) {
		return false
	}
	return slices.ContainsFunc(faults, contains) || endOfFile.MatchString(text) || serverError.MatchString(text)
}

// pauseAfter says how long to wait after a failed attempt, counted from 1, and
// whether to try again at all. With several causes one that passes is enough.
func pauseAfter(err error, attempt int) (time.Duration, bool) {
	if attempt >= pullAttempts || !slices.ContainsFunc(causes(err), passing) {
		return 0, false
	}
	if asked := askedPause(err); asked > 0 {
		return asked + rand.N(firstPullPause), asked <= longestAsked
	}
	pause := min(firstPullPause<<(attempt-1), longestPullPause)
	return pause/2 + rand.N(pause), true
}

// causes takes joined errors apart.
func causes(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // just the outermost: a round of sources returns it
		return joined.Unwrap()
	}
	return []error{err}
}

// askedPause is the wait that the registry asks for, 0 for none.
func askedPause(err error) time.Duration {
	found := retryAfter.FindStringSubmatch(strings.ToLower(err.Error()))
	if found == nil {
		return 0
	}
	number, _ := strconv.ParseFloat(found[1], 64)
	unit := map[string]time.Duration{"ns": time.Nanosecond, "µs": time.Microsecond, "us": time.Microsecond,
		"ms": time.Millisecond, "m": time.Minute, "h": time.Hour}[found[2]]
	if unit == 0 {
		unit = time.Second
	}
	return max(time.Duration(number*float64(unit)), 1)
}

// sleep waits; it is false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
