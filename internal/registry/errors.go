package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// The kinds of [Error], for errors.Is.
var (
	// ErrInvalidReference means that the text is no image reference.
	ErrInvalidReference = errors.New("invalid image reference")
	// ErrNotFound means that the registry has no such repository, tag or digest.
	ErrNotFound = errors.New("image not found")
	// ErrDenied means that the registry wants credentials, or other ones. Some,
	// Docker Hub among them, answer so for repositories that do not exist.
	ErrDenied = errors.New("access to image denied")
	// ErrUnreachable means that the registry gave no usable answer, despite
	// retries: network faults, server errors, too many requests.
	ErrUnreachable = errors.New("registry unreachable")
)

// Error is a question to a registry that got no answer. It carries no secret.
type Error struct {
	// Reference is the image as it was asked for, Registry the host asked.
	Reference, Registry string
	// Kind is one of this package's Err values.
	Kind error
	// Err is the cause, or nil.
	Err error
}

// Error returns the failure in one line.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("resolve image %q: %v", e.Reference, e.Kind)
	}
	return fmt.Sprintf("resolve image %q: %v: %v", e.Reference, e.Kind, e.Err)
}

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
	switch {
	case errors.Is(e.Kind, ErrInvalidReference):
		return fmt.Sprintf("%q is not an image reference: %v. Write [registry/]repository[:tag][@digest].", e.Reference, e.Err)
	case errors.Is(e.Kind, ErrNotFound):
		return fmt.Sprintf("Registry %s has no image %q. Check the repository and the tag.", e.Registry, e.Reference)
	case errors.Is(e.Kind, ErrDenied):
		return fmt.Sprintf("Registry %s did not let us see image %q: it does not exist, or needs other credentials. "+
			"Check the name, and log in with \"docker login %s\" where Terraform runs.", e.Registry, e.Reference, e.Registry)
	default:
		return fmt.Sprintf("Registry %s gave no answer about image %q: %v. Check that it can be reached from here and try again.",
			e.Registry, e.Reference, e.Err)
	}
}

// classify leaves ctx's own errors as they are.
func classify(ctx context.Context, ref name.Reference, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{
		Reference: ref.String(), Registry: ref.Context().RegistryStr(),
		Kind: kind(err), Err: withoutURL(err),
	}
}

func kind(err error) error {
	var t *transport.Error
	if !errors.As(err, &t) {
		return ErrUnreachable
	}
	switch t.StatusCode {
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrDenied
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
