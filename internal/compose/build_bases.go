package compose

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// bases finds out which images the builds of a stack need of each other: by
// additional_contexts, or because a Dockerfile names the image that another
// service builds.
type bases struct {
	l       *load
	images  map[string]*desired.Image // with a build, by service
	byName  map[string]string         // image reference, spelt out -> service
	visited map[string]bool
	path    []string
}

// link completes the builds of a stack with their bases, and checks that those
// of one image agree.
func (l *load) link(stack *desired.Stack) {
	b := &bases{l: l, images: map[string]*desired.Image{}, byName: map[string]string{}, visited: map[string]bool{}}
	for _, name := range sortedKeys(stack.Services) {
		image := stack.Services[name].Image
		if image.Build == nil {
			continue
		}
		b.images[name] = &image
		if _, taken := b.byName[spelt(image.Reference)]; !taken {
			b.byName[spelt(image.Reference)] = name
		}
	}
	for _, name := range sortedKeys(stack.Services) {
		if b.images[name] != nil && len(l.list) == 0 {
			b.visit(name)
		}
	}
	for name, service := range stack.Services {
		if image := b.images[name]; image != nil {
			service.Image = *image
			stack.Services[name] = service
		}
	}
	b.checkShared(stack)
}

// visit completes the bases of a service's bases first.
func (b *bases) visit(name string) *desired.Image {
	image := b.images[name]
	if slices.Contains(b.path, name) {
		b.l.addServiceError(name, "build", "the builds of the services %s wait for each other: each starts from the image of the next", strings.Join(append(b.path[slices.Index(b.path, name):], name), ", "))
		return nil
	}
	if b.visited[name] {
		return image
	}
	b.visited[name] = true
	b.path = append(b.path, name)
	defer func() { b.path = b.path[:len(b.path)-1] }()
	build := image.Build
	for _, other := range b.needs(name, build) {
		if base := b.visit(other); base != nil {
			build.Bases = append(build.Bases, *base)
		}
	}
	build.Hash = withBases(build)
	return image
}

// needs lists the services whose images a build starts from, and gives the
// contexts that name services their images.
func (b *bases) needs(name string, build *desired.Build) []string {
	needed := map[string]bool{}
	for _, key := range sortedKeys(build.Contexts) {
		source := build.Contexts[key].Source
		if other, ok := strings.CutPrefix(source, types.ServicePrefix); ok {
			image := b.images[other] // compose-go makes sure that it is there
			build.Contexts[key] = desired.BuildContext{Source: imageContext + image.Reference, Base: image.Reference}
			needed[other] = true
		} else if ref, ok := strings.CutPrefix(source, imageContext); ok {
			b.note(needed, name, ref)
		}
	}
	for _, ref := range readDockerfile(build) {
		if _, context := build.Contexts[ref]; !context {
			b.note(needed, name, ref)
		}
	}
	return sortedKeys(needed)
}

// note marks the service that builds an image as needed by another one.
func (b *bases) note(needed map[string]bool, name, ref string) {
	if other, ok := b.byName[spelt(ref)]; ok && spelt(b.images[name].Reference) != spelt(ref) {
		needed[other] = true
	}
}

// spelt is an image reference in full, so that two spellings of one are equal.
func spelt(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.TagNameOnly(named).String()
}

// checkShared reports services that build one image in two ways.
func (b *bases) checkShared(stack *desired.Stack) {
	builder := map[string]string{}
	for _, name := range sortedKeys(stack.Services) {
		image := stack.Services[name].Image
		if image.Build == nil {
			continue
		}
		ref := spelt(image.Reference)
		if other, taken := builder[ref]; !taken {
			builder[ref] = name
		} else if stack.Services[other].Image.Build.Hash != image.Build.Hash {
			b.l.addServiceError(name, "build", "services %q and %q build the image %s from different sources or settings: give each an image name of its own, or the same build section", other, name, image.Reference)
		}
	}
}
