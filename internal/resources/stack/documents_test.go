package stack

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// document is a stack with one service of an image.
func document(image string) compose.Input {
	return compose.Input{Name: "media", Compose: "services: {web: {image: " + image + "}}"}
}

func TestDocuments_SameInput_IsLoadedOnce(t *testing.T) {
	d := NewDocuments()
	first, err := d.Load(t.Context(), "local/media", document("nginx:1"))
	if err != nil {
		t.Fatal(err)
	}
	if got := first.Services["web"].Image.Reference; got != "nginx:1" {
		t.Errorf("got image %s", got)
	}
	again, err := d.Load(t.Context(), "local/media", document("nginx:1"))
	if err != nil || again != first {
		t.Errorf("it was loaded again (%v)", err)
	}
}

func TestDocuments_AnotherInput_IsLoadedAnew(t *testing.T) {
	d := NewDocuments()
	for _, image := range []string{"nginx:2", "nginx:1"} {
		got, err := d.Load(t.Context(), "local/media", document(image))
		if err != nil || got.Services["web"].Image.Reference != image {
			t.Errorf("got %v (%v), want image %s", got, err, image)
		}
	}
	other, err := d.Load(t.Context(), "local/other", document("nginx:3"))
	if err != nil || other.Services["web"].Image.Reference != "nginx:3" {
		t.Errorf("got %v (%v), want the other stack's image", other, err)
	}
}

func TestDocuments_LoadFailed_IsTriedAgain(t *testing.T) {
	dir := t.TempDir()
	in := document("nginx:1")
	in.Dir, in.Compose = dir, "services: {web: {image: nginx:1, env_file: web.env}}"
	d := NewDocuments()
	if _, err := d.Load(t.Context(), "local/media", in); err == nil {
		t.Fatal("a file that is not there is no error")
	}
	if err := os.WriteFile(filepath.Join(dir, "web.env"), []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(t.Context(), "local/media", in); err != nil {
		t.Error(err)
	}
}

func TestDocuments_CallerGivesUp_OthersDoNotSuffer(t *testing.T) {
	d := NewDocuments()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = d.Load(ctx, "local/media", document("nginx:1")) // given up, whatever it returns
	if _, err := d.Load(t.Context(), "local/media", document("nginx:1")); err != nil {
		t.Error(err)
	}
}
