package execute

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// pullImage pulls what the plan named: the tag, or exactly the digest that was
// looked up while planning, which then gets the tag.
func (r *run) pullImage(ctx context.Context, op *plan.Operation) error {
	img := r.want.Services[op.Service].Image
	options := image.PullOptions{Platform: img.Platform}
	if r.opts.Auth != nil {
		auth, err := r.opts.Auth(ctx, img.Reference)
		if err != nil {
			return fmt.Errorf("find credentials for image %s: %w", img.Reference, err)
		}
		options.RegistryAuth = auth
	}
	source, err := pullSource(img)
	if err != nil {
		return err
	}
	body, err := r.engine.ImagePull(ctx, source, options)
	if err != nil {
		return fmt.Errorf("pull image %s: %w", img.Reference, err)
	}
	defer body.Close()
	if err := readStream(body, func(line string) { r.opts.Progress(ctx, "pull image "+img.Reference+": "+line) }); err != nil {
		return fmt.Errorf("pull image %s: %w", img.Reference, err)
	}
	if source != img.Reference {
		if err := r.engine.ImageTag(ctx, source, img.Reference); err != nil {
			return fmt.Errorf("tag image %s: %w", img.Reference, err)
		}
	}
	return nil
}

// pullSource is the reference to pull: with the digest when one is known.
func pullSource(img desired.Image) (string, error) {
	if img.Digest == "" {
		return img.Reference, nil
	}
	named, err := reference.ParseNormalizedNamed(img.Reference)
	if err != nil {
		return "", fmt.Errorf("parse image %s: %w", img.Reference, err)
	}
	return reference.TrimNamed(named).String() + "@" + img.Digest, nil
}
