// Package labtest gives tests a Docker engine: one shared node per test process,
// started when the first test asks for it, or throw-away labs of a test's own.
//
// A test package that uses it has
//
//	func TestMain(m *testing.M) { labtest.Main(m) }
//
// With HOMELAB_TEST_HOST set, the shared engine is that one instead (a unix:// or
// tcp:// address; DOCKER_CERT_PATH for TLS), and no lab is started. With
// HOMELAB_TEST_ENGINE=current, labs run the engine that internal/tools pins, which
// has to be built (make engine), instead of the machine's own.
package labtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

const (
	// hostVariable names an engine to use instead of a lab.
	hostVariable = "HOMELAB_TEST_HOST"
	// engineVariable chooses the program that a lab's engines run.
	engineVariable = "HOMELAB_TEST_ENGINE"
	// dirPrefix begins the names of all test labs' directories in os.TempDir.
	dirPrefix = "homelab-lab-"
	timeout   = 5 * time.Minute
)

// shared is the test process's own engine. Tests share it by design: starting
// one takes seconds.
var shared session

// supported is whether a lab can run here.
var supported = sync.OnceValue(func() error {
	opts, err := withEngine(lab.Options{})
	if err != nil {
		return err
	}
	return lab.Supported(opts)
})

type session struct {
	opts  lab.Options // of the lab; set before any test runs
	start sync.Once
	lab   *lab.Lab // nil with HOMELAB_TEST_HOST
	host  string
	err   error
}

// Main runs a package's tests and then stops the shared lab. TestMain calls it
// first: a lab's processes are this test program again.
func Main(m *testing.M) { MainWith(m, lab.Options{}) }

// MainWith is [Main] with a shared lab of these options; Dir and Ephemeral are set
// here.
func MainWith(m *testing.M, opts lab.Options) {
	lab.MaybeInit()
	uml.MaybeInit()
	shared.opts = opts
	code := m.Run()
	if shared.lab != nil {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := shared.lab.Down(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code) //nolint:gocritic // the process ends, and with it the context
}

// Require skips the test where there can be no engine, and says why. On CI=true
// it fails the test instead: a check that never runs is worse than none.
func Require(t testing.TB) {
	t.Helper()
	requireAcceptance(t)
	if os.Getenv(hostVariable) == "" {
		requireLab(t)
	}
}

// requireAcceptance keeps engines from being started by tests that are run without
// them, as "make testcore" does.
func requireAcceptance(t testing.TB) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("tests with a lab run with TF_ACC=1: make testacc")
	}
}

func requireLab(t testing.TB) {
	t.Helper()
	requireAcceptance(t)
	err := supported()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("this test needs a Docker engine, and on CI it may not be skipped: %v", err)
	default:
		t.Skipf("no Docker engine for this test: %v (or set %s)", err, hostVariable)
	}
}

// Host returns the shared engine's DOCKER_HOST value. The images AppV1 and AppV2
// of package images are on it.
func Host(t testing.TB) string {
	t.Helper()
	Require(t)
	shared.start.Do(func() { shared.err = shared.begin() })
	if shared.err != nil {
		t.Fatalf("start the shared engine: %v", shared.err)
	}
	return shared.host
}

// Engine returns a client of the shared engine; it is closed with the test.
func Engine(t testing.TB) *client.Client {
	t.Helper()
	return Client(t, Host(t))
}

// Node returns the shared lab's node. A test that asks for it needs more than an
// engine, so with HOMELAB_TEST_HOST it is skipped.
func Node(t testing.TB) *lab.Node {
	t.Helper()
	Host(t)
	if shared.lab == nil {
		t.Skipf("this test needs a node of a lab, and %s is set", hostVariable)
	}
	return shared.lab.Nodes[0]
}

// New starts a lab for this test alone and stops it when the test ends. Dir and
// Ephemeral are set here; the images AppV1 and AppV2 are on every node.
func New(t testing.TB, opts lab.Options) *lab.Lab {
	t.Helper()
	requireLab(t)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
	defer cancel()
	l, err := start(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
		defer cancel()
		if err := l.Down(ctx); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Client returns a client of any engine at a unix:// or tcp:// address; it is
// closed with the test.
func Client(t testing.TB, host string) *client.Client {
	t.Helper()
	c, err := newClient(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func newClient(host string) (*client.Client, error) {
	c, err := client.NewClientWithOpts(client.WithTLSClientConfigFromEnv(), client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", host, err)
	}
	return c, nil
}

// begin starts the shared engine.
func (s *session) begin() error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if s.host = os.Getenv(hostVariable); s.host != "" {
		return loadApps(ctx, []string{s.host}, nil)
	}
	var err error
	if s.lab, err = start(ctx, s.opts); err != nil {
		return err
	}
	s.host = s.lab.Nodes[0].Host
	return nil
}

// start starts a lab while the test application is compiled, and loads it.
func start(ctx context.Context, opts lab.Options) (*lab.Lab, error) {
	err := lab.Sweep(ctx, filepath.Join(os.TempDir(), dirPrefix+"*"))
	if err != nil {
		return nil, err
	}
	if opts, err = withEngine(opts); err != nil {
		return nil, err
	}
	if opts.Dir, err = os.MkdirTemp("", dirPrefix); err != nil {
		return nil, fmt.Errorf("make lab directory: %w", err)
	}
	opts.Ephemeral = true
	app := make(chan built, 1)
	go func() {
		program, err := images.BuildApp(ctx, "")
		app <- built{program, err}
	}()
	l, err := lab.Up(ctx, opts)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(opts.Dir))
	}
	var hosts []string
	for _, n := range l.Nodes {
		hosts = append(hosts, n.Host)
	}
	if err := loadApps(ctx, hosts, app); err != nil {
		return nil, errors.Join(err, l.Down(ctx))
	}
	return l, nil
}

// built is the outcome of compiling the test application.
type built struct {
	program []byte
	err     error
}

// loadApps puts both versions of the test application on engines; a nil app is
// compiled for each engine's architecture.
func loadApps(ctx context.Context, hosts []string, app <-chan built) error {
	var ready built
	if app != nil {
		if ready = <-app; ready.err != nil {
			return ready.err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, host := range hosts {
		group.Go(func() error {
			c, err := newClient(host)
			if err != nil {
				return err
			}
			defer c.Close()
			version, err := c.ServerVersion(ctx)
			if err != nil {
				return fmt.Errorf("ask %s for its version: %w", host, err)
			}
			program := ready.program
			if app == nil {
				if program, err = images.BuildApp(ctx, version.Arch); err != nil {
					return err
				}
			}
			return images.Load(ctx, c, images.App(program, version.Arch, images.AppV1), images.App(program, version.Arch, images.AppV2))
		})
	}
	return group.Wait()
}
