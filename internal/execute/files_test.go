package execute

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/containerd/errdefs"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

var errFull = errors.New("no space left on device")

// stopsReading takes a little of an archive and gives up.
func stopsReading(content io.Reader) error {
	_, _ = io.ReadFull(content, make([]byte, 16))
	return errFull
}

func TestDeliver_EngineStopsReading_EndsTheWriterAndRemovesTheScratchContainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails when a goroutine stays
		f := &fake{read: stopsReading}
		r := newRun(f, &desired.Stack{Name: "home"}, &plan.Plan{}, Options{})
		file := plan.Placement{File: desired.File{Kind: desired.FileConfig, Name: "big", Entries: []desired.Entry{
			{Path: desired.FileEntry, Content: make([]byte, 1<<20), SizeBytes: 1 << 20, Mode: 0o644}}}}
		if err := r.deliver(t.Context(), &plan.Operation{Name: "vol", File: &file}); !errors.Is(err, errFull) {
			t.Errorf("error: %v", err)
		}
		wantCalls(t, f, "create scratch networks=0", "copy to new-scratch:/", "remove new-scratch")
	})
}

func TestDeliver_FileVanished_FailsInsteadOfWritingLess(t *testing.T) {
	f := &fake{}
	r := newRun(f, &desired.Stack{Name: "home"}, &plan.Plan{}, Options{})
	file := plan.Placement{File: desired.File{Entries: []desired.Entry{{Path: desired.FileEntry, Local: filepath.Join(t.TempDir(), "gone"), SizeBytes: 3}}}}
	if err := r.deliver(t.Context(), &plan.Operation{Name: "vol", File: &file}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error: %v", err)
	}
}

func TestDeliver_NoScratchImage_ImportsItOnce(t *testing.T) {
	imported := false
	f := &fake{}
	f.fault = func(_ context.Context, call string) error {
		if call == "import "+scratchImage {
			imported = true
		}
		if call == "create scratch networks=0" && !imported {
			return errdefs.ErrNotFound
		}
		return nil
	}
	r := newRun(f, &desired.Stack{Name: "home"}, &plan.Plan{}, Options{})
	if err := r.deliver(t.Context(), &plan.Operation{Name: "vol", File: &plan.Placement{}}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "create scratch networks=0", "import "+scratchImage, "create scratch networks=0", "copy to new-scratch:/", "remove new-scratch")
}

// An engine that imports the image and then still does not have it must not be
// asked forever.
func TestDeliver_ScratchImageStaysAway_GivesUp(t *testing.T) {
	f := &fake{fault: func(_ context.Context, call string) error {
		if call == "create scratch networks=0" {
			return errdefs.ErrNotFound
		}
		return nil
	}}
	r := newRun(f, &desired.Stack{Name: "home"}, &plan.Plan{}, Options{})
	if err := r.deliver(t.Context(), &plan.Operation{Name: "vol", File: &plan.Placement{}}); !errdefs.IsNotFound(err) {
		t.Errorf("error: %v", err)
	}
}

func TestBuild_EngineStopsReading_EndsTheWriter(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"Dockerfile": 10, "big": 1 << 20} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := &desired.Stack{Name: "home", Services: map[string]desired.Service{"app": {Name: "app", Image: desired.Image{Reference: "home-app",
			Build: &desired.Build{Context: dir, Dockerfile: "Dockerfile"}}}}}
		p := &plan.Plan{Operations: []*plan.Operation{{ID: "build", Kind: plan.BuildImage, Service: "app"}}}
		if err := Run(t.Context(), &fake{read: stopsReading}, w, p, Options{}); !errors.Is(err, errFull) {
			t.Errorf("error: %v", err)
		}
	})
}
