package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// Node is a connected engine. It offers every call of the Docker client; the few
// whose signatures name the client's own types are narrowed here, so that
// consumers can declare interfaces over the API's plain types alone. It is safe
// for concurrent use.
type Node struct {
	*client.Client
	name   string
	config NodeConfig
	line   *line
}

// Name returns the node's name in the provider's configuration.
func (n *Node) Name() string { return n.name }

// Host returns the node's address as it may be shown.
func (n *Node) Host() string { return shown(n.config.Host) }

// apiManifests is the version of the API from which an image's manifests are told.
const apiManifests = "1.48"

// ImageInspect returns what the engine knows of an image, by name or ID, with the
// manifests of an image of several platforms where the engine has them.
func (n *Node) ImageInspect(ctx context.Context, ref string) (image.InspectResponse, error) {
	if versions.GreaterThanOrEqualTo(n.ClientVersion(), apiManifests) {
		return n.Client.ImageInspect(ctx, ref, client.ImageInspectWithManifests(true))
	}
	return n.Client.ImageInspect(ctx, ref)
}

// ImageHistory returns the layers of an image, newest first.
func (n *Node) ImageHistory(ctx context.Context, ref string) ([]image.HistoryResponseItem, error) {
	return n.Client.ImageHistory(ctx, ref)
}

// ImageLoad sends images in "docker save" form to the engine. The caller closes
// the response's body.
func (n *Node) ImageLoad(ctx context.Context, input io.Reader) (image.LoadResponse, error) {
	return n.Client.ImageLoad(ctx, input)
}

// ImageSave returns images in "docker save" form. The caller closes the reader.
func (n *Node) ImageSave(ctx context.Context, refs []string) (io.ReadCloser, error) {
	return n.Client.ImageSave(ctx, refs)
}

// DialHijack has the engine hand over the connection of a request to url, which
// then speaks proto. The error is errdefs.ErrNotImplemented where the engine, or
// something on the way to it, does not do that. The caller closes the connection.
func (n *Node) DialHijack(ctx context.Context, url, proto string, meta map[string][]string) (net.Conn, error) {
	if n.line.token != "" {
		return nil, fmt.Errorf("%w: Portainer hands over no connections", errdefs.ErrNotImplemented)
	}
	conn, err := n.Client.DialHijack(ctx, url, proto, meta)
	if err != nil && strings.Contains(err.Error(), "unable to upgrade to") { // docker/docker v28, client/hijack.go: no type
		return nil, fmt.Errorf("%w: %w", errdefs.ErrNotImplemented, err)
	}
	return conn, err
}

// Explain turns the error of a call that did not get through to the engine into
// an [*Error] of kind [Unreachable]. Of other errors only the message changes: they have
// no address of a request, and say "interrupted" where ctx was cancelled. The engine's
// own answers stay as they are.
func (n *Node) Explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return reworded(err)
	case client.IsErrConnectionFailed(err):
		return unreachable(n.name, n.config, err)
	default:
		return reworded(err)
	}
}
