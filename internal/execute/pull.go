package execute

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// pullImage pulls what the plan named: the tag, or exactly the digest that was
// looked up while planning. The image then has the name that the user wrote,
// wherever it came from. Faults that pass by themselves are waited out.
func (r *run) pullImage(ctx context.Context, op *plan.Operation) error {
	img := r.want.Services[op.Service].Image
	if op.Name != "" && op.Name != img.Reference { // one that the service mounts, or runs a hook in
		img = desired.Image{Reference: op.Name}
	}
	job, err := r.newPull(img)
	if err != nil {
		return err
	}
	defer job.giveBack(ctx)
	for attempt := 1; ; attempt++ {
		err := job.round(ctx)
		if err == nil {
			return nil
		}
		pause, again := pauseAfter(err, attempt)
		if !again || ctx.Err() != nil {
			return fmt.Errorf("pull image %s: %w", img.Reference, tries(err, attempt))
		}
		job.report(ctx, fmt.Sprintf("attempt %d failed: %v; the next one follows in %s", attempt, err, pause))
		if !sleep(ctx, pause) {
			return fmt.Errorf("pull image %s: %w", img.Reference, tries(err, attempt))
		}
	}
}

// tries says how often it was tried where that was more than once.
func tries(err error, attempts int) error {
	if attempts == 1 {
		return err
	}
	return fmt.Errorf("%w (after %d attempts)", err, attempts)
}

// imagePull is the work of getting one image under one name.
type imagePull struct {
	run   *run
	image desired.Image
	// sources are the references to pull, in the order in which they are tried;
	// the last is the one under the image's own name.
	sources []string
	// byDigest reports that the user's reference has a digest: engines give such a
	// name to nothing that was pulled under another one.
	byDigest bool
	// borrowed are the names of mirrors that are taken away again.
	borrowed []string
}

func (r *run) newPull(img desired.Image) (*imagePull, error) {
	named, err := reference.ParseNormalizedNamed(img.Reference)
	if err != nil {
		return nil, fmt.Errorf("parse image %s: %w", img.Reference, err)
	}
	own := img.Reference
	if img.Digest != "" {
		own = reference.TrimNamed(named).String() + "@" + img.Digest
	}
	p := &imagePull{run: r, image: img}
	_, p.byDigest = named.(reference.Canonical)
	if r.opts.Mirrors != nil {
		if p.sources, err = r.opts.Mirrors(own); err != nil {
			return nil, err
		}
	}
	p.sources = append(slices.Clone(p.sources), own)
	return p, nil
}

func (p *imagePull) report(ctx context.Context, message string) {
	p.run.opts.Progress(ctx, "pull image "+p.image.Reference+": "+message)
}

// round tries each source once. The error is that of every source.
func (p *imagePull) round(ctx context.Context) error {
	var errs []error
	for i, source := range p.sources {
		mirrored := i < len(p.sources)-1
		err := p.from(ctx, source, mirrored)
		switch {
		case err == nil && mirrored && p.byDigest: // its layers are there; now for the name
		case err == nil:
			return nil
		case mirrored && ctx.Err() == nil:
			p.report(ctx, fmt.Sprintf("the mirror's %s could not be used: %v", source, err))
			errs = append(errs, fmt.Errorf("mirror %s: %w", source, err))
		default:
			errs = append(errs, err)
			return errors.Join(errs...)
		}
	}
	return nil
}

// from pulls one source and gives the image its own name.
func (p *imagePull) from(ctx context.Context, source string, mirrored bool) error {
	borrows := mirrored && !slices.Contains(p.borrowed, source) && !p.onNode(ctx, source)
	digest, err := p.fetch(ctx, source)
	if err != nil {
		return err
	}
	if borrows {
		p.borrowed = append(p.borrowed, source)
	}
	if !p.byDigest && source != p.image.Reference {
		if err := p.run.engine.ImageTag(ctx, source, p.image.Reference); err != nil {
			return fmt.Errorf("tag image %s: %w", p.image.Reference, err)
		}
	}
	p.run.noteDigest(p.image.Reference, digest)
	return nil
}

func (p *imagePull) onNode(ctx context.Context, ref string) bool {
	_, err := p.run.engine.ImageInspect(ctx, ref)
	return err == nil
}

// giveBack takes the names of mirrors off the node that were not there before;
// also when time is up.
func (p *imagePull) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectLimit)
	defer cancel()
	for _, name := range p.borrowed {
		if _, err := p.run.engine.ImageRemove(ctx, name, image.RemoveOptions{}); err != nil && !errdefs.IsNotFound(err) {
			p.report(ctx, fmt.Sprintf("the name %s stays on the node: %v", name, err))
		}
	}
}

// fetch has the engine pull a reference and returns the digest that it got.
func (p *imagePull) fetch(ctx context.Context, source string) (string, error) {
	options := image.PullOptions{Platform: p.image.Platform}
	if p.run.opts.Auth != nil {
		auth, err := p.run.opts.Auth(ctx, source)
		if err != nil {
			return "", fmt.Errorf("find credentials: %w", err)
		}
		options.RegistryAuth = auth
	}
	body, err := p.run.engine.ImagePull(ctx, source, options)
	if err != nil {
		return "", p.run.askedWith(ctx, source, err)
	}
	defer body.Close()
	progress := newPullProgress(func(line string) { p.report(ctx, line) })
	err = readMessages(body, progress.take)
	return progress.digest, p.run.askedWith(ctx, source, err)
}

// askedWith adds to a registry's denial with which credentials it was asked.
func (r *run) askedWith(ctx context.Context, ref string, err error) error {
	if err == nil || r.opts.AuthSource == nil || !denied(err) {
		return err
	}
	if source := r.opts.AuthSource(ctx, ref); source != "" {
		return fmt.Errorf("%w (it was asked with %s)", err, source)
	}
	return err
}

// noteDigest remembers what a reference turned out to be.
func (r *run) noteDigest(ref, digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if digest != "" {
		r.pulled[ref] = digest
	}
}

// imageDigest is the registry's digest of a service's image: the planned one,
// the one just pulled, the one known before, or what the node says.
func (r *run) imageDigest(s *desired.Service, repoDigests []string) string {
	ref := s.Image.Reference
	r.mu.Lock()
	pulled := r.pulled[ref]
	r.mu.Unlock()
	for _, digest := range []string{s.Image.Digest, pulled, r.opts.Digests[ref]} {
		if digest != "" && s.Image.Build == nil {
			return digest
		}
	}
	return desired.RepoDigest(ref, repoDigests)
}
