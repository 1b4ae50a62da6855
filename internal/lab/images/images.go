// Package images makes the images of acceptance tests without a registry: it
// builds a static program and loads it into an engine. It is for tests only.
package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// standInPackage is the program in the images that stand for others.
const standInPackage = "github.com/homelab-iac/terraform-provider-homelab/internal/lab/standin/cmd/standin"

// Image is an image: a layer of files on top of others.
type Image struct {
	// Ref is its name and tag.
	Ref string
	// Arch is the architecture in Go's terms; "" means this program's.
	Arch string
	// Layers are below the files, the lowest first.
	Layers []Layer
	// Files are the regular files by absolute path, all owned by root with mode
	// 0755.
	Files map[string][]byte
	// Config is what a container inherits; the health check included.
	Config spec.DockerOCIImageConfig
}

// BuildApp compiles the test application for Linux on an architecture (Go's
// terms; "" means this program's). The caller is run inside this module.
func BuildApp(ctx context.Context, arch string) ([]byte, error) {
	return buildProgram(ctx, arch, appPackage)
}

// BuildStandIn compiles the program of package standin, as BuildApp does.
func BuildStandIn(ctx context.Context) ([]byte, error) {
	return buildProgram(ctx, "", standInPackage)
}

// BuildProgram compiles a program of this module for Linux on this architecture.
func BuildProgram(ctx context.Context, pkg string) ([]byte, error) { return buildProgram(ctx, "", pkg) }

func buildProgram(ctx context.Context, arch, pkg string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "homelab-program-")
	if err != nil {
		return nil, fmt.Errorf("build "+pkg+": %w", err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=")
	if arch != "" {
		cmd.Env = append(cmd.Env, "GOARCH="+arch)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build "+pkg+": %w: %s", err, out)
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
	files, err := archiveOf(images)
	if err != nil {
		return fmt.Errorf("make image archive: %w", err)
	}
	read, write := io.Pipe()
	defer read.Close()
	go func() { write.CloseWithError(pack(write, files)) }()
	resp, err := engine.ImageLoad(ctx, read, client.ImageLoadWithQuiet(true))
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

// archiveOf makes what `docker load` reads. A layer that several images have is in
// it once.
func archiveOf(images []Image) (map[string]content, error) {
	files := map[string]content{}
	var manifests []manifest
	for _, img := range images {
		layers := slices.Clone(img.Layers)
		if len(img.Files) > 0 || len(layers) == 0 {
			top, err := tarOf(img.Files)
			if err != nil {
				return nil, err
			}
			layers = append(layers, Layer{Digest: sum(top), content: content{bytes: top}})
		}
		config, err := img.config(layers)
		if err != nil {
			return nil, err
		}
		m := manifest{Config: sum(config) + ".json", RepoTags: []string{img.Ref}}
		for _, layer := range layers {
			name := layer.Digest + ".tar"
			m.Layers, files[name] = append(m.Layers, name), layer.content
		}
		files[m.Config] = content{bytes: config}
		manifests = append(manifests, m)
	}
	b, err := json.Marshal(manifests)
	if err != nil {
		return nil, err
	}
	files["manifest.json"] = content{bytes: b}
	return files, nil
}

// config is the image's JSON; its digest is the image's ID.
func (i Image) config(layers []Layer) ([]byte, error) {
	arch := i.Arch
	if arch == "" {
		arch = runtime.GOARCH
	}
	created := time.Unix(0, 0).UTC()
	img := spec.DockerOCIImage{
		Image: ocispec.Image{
			Created:  &created,
			Platform: ocispec.Platform{OS: "linux", Architecture: arch},
			RootFS:   ocispec.RootFS{Type: "layers"},
		},
		Config: i.Config,
	}
	for _, layer := range layers {
		img.RootFS.DiffIDs = append(img.RootFS.DiffIDs, digest.NewDigestFromEncoded(digest.SHA256, layer.Digest))
		img.History = append(img.History, ocispec.History{Created: &created, CreatedBy: "homelab test"})
	}
	return json.Marshal(img)
}

// tarOf packs files, all with mode 0755.
func tarOf(files map[string][]byte) ([]byte, error) {
	contents := map[string]content{}
	for name, b := range files {
		contents[name] = content{bytes: b}
	}
	var buf bytes.Buffer
	err := pack(&buf, contents)
	return buf.Bytes(), err
}

func sum(b []byte) string {
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:])
}
