package execute

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/registry"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/archive"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/buildkit"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// buildImage builds a service's image, after those of other services that it
// starts from.
func (r *run) buildImage(ctx context.Context, op *plan.Operation) error {
	return r.buildOnce(ctx, op.Service, r.want.Services[op.Service].Image)
}

// buildOnce builds an image unless this run did so already, for another service
// that has the same image or starts from it.
func (r *run) buildOnce(ctx context.Context, service string, img desired.Image) error {
	r.mu.Lock()
	build, known := r.builds[img.Reference]
	if !known {
		build = sync.OnceValue(func() error { return r.buildNow(ctx, service, img) })
		r.builds[img.Reference] = build
	}
	r.mu.Unlock()
	return build()
}

func (r *run) buildNow(ctx context.Context, service string, img desired.Image) error {
	for _, base := range img.Build.Bases {
		if err := r.buildBase(ctx, base); err != nil {
			return err
		}
	}
	labels := maps.Clone(img.Build.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[desired.LabelBuildHash] = img.Build.Hash
	labels[desired.LabelProject], labels[desired.LabelService] = r.want.Name, service
	labels[desired.LabelComposeVer] = composeVersion
	names := append([]string{img.Reference}, img.Build.Tags...)
	if err := r.buildWith(ctx, img, names, labels); err != nil {
		return fmt.Errorf("build image %s: %w", img.Reference, err)
	}
	return nil
}

// buildBase builds an image that another one starts from, unless it is there as
// it should be.
func (r *run) buildBase(ctx context.Context, base desired.Image) error {
	have, err := r.engine.ImageInspect(ctx, base.Reference)
	if err == nil && have.Config != nil && have.Config.Labels[desired.LabelBuildHash] == base.Build.Hash {
		return nil
	}
	if err := ignoreNotFound(err); err != nil {
		return fmt.Errorf("look for image %s: %w", base.Reference, err)
	}
	return r.buildOnce(ctx, r.builder(base), base)
}

// builder is the service that an image belongs to.
func (r *run) builder(img desired.Image) string {
	for _, name := range slices.Sorted(maps.Keys(r.want.Services)) {
		if r.want.Services[name].Image.Reference == img.Reference {
			return name
		}
	}
	return ""
}

// buildWith builds with BuildKit, and with the engine's classic builder where
// there is none and the build needs no more.
func (r *run) buildWith(ctx context.Context, img desired.Image, names []string, labels map[string]string) error {
	b := img.Build
	report := func(line string) { r.opts.Progress(ctx, "build image "+img.Reference+": "+line) }
	if b.Classic(r.engine.ClientVersion()) {
		return r.buildClassic(ctx, b, names, labels, report)
	}
	leftOut, err := leftOut(ctx, b)
	if err != nil {
		return err
	}
	err = buildkit.Build(ctx, r.engine, &buildkit.Request{Build: b, LeftOut: leftOut, Names: names, Labels: labels, Inspect: r.baseImage, Credentials: r.credentials, Progress: report})
	if !errors.Is(err, buildkit.ErrUnavailable) {
		return err
	}
	if keys := b.NeedsBuildKit(); len(keys) > 0 {
		return fmt.Errorf("it uses %s, which needs BuildKit, and that is not available here: %w: connect to the engine itself, not to something in between that holds connections back, or remove what needs it", strings.Join(keys, ", "), err)
	}
	report(err.Error() + "; its classic builder is used")
	return r.buildClassic(ctx, b, names, labels, report)
}

// leftOut lists what is not sent of the build's local directories, by directory.
func leftOut(ctx context.Context, b *desired.Build) (map[string][]string, error) {
	dockerfiles := map[string]string{}
	for _, c := range b.Contexts {
		if c.Local != "" {
			dockerfiles[c.Local] = ""
		}
	}
	if !b.Remote {
		dockerfiles[b.Context] = b.Dockerfile
	}
	list := map[string][]string{}
	for _, dir := range slices.Sorted(maps.Keys(dockerfiles)) {
		tree, err := archive.BuildContext(ctx, dir, dockerfiles[dir])
		if err != nil {
			return nil, err
		}
		list[dir] = tree.LeftOut
	}
	return list, nil
}

// baseImage reads an image of the node for the builds that start from it.
func (r *run) baseImage(ctx context.Context, ref string) (buildkit.BaseImage, error) {
	img, err := r.engine.ImageInspect(ctx, ref)
	if err != nil {
		return buildkit.BaseImage{}, err
	}
	return buildkit.BaseImage{Architecture: img.Architecture, OS: img.Os, Variant: img.Variant, Config: img.Config}, nil
}

// credentials finds the user and password for a registry's host.
func (r *run) credentials(ctx context.Context, host string) (user, password string, err error) {
	auth, err := r.authConfig(ctx, host+"/any")
	if err != nil {
		return "", "", err
	}
	if auth.IdentityToken != "" { // BuildKit takes a refresh token as a password without a user
		return "", auth.IdentityToken, nil
	}
	return auth.Username, auth.Password, nil
}

// authConfig is what the engine gets to know for an image's registry; the zero
// value where there are no credentials.
func (r *run) authConfig(ctx context.Context, ref string) (auth registry.AuthConfig, err error) {
	if r.opts.Auth == nil {
		return auth, nil
	}
	encoded, err := r.opts.Auth(ctx, ref)
	if err != nil || encoded == "" {
		return auth, err
	}
	document, err := base64.URLEncoding.DecodeString(encoded)
	if err != nil || json.Unmarshal(document, &auth) != nil {
		return registry.AuthConfig{}, errors.New("the credentials cannot be read")
	}
	return auth, nil
}
