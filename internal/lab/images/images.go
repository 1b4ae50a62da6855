// Package images makes the images of acceptance tests without a registry: it
// builds a static program and loads it into an engine. It is for tests only.
package images

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	spec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// AppV1 and AppV2 are two versions of the test application's image: the same
// program with another label, another /version file and so another image ID.
const (
	AppV1 = "homelab.test/app:1"
	AppV2 = "homelab.test/app:2"
)

// appPackage is the program in the test application's image.
const appPackage = "github.com/homelab-iac/terraform-provider-homelab/internal/lab/testapp"

// Image is one image of one layer.
type Image struct {
	// Ref is its name and tag.
	Ref string
	// Arch is the architecture in Go's terms; "" means this program's.
	Arch string
	// Files are the regular files by absolute path, all owned by root with mode
	// 0755.
	Files map[string][]byte
	// Config is what a container inherits; the health check included.
	Config spec.DockerOCIImageConfig
}

// BuildApp compiles the test application for Linux on an architecture (Go's
// terms; "" means this program's). The caller is run inside this module.
func BuildApp(ctx context.Context, arch string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "homelab-testapp-")
	if err != nil {
		return nil, fmt.Errorf("build test application: %w", err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, appPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=")
	if arch != "" {
		cmd.Env = append(cmd.Env, "GOARCH="+arch)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build test application: %w: %s", err, out)
	}
	return os.ReadFile(program)
}

// App is an image of the test application: ENTRYPOINT ["/app"], CMD ["serve"],
// port 8080 exposed, no health check. The reference's tag is also in the label
// homelab.test.version and in the file /version.
func App(program []byte, arch, ref string) Image {
	version := ref[strings.LastIndex(ref, ":")+1:]
	return Image{
		Ref: ref, Arch: arch,
		Files: map[string][]byte{"/app": program, "/version": []byte(version + "\n")},
		Config: spec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{
			Entrypoint:   []string{"/app"},
			Cmd:          []string{"serve"},
			ExposedPorts: map[string]struct{}{"8080/tcp": {}},
			Env:          []string{"PATH=/"},
			Labels:       map[string]string{"homelab.test.version": version},
		}},
	}
}

// Load puts images into an engine. The same image gets the same ID every time.
// It needs no registry.
func Load(ctx context.Context, engine client.ImageAPIClient, images ...Image) error {
	archive, err := archiveOf(images)
	if err != nil {
		return fmt.Errorf("make image archive: %w", err)
	}
	resp, err := engine.ImageLoad(ctx, archive, client.ImageLoadWithQuiet(true))
	if err != nil {
		return fmt.Errorf("load images: %w", err)
	}
	defer resp.Body.Close()
	return loadResult(resp)
}

// loadResult reads the engine's progress messages; an error is one of them.
func loadResult(resp image.LoadResponse) error {
	messages := json.NewDecoder(resp.Body)
	for {
		var message struct{ Error string }
		err := messages.Decode(&message)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("load images: %w", err)
		case message.Error != "":
			return fmt.Errorf("load images: %s", message.Error)
		}
	}
}

// manifest is an entry of manifest.json in the format of `docker save`.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// archiveOf makes what `docker load` reads.
func archiveOf(images []Image) (*bytes.Buffer, error) {
	files := map[string][]byte{}
	var manifests []manifest
	for _, img := range images {
		layer, err := tarOf(img.Files)
		if err != nil {
			return nil, err
		}
		config, err := img.config(sum(layer.Bytes()))
		if err != nil {
			return nil, err
		}
		m := manifest{sum(config) + ".json", []string{img.Ref}, []string{sum(layer.Bytes()) + ".tar"}}
		files[m.Config], files[m.Layers[0]] = config, layer.Bytes()
		manifests = append(manifests, m)
	}
	b, err := json.Marshal(manifests)
	if err != nil {
		return nil, err
	}
	files["manifest.json"] = b
	return tarOf(files)
}

// config is the image's JSON; its digest is the image's ID.
func (i Image) config(layer string) ([]byte, error) {
	arch := i.Arch
	if arch == "" {
		arch = runtime.GOARCH
	}
	created := time.Unix(0, 0).UTC()
	return json.Marshal(spec.DockerOCIImage{
		Image: ocispec.Image{
			Created:  &created,
			Platform: ocispec.Platform{OS: "linux", Architecture: arch},
			RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.NewDigestFromEncoded(digest.SHA256, layer)}},
			History:  []ocispec.History{{Created: &created, CreatedBy: "homelab test"}},
		},
		Config: i.Config,
	})
}

// tarOf packs files in the order of their names, so that equal files make equal
// archives.
func tarOf(files map[string][]byte) (*bytes.Buffer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: 0o755, Size: int64(len(files[name])), Format: tar.FormatPAX})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	return &buf, w.Close()
}

func sum(b []byte) string {
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:])
}
