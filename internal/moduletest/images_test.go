package moduletest

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// next is what the tag of an image's next version ends with.
const next = "-next"

// maker makes the images of modules.
type maker struct {
	cache            string
	program, busybox images.Layer
}

// makers prepares what all images share, once.
var makers = sync.OnceValues(func() (*maker, error) {
	root, err := acctest.Root()
	if err != nil {
		return nil, err
	}
	m := &maker{cache: filepath.Join(root, ".homelab", "images")}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	program, err := images.BuildStandIn(ctx)
	if err != nil {
		return nil, err
	}
	if m.program, err = images.StandInLayer(program); err != nil {
		return nil, err
	}
	m.busybox, err = images.Debian(ctx, m.cache, []string{"busybox-static"}, nil)
	return m, err
})

// readModule reads what a module says of its images.
func readModule(name string) (catalog.Module, error) {
	root, err := acctest.Root()
	if err != nil {
		return catalog.Module{}, err
	}
	return catalog.Read(root, name)
}

// load puts all images of modules into an engine, and the next version of those of
// some kinds besides.
func load(ctx context.Context, engine client.ImageAPIClient, modules []catalog.Module, nexts ...string) error {
	m, err := makers()
	if err != nil {
		return err
	}
	var all []images.Image
	have := map[string]bool{}
	for _, module := range modules {
		for _, kind := range slices.Sorted(maps.Keys(module.Pinned)) {
			refs := []string{module.Pinned[kind]}
			if slices.Contains(nexts, kind) {
				refs = append(refs, module.Pinned[kind]+next)
			}
			for _, ref := range refs {
				if have[ref] {
					continue
				}
				have[ref] = true
				img, err := m.image(ctx, module, kind, ref)
				if err != nil {
					return fmt.Errorf("make image %s of module %s: %w", ref, module.Name, err)
				}
				all = append(all, img)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return images.Load(ctx, engine, all...)
}

// loadRecipe puts a recipe's image into an engine.
func loadRecipe(ctx context.Context, engine client.ImageAPIClient, ref, name string) error {
	m, err := makers()
	if err != nil {
		return err
	}
	recipe, err := images.ReadRecipe(name)
	if err != nil {
		return err
	}
	img, err := recipe.Image(ctx, m.cache, ref, 0)
	if err != nil {
		return err
	}
	return images.Load(ctx, engine, img)
}

// image makes one image under a name.
func (m *maker) image(ctx context.Context, module catalog.Module, kind, ref string) (images.Image, error) {
	spec, known := module.Specs[kind]
	if !known {
		return images.Image{}, fmt.Errorf("tests/images.yaml has no %q", kind)
	}
	if !strings.HasPrefix(ref, spec.Image+":") {
		return images.Image{}, fmt.Errorf("tests/images.yaml is about %s", spec.Image)
	}
	name := spec.Real + spec.Simulated // one of both, or neither
	if name == "" {
		return images.StandIn(ref, m.program, m.busybox, spec)
	}
	recipe, err := images.ReadRecipe(name)
	if err != nil {
		return images.Image{}, err
	}
	return recipe.Image(ctx, m.cache, ref, spec.UID)
}
