package labtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

// umlVariable asks for the tests on kernels of their own.
const umlVariable = "HOMELAB_TEST_UML"

// Guests starts nodes on kernels of their own for this test alone, and stops them
// when it ends. They run the engine of HOMELAB_TEST_ENGINE, and the images AppV1 and
// AppV2 are on every one. Without
// HOMELAB_TEST_UML=1 the test is skipped: make test-vlan sets it, and then a machine
// that cannot run them fails the test, with what it lacks; one whose processor is the
// reason skips it, since nobody can install another.
func Guests(t testing.TB, count int) []*uml.Guest {
	t.Helper()
	if os.Getenv(umlVariable) == "" {
		t.Skip("this test boots nodes on a kernel of their own: run it with make test-vlan")
	}
	switch err := uml.Supported(); {
	case errors.Is(err, uml.ErrProcessor):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	if err := supported(); err != nil {
		t.Fatal(err)
	}
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*timeout)
	defer cancel()
	kernel := filepath.Join(root, ".homelab", "uml")
	if err := uml.Fetch(ctx, kernel, os.Stderr); err != nil {
		t.Fatal(err)
	}
	engine, err := withEngine(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "homelab-uml-") //nolint:usetesting // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	l, err := uml.Up(ctx, uml.Options{Dir: dir, Kernel: kernel, Guests: count,
		Dockerd: engine.Dockerd, DockerdArgs: engine.DockerdArgs, Programs: engine.Programs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(); err != nil {
			t.Error(err)
		}
	})
	loadGuests(ctx, t, l)
	return l.Guests
}

// loadGuests puts both versions of the test application on every guest.
func loadGuests(ctx context.Context, t testing.TB, l *uml.Lab) {
	t.Helper()
	program, err := images.BuildApp(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	app := make(chan built, 1)
	app <- built{program, nil}
	var hosts []string
	for _, g := range l.Guests {
		hosts = append(hosts, g.Host)
	}
	if err := loadApps(ctx, hosts, app); err != nil {
		t.Fatal(err)
	}
}
