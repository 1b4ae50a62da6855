package images

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	spec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.yaml.in/yaml/v4"
)

//go:embed recipes/*.yaml
var recipes embed.FS

// Recipe says how an image with a real program is made, with the users and the
// paths of the upstream's image. Recipes are the files recipes/NAME.yaml.
type Recipe struct {
	// Packages are Debian's; what they depend on comes with them.
	Packages []string
	// Without are packages that are left out although others depend on them, for
	// what the program does not do in a test.
	Without []string
	// Tools are programs by their path: NAME is built by internal/tools/tool.sh,
	// MODULE/NAME from the tools of the Go module internal/tools/MODULE.
	Tools map[string]string
	// Users are names and numbers; each has a group of its own.
	Users map[string]int
	// Account is which of them a test may give another number, as the variants of an
	// image have.
	Account string
	// Directories are paths and the names of their owners.
	Directories map[string]string
	// Open are those of them in which everyone may write.
	Open []string
	// Links are symbolic links and their targets.
	Links map[string]string
	// Files are texts by path; all are executable.
	Files map[string]string
	// User, Entrypoint, Command, Environment, Volumes, Healthcheck and StopSignal
	// are the image's.
	User                string
	Entrypoint, Command []string
	Environment         map[string]string
	Volumes             []string
	Healthcheck         []string
	StopSignal          string
}

// ReadRecipe reads a recipe by its name.
func ReadRecipe(name string) (Recipe, error) {
	var r Recipe
	text, err := recipes.ReadFile("recipes/" + name + ".yaml")
	if err != nil {
		return r, fmt.Errorf("find recipe: %w", err)
	}
	if err := yaml.Load(text, &r, yaml.WithKnownFields()); err != nil {
		return r, fmt.Errorf("read recipe %s: %w", name, err)
	}
	return r, nil
}

// Image makes the recipe's image; a uid that is not 0 is that of its account.
// Packages are kept in the directory cache.
func (r Recipe) Image(ctx context.Context, cache, ref string, uid int) (Image, error) {
	img := Image{Ref: ref}
	if uid != 0 {
		r.Users = maps.Clone(r.Users)
		r.Users[r.Account] = uid
	}
	if len(r.Packages) > 0 {
		layer, err := Debian(ctx, cache, r.Packages, r.Without)
		if err != nil {
			return img, err
		}
		img.Layers = append(img.Layers, layer)
	}
	entries, err := r.entries(ctx)
	if err != nil {
		return img, err
	}
	top, err := LayerOf(entries...)
	if err != nil {
		return img, err
	}
	img.Layers = append(img.Layers, top)
	img.Config = spec.DockerOCIImageConfig{
		ImageConfig: ocispec.ImageConfig{
			User: r.User, Entrypoint: r.Entrypoint, Cmd: r.Command, Env: []string{"PATH=" + path}, StopSignal: r.StopSignal,
			Labels: map[string]string{"homelab.test.ref": ref},
		},
		DockerOCIImageConfigExt: spec.DockerOCIImageConfigExt{Healthcheck: healthcheck(r.Healthcheck)},
	}
	if r.Environment["PATH"] != "" { // of two, the engine takes the first
		img.Config.Env = nil
	}
	for _, name := range slices.Sorted(maps.Keys(r.Environment)) {
		img.Config.Env = append(img.Config.Env, name+"="+r.Environment[name])
	}
	for _, volume := range r.Volumes {
		if img.Config.Volumes == nil {
			img.Config.Volumes = map[string]struct{}{}
		}
		img.Config.Volumes[volume] = struct{}{}
	}
	return img, nil
}

// entries are what the recipe puts on top of the packages.
func (r Recipe) entries(ctx context.Context) ([]Entry, error) {
	entries := append(accounts(r.Users), Entry{Path: "/tmp/", Mode: 0o1777}, Entry{Path: "/run/"}, Entry{Path: "/var/run", Link: "/run"})
	for _, dir := range slices.Sorted(maps.Keys(r.Directories)) {
		uid, known := r.Users[r.Directories[dir]]
		if owner := r.Directories[dir]; !known && owner != "root" {
			return nil, fmt.Errorf("make directory %s: the recipe has no user %q", dir, owner)
		}
		entry := Entry{Path: strings.TrimSuffix(dir, "/") + "/", Owner: uid}
		if slices.Contains(r.Open, dir) {
			entry.Mode = 0o1777
		}
		entries = append(entries, entry)
	}
	for _, link := range slices.Sorted(maps.Keys(r.Links)) {
		entries = append(entries, Entry{Path: link, Link: r.Links[link]})
	}
	for _, file := range slices.Sorted(maps.Keys(r.Files)) {
		entries = append(entries, Entry{Path: file, Content: []byte(r.Files[file])})
	}
	for _, file := range slices.Sorted(maps.Keys(r.Tools)) {
		program, err := buildTool(ctx, r.Tools[file])
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Path: file, Content: program})
	}
	return entries, nil
}

// buildTool builds a program that internal/tools pins. The caller runs inside this
// module.
func buildTool(ctx context.Context, name string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", name, err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, filepath.Join(root, "internal/tools/tool.sh"), name)
	module, program, ok := strings.Cut(name, "/")
	file := filepath.Join(root, ".homelab", "bin", program)
	if ok {
		cmd = exec.CommandContext(ctx, "sh", "-c", `go build -C "$1" -trimpath -ldflags "-s -w" -o "$2" "$(go list -C "$1" -f '{{.ImportPath}}' tool | grep "/$3\$")"`,
			"sh", filepath.Join(root, "internal", "tools", module), file, program)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	}
	cmd.Stderr = &stderr
	if out, err = cmd.Output(); err != nil {
		return nil, fmt.Errorf("build %s: %w: %s", name, err, stderr.String())
	}
	if !ok {
		file = strings.TrimSpace(string(out))
	}
	return os.ReadFile(file)
}
