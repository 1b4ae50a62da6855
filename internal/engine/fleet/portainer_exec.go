package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
)

// ContainerExecAttach starts a command and returns its output. Through a
// Portainer, whose proxy hands over no connections, it can be read only. The
// caller closes the response.
func (n *Node) ContainerExecAttach(ctx context.Context, exec string, options container.ExecAttachOptions) (types.HijackedResponse, error) {
	if n.line.token == "" {
		return n.Client.ContainerExecAttach(ctx, exec, options)
	}
	body, err := json.Marshal(options)
	if err != nil {
		return types.HijackedResponse{}, fmt.Errorf("encode exec's options: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	resp, err := n.startExec(ctx, exec, body) //nolint:bodyclose // by output.Close
	if err != nil {
		cancel()
		return types.HijackedResponse{}, err
	}
	return types.NewHijackedResponse(&output{body: resp.Body, cancel: cancel}, resp.Header.Get("Content-Type")), nil
}

func (n *Node) startExec(ctx context.Context, exec string, body []byte) (*http.Response, error) {
	at := strings.TrimSuffix(n.line.pingURL, "/_ping") + "/v" + n.ClientVersion() + "/exec/" + url.PathEscape(exec) + "/start"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("start exec: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.line.transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("start exec: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, pingLimit))
	if message, ok := portainerMessage(n.line.token, string(text)); ok {
		return nil, fmt.Errorf("start exec: %s", message)
	}
	return nil, fmt.Errorf("start exec: HTTP status %d", resp.StatusCode)
}

// output is an answer's body in a connection's place.
type output struct {
	body   io.ReadCloser
	cancel context.CancelFunc
}

var errReadOnly = errors.New("the command's output can be read only")

// Read reads what the command wrote.
func (o *output) Read(b []byte) (int, error) { return o.body.Read(b) }

// Close ends the request, also while it is read.
func (o *output) Close() error {
	o.cancel()
	return o.body.Close()
}

// Write refuses: a proxy passes nothing on to the command.
func (o *output) Write([]byte) (int, error) { return 0, errReadOnly }

// LocalAddr and what follows have no meaning here.
func (o *output) LocalAddr() net.Addr { return &net.UnixAddr{} }

// RemoteAddr says nothing.
func (o *output) RemoteAddr() net.Addr { return &net.UnixAddr{} }

// SetDeadline refuses.
func (o *output) SetDeadline(time.Time) error { return errReadOnly }

// SetReadDeadline refuses.
func (o *output) SetReadDeadline(time.Time) error { return errReadOnly }

// SetWriteDeadline refuses.
func (o *output) SetWriteDeadline(time.Time) error { return errReadOnly }
