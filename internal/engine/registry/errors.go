package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// The kinds of [Error], for errors.Is.
var (
	// ErrInvalidReference means that the text is not an image reference.
	ErrInvalidReference = errors.New("invalid image reference")
	// ErrNotFound means that the registry has no such repository, tag or digest.
	ErrNotFound = errors.New("image not found")
	// ErrDenied means that the registry wants credentials, or other ones. Some,
	// Docker Hub among them, answer so for repositories that do not exist.
	ErrDenied = errors.New("access to image denied")
	// ErrRateLimited means that the registry answers no more for now, and that
	// waiting as it asked was too long or in vain.
	ErrRateLimited = errors.New("too many requests to registry")
	// ErrUnreachable means that the registry gave no usable answer, despite
	// retries: network faults, server errors.
	ErrUnreachable = errors.New("registry unreachable")
	// ErrNoPlatform means that the image is not made for the platform asked for.
	ErrNoPlatform = errors.New("no image for platform")
	// ErrCredentials means that there should be credentials, and none can be had.
	ErrCredentials = errors.New("no credentials to be had")
	// ErrUnknownUntilApply means that the registry's settings have values that are
	// known only at apply.
	ErrUnknownUntilApply = errors.New("settings of registry not known until apply")
)

// Error is a question to a registry that got no answer. It carries no secret.
type Error struct {
	// Reference is the image as it was asked for, Registry the host asked.
	Reference, Registry string
	// Kind is one of this package's Err values.
	Kind error
	// Err is the cause, or nil.
	Err error
	// Credentials says what the registry was asked with where it denied access, and
	// where that comes from: never the credentials.
	Credentials string
	// Mirrors are the errors of the mirrors that were asked before.
	Mirrors []error
}

// Error returns the failure in one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("resolve image %q: %v", e.Reference, e.Kind)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text + e.ofMirrors(" (", ")")
}

// ofMirrors is what the mirrors said, empty where none was asked.
func (e *Error) ofMirrors(before, after string) string {
	if len(e.Mirrors) == 0 {
		return ""
	}
	var texts []string
	for _, err := range e.Mirrors {
		var m *Error
		if errors.As(err, &m) {
			texts = append(texts, fmt.Sprintf("mirror %s: %v", m.Registry, m.Kind))
		}
	}
	return before + strings.Join(texts, ", ") + after
}

// UnknownUntilApply reports whether asking is possible only at apply.
func (e *Error) UnknownUntilApply() bool { return errors.Is(e.Kind, ErrUnknownUntilApply) }

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Summary returns the constant heading of a diagnostic.
func (e *Error) Summary() string {
	if errors.Is(e.Kind, ErrInvalidReference) {
		return "Invalid image reference"
	}
	return "Unable to resolve image"
}

// Detail returns full sentences that say what happened, why, and what to do.
func (e *Error) Detail() string {
	return e.detail() + e.ofMirrors(" It was asked for elsewhere before: ", ".")
}

func (e *Error) detail() string {
	switch {
	case errors.Is(e.Kind, ErrInvalidReference):
		return fmt.Sprintf("%q is not an image reference: %v. Write [registry/]repository[:tag][@digest].", e.Reference, e.Err)
	case errors.Is(e.Kind, ErrNotFound):
		return fmt.Sprintf("Registry %s has no image %q. Check the repository and the tag.", e.Registry, e.Reference)
	case errors.Is(e.Kind, ErrDenied):
		return fmt.Sprintf("Registry %s did not let us see image %q: it does not exist, or needs other credentials%s. "+
			"Check the name, and log in with \"docker login %s\" where Terraform runs, or set username and password under registries[%q] in the provider block.",
			e.Registry, e.Reference, e.askedWith(), e.Registry, e.Registry)
	case errors.Is(e.Kind, ErrCredentials):
		return fmt.Sprintf("Image %q cannot be looked up: %v.", e.Reference, e.Err)
	case errors.Is(e.Kind, ErrRateLimited):
		return fmt.Sprintf("Registry %s answers no more questions about image %q for now: %v. Wait and try again; log in, "+
			"which many registries allow more; or set a mirror under registries[%q] in the provider block.", e.Registry, e.Reference, e.Err, e.Registry)
	case errors.Is(e.Kind, ErrNoPlatform):
		return fmt.Sprintf("Image %q of registry %s: %v.", e.Reference, e.Registry, e.Err)
	case errors.Is(e.Kind, ErrUnknownUntilApply):
		return fmt.Sprintf("Image %q cannot be looked up now: the settings of registry %s in the provider block depend on values that are known only at apply.",
			e.Reference, e.Registry)
	default:
		return fmt.Sprintf("Registry %s gave no answer about image %q: %v. Check that it can be reached from here and try again.",
			e.Registry, e.Reference, e.Err)
	}
}

func (e *Error) askedWith() string {
	if e.Credentials == "" {
		return ""
	}
	return " (it was asked with " + e.Credentials + ")"
}

// limitedError is a registry's wish to be asked again later than we can wait.
type limitedError struct {
	wait   time.Duration
	status int
}

func (e *limitedError) Error() string {
	return fmt.Sprintf("it asks to be left alone for %s", e.wait.Round(time.Second))
}

// noPlatformError is an image that lacks the platform.
type noPlatformError struct {
	platform string
	has      []string
}

func (e *noPlatformError) Error() string {
	return fmt.Sprintf("it is not made for %s, only for %s", e.platform, strings.Join(e.has, ", "))
}

// classify returns an [*Error] that says how the source answered for a reference.
func (r *Resolver) classify(ctx context.Context, ref, source name.Reference, err error) error {
	e := &Error{Reference: ref.String(), Registry: shownHost(source), Kind: kind(err), Err: withoutURL(err)}
	if e.Kind == ErrDenied { //nolint:errorlint // kind returns just these values
		e.Credentials = r.AuthSource(ctx, source.String())
	}
	return e
}

// shownHost is the registry's host as people write it.
func shownHost(ref name.Reference) string {
	if host := ref.Context().RegistryStr(); host != name.DefaultRegistry {
		return host
	}
	return "docker.io"
}

func kind(err error) error {
	var t *transport.Error
	var limited *limitedError
	var platform *noPlatformError
	var credentials *CredentialError
	switch {
	case errors.As(err, &credentials):
		return ErrCredentials
	case errors.As(err, &limited):
		return kindOf(limited.status)
	case errors.As(err, &platform):
		return ErrNoPlatform
	case !errors.As(err, &t):
		return ErrUnreachable
	}
	return kindOf(t.StatusCode)
}

func kindOf(status int) error {
	switch status {
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrDenied
	case http.StatusTooManyRequests:
		return ErrRateLimited
	default:
		return ErrUnreachable
	}
}

// withoutURL drops the request from network errors: an address that a registry
// redirects to may carry a signature.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func isNetwork(err error) bool {
	var (
		u *url.Error
		n net.Error
	)
	return errors.As(err, &u) || errors.As(err, &n) || errors.Is(err, errPlainHTTP) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
