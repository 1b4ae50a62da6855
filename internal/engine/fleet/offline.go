package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// KeepsState reports whether the node is away while its configuration says that
// what was last seen of it is kept for as long.
func (e *Error) KeepsState() bool { return e.keep && e.Offline() }

// Offline reports whether nothing answers where the node should be, as when it is
// off or starts again. A node that is there and cannot be used is not offline.
func (e *Error) Offline() bool { return e.Kind == Unreachable && away(e.Err) }

// awayErrors are how the way to a node ends that is off, or about to be on.
var awayErrors = [...]error{
	context.DeadlineExceeded, os.ErrDeadlineExceeded, fs.ErrNotExist, io.EOF, io.ErrUnexpectedEOF,
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ETIMEDOUT, syscall.EPIPE,
}

// offlineError marks an error of a node that is offline.
type offlineError struct{ error }

func (e *offlineError) Unwrap() error { return e.error }

func away(err error) bool {
	if err == nil || errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, new(tls.RecordHeaderError)) {
		return false
	}
	if errors.As(err, new(*offlineError)) || errors.As(err, new(*channelError)) {
		return true
	}
	for _, one := range awayErrors {
		if errors.Is(err, one) {
			return true
		}
	}
	var dns *net.DNSError
	// The client's own messages replace the cause of many a call (docker/docker v28,
	// client/request.go, doRequest).
	return errors.As(err, &dns) || timeout(err) || strings.Contains(err.Error(), "Is the docker daemon running?")
}

// within says how long was waited.
func (c NodeConfig) within() string {
	if c.ConnectTimeout == 0 {
		return "in time"
	}
	return fmt.Sprintf("within %s (its connect_timeout)", c.ConnectTimeout)
}
