package buildkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// ErrUnavailable means that the engine has no BuildKit, or that something on the
// way to it cannot hand over connections.
var ErrUnavailable = errors.New("the engine offers no BuildKit")

// Engine is what a build takes of a node's engine: connections that the API
// hands over. The error of one that it refuses to hand over is
// [errdefs.ErrNotImplemented].
type Engine interface {
	DialHijack(ctx context.Context, url, proto string, meta map[string][]string) (net.Conn, error)
}

// Request is one build.
type Request struct {
	Build *desired.Build
	// LeftOut are paths that are not sent, by the local directory that they are in
	// and relative to it; nothing below them is sent either.
	LeftOut map[string][]string
	// Names are the references that the image gets, Labels all its labels.
	Names  []string
	Labels map[string]string
	// Inspect gives what an image that is on the node says to containers and to
	// builds that start from it; it is asked for the bases of a build that pulls.
	Inspect func(ctx context.Context, ref string) (BaseImage, error)
	// Credentials gives user and password for a registry's host; both are empty
	// for an anonymous pull. nil means anonymous everywhere.
	Credentials func(ctx context.Context, host string) (user, password string, err error)
	// Progress gets each step and its output; nil means nothing is reported. Secrets
	// are already taken out.
	Progress func(line string)
}

// BaseImage is an image that a build starts from, as its configuration file has
// it (OCI image specification, "Image Configuration").
type BaseImage struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
	Config       any    `json:"config,omitempty"`
}

// Build builds an image into the engine's store. The error of a step that failed
// holds the step and the last lines of its output, without secrets. An error
// that is [ErrUnavailable] means that nothing was begun.
func Build(ctx context.Context, engine Engine, r *Request) error {
	c, worker, err := connect(ctx, engine)
	if err != nil {
		return err
	}
	defer c.Close()
	options, err := r.solveOptions(worker)
	if err == nil {
		err = r.addBases(ctx, options)
	}
	if err != nil {
		return err
	}
	j := newJournal(r)
	statuses := make(chan *client.SolveStatus)
	var following sync.WaitGroup
	following.Go(func() {
		for status := range statuses {
			j.follow(status)
		}
	})
	_, err = c.Solve(ctx, nil, *options, statuses) // closes statuses
	following.Wait()
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return j.explain(err)
}

// connect returns a client of the engine's BuildKit, and what its worker is.
func connect(ctx context.Context, engine Engine) (*client.Client, *client.WorkerInfo, error) {
	d := &dialer{engine: engine}
	c, err := client.New(ctx, "", client.WithContextDialer(d.control), client.WithSessionDialer(d.session))
	if err != nil {
		return nil, nil, fmt.Errorf("connect to BuildKit: %w", err)
	}
	workers, err := c.ListWorkers(ctx)
	if err == nil && len(workers) > 0 {
		return c, workers[0], nil
	}
	_ = c.Close()
	switch refused := d.refused(); {
	case err == nil:
		return nil, nil, ErrUnavailable
	case errdefs.IsNotImplemented(refused):
		return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, refused)
	case refused != nil:
		err = refused
	}
	return nil, nil, fmt.Errorf("connect to BuildKit: %w", err)
}

// dialer hands the engine's connections to BuildKit's client, which reports a
// failure as text only.
type dialer struct {
	engine Engine

	mu  sync.Mutex
	err error // guarded by mu
}

func (d *dialer) control(ctx context.Context, _ string) (net.Conn, error) {
	conn, err := d.engine.DialHijack(ctx, "/grpc", "h2c", nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
	return conn, err
}

func (d *dialer) session(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
	return d.engine.DialHijack(ctx, "/session", proto, meta)
}

func (d *dialer) refused() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
