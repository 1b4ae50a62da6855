package converge

import (
	"context"
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// Preview is what applying a stack would do.
type Preview struct {
	// After is the stack as it will be shown.
	After View
	// Changed names the services of which something differs, and Following those
	// that are only made again or restarted because something else is. All others
	// stay just as they are.
	Changed, Following map[string]bool
	// Changes are everything that will happen, for Apply to hold to.
	Changes []Change
	// Empty tells that applying sends the engine no write.
	Empty    bool
	Problems []plan.Problem
	Warnings []string
	// Resumes reports that a create that failed left something on the node, which this
	// one takes up if the destroy before it leaves it: see [DestroyOptions].
	Resumes bool
	// Restarts are the services that are restarted for their state alone.
	Restarts []plan.Restarted
	// Rotated is what applying would do if the secrets whose values nobody knows
	// yet are others than the node's; everything else in a preview takes them for
	// the same. It is nil when all are known.
	Rotated *Preview
}

// Read shows what exists of a stack; exists is false when nothing of it does.
// It only reads.
func (d *Door) Read(ctx context.Context, node, stack string, mem Memory, last View) (view View, exists bool, err error) {
	defer d.claims.work()()
	this := thing{KindStack, node, stack}
	d.claims.hold(this)
	if mem.Failed {
		d.claims.fails(this)
	}
	_, have, err := d.observe(ctx, node, stack, nil, mem.Seen)
	if err != nil {
		return last, true, err
	}
	return viewOf(have, mem, last), existsAny(have, mem), nil
}

// existsAny tells whether anything of a stack is there that can be converged:
// volumes alone are data that outlives it, unless there is nothing else to it.
func existsAny(have *observed.Stack, mem Memory) bool {
	if len(have.Services) > 0 || len(mem.Known) == 0 && mem.Known != nil {
		return true
	}
	for _, n := range have.Networks {
		if n.Labels[desired.LabelProject] == have.Name {
			return true
		}
	}
	return false
}

// PreviewOptions are what a preview depends on besides the stack.
type PreviewOptions struct {
	// Adopt allows a stack of which homelab made nothing, as after an import.
	Adopt bool
	// Leaving names a stack that will be gone before this one is applied; it may be
	// this one, of which the run makes another.
	Leaving string
	// Identity tells the resources of a run apart. Empty: nobody knows.
	Identity string
}

// Preview says what Apply would do. It only reads.
func (d *Door) Preview(ctx context.Context, node string, want *desired.Stack, mem Memory, opts PreviewOptions) (Preview, error) {
	defer d.release(node, want.Name) // it was read just before; nothing of the plan reads it again
	defer d.claims.work()()
	if opts.Adopt {
		d.claims.hold(thing{KindStack, node, want.Name})
	}
	clashes := d.declareStack(node, opts.Identity, want)
	d.claims.put(node, plan.ClaimOf(want))
	declared := d.segments.putStack(node, want.Name, plan.SegmentsOf(want))
	engine, have, err := d.observe(ctx, node, want.Name, references(want), mem.Seen)
	if err != nil {
		return Preview{}, err
	}
	have, place, err := d.vacated(ctx, node, want, have, mem, opts)
	if err != nil {
		return Preview{}, err
	}
	want, warnings := d.resolve(ctx, want, have, mem.Followed)
	want, unfit := plan.Fitting(want, have.APIVersion)
	options := plan.Options{Known: mem.Known, Accepted: mem.Accepted, NodePaths: mem.NodePaths, Adopt: opts.Adopt, Create: mem.creates(opts.Adopt), Failed: place == resumes,
		Leaving: opts.Leaving, Node: node, Secrets: d.secrets.of(node)}
	want = plan.KeepNodePaths(want, have, options)
	p, have, err := d.build(ctx, node, want, have, mem, options)
	if err != nil {
		return Preview{}, err
	}
	if place == moves {
		warnings = append(warnings, movedWarning(fmt.Sprintf("homelab_stack %q", want.Name), node))
	}
	problems, remarks := d.fit(ctx, node, engine, want, p)
	neighbours, near := d.checkNetworks(node, want, declared, have)
	out := outcome(want, have, p)
	out.Resumes = place == resumes
	out.Problems = slices.Concat(clashes, p.Problems, unbuildable(engine, want, p), problems, d.checkAddresses(node, want), neighbours)
	out.Warnings = slices.Concat(warnings, unfit, p.Warnings, remarks, near)
	if len(want.Undecided()) > 0 || plan.UsesUndecided(want, options.Secrets) {
		options.Rotated, options.Others = true, d.claims.others(node, want.Name)
		q := plan.Build(want, have, options)
		rotated := outcome(want, have, q)
		rotated.Problems = slices.Concat(q.Problems, unbuildable(engine, want, q))
		out.Rotated = &rotated
	}
	for _, missing := range p.Missing {
		if d.segments.declares(node, missing.Network) {
			continue // the run makes it
		}
		out.Warnings = append(out.Warnings, missing.Detail)
	}
	return out, nil
}

// outcome says what a plan leads to.
func outcome(want *desired.Stack, have *observed.Stack, p *plan.Plan) Preview {
	out := Preview{After: planned(want, have, p), Changed: map[string]bool{}, Following: map[string]bool{}, Empty: p.Empty(), Restarts: p.Restarts}
	for _, c := range p.Changes {
		out.Changes = append(out.Changes, c)
		if c.Service != "" {
			out.Following[c.Service] = c.Inherited && !out.Changed[c.Service]
			out.Changed[c.Service] = out.Changed[c.Service] || !c.Inherited
		}
	}
	return out
}

func references(want *desired.Stack) []string {
	var refs []string
	for _, s := range want.Services {
		refs = append(append(refs, s.Image.Reference), s.OtherImages()...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// planned shows a stack as it will be.
func planned(want *desired.Stack, have *observed.Stack, p *plan.Plan) View {
	view := View{Services: map[string]Service{}, Networks: map[string]Network{}, Volumes: map[string]Volume{}}
	fresh := map[string]bool{} // images that the plan pulls or builds
	for _, op := range p.Operations {
		switch op.Kind {
		case plan.PullImage, plan.BuildImage:
			fresh[op.Name] = true
		case plan.RetagImage:
			have = have.Tagged(op.Name, op.Image)
		default: // no image changes
		}
	}
	jobs := plan.Jobs(want)
	for name := range want.Services {
		s := want.Services[name]
		view.Services[name] = plannedService(&s, have, p, fresh[s.Image.Reference], jobs[name])
	}
	for key, n := range want.Networks {
		view.Networks[key] = plannedNetwork(n, have)
	}
	for key, v := range want.Volumes {
		view.Volumes[key] = plannedVolume(v, have)
	}
	return view
}

// plannedNetwork shows a network as it will be; of one that something else has
// still to make, nothing is known.
func plannedNetwork(n desired.Network, have *observed.Stack) Network {
	existing, exists := have.Networks[n.Name]
	spec := withoutAttributes(n.Spec())
	switch {
	case n.External && exists:
		return Network{Name: n.Name, Driver: &existing.Driver, Internal: &existing.Internal, Spec: map[string]string{}}
	case n.External:
		return Network{Name: n.Name, Spec: map[string]string{}}
	case n.Driver == "" && exists:
		n.Driver = existing.Driver
	case n.Driver == "":
		n.Driver = "bridge"
	}
	return Network{Name: n.Name, Driver: &n.Driver, Internal: &n.Internal, Spec: spec}
}

// plannedVolume shows a volume as it will be.
func plannedVolume(v desired.Volume, have *observed.Stack) Volume {
	existing, exists := have.Volumes[v.Name]
	switch {
	case exists:
		return Volume{Name: v.Name, Driver: &existing.Driver}
	case v.External:
		return Volume{Name: v.Name}
	case v.Driver == "":
		v.Driver = "local"
	}
	return Volume{Name: v.Name, Driver: &v.Driver}
}

func plannedService(s *desired.Service, have *observed.Stack, p *plan.Plan, fresh, awaited bool) Service {
	out := Service{Image: s.Image.Reference, Replicas: s.Replicas}
	version := max(1, p.SecretVersions[s.Name])
	out.Spec = s.Spec(p.Placements.Versions(s.Name)).Masked(s.Secret, version)
	if s.ContainerName != "" {
		out.Spec[containerName] = s.ContainerName
	}
	img, known := have.Images[s.Image.Reference]
	switch {
	case s.Image.Digest != "":
		out.Digest = &s.Image.Digest
	case known && !fresh && img.Digest != "":
		out.Digest = &img.Digest
	case known && !fresh:
		out.Digest = &img.ID
	}
	if c := unmade(s, have, p); c != nil && c.Image != s.Image.Reference {
		out.Image = imageOf(c)
		if s.Image.Digest == "" {
			out.Digest = ptr(digestOf(c))
		}
	}
	var available *observed.Image
	if known && !fresh {
		available = &img
	}
	if s.Replicas == 0 {
		out.State, out.Digest = new(string), new(string)
		return out
	}
	if state := string(plan.Arrived(s, available, awaited)); state != "" {
		out.State = &state
	}
	return out
}

// unmade is the container that a service is shown by, if it stays: it keeps the
// reference that it was made from where another one means the same image.
func unmade(s *desired.Service, have *observed.Stack, p *plan.Plan) *observed.Container {
	list := have.Services[s.Name]
	if len(list) == 0 || s.Replicas == 0 || slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
		return c.Service == s.Name && c.Number == list[0].Number && (c.Action == plan.Create || c.Action == plan.Recreate)
	}) {
		return nil
	}
	return &list[0]
}

func ptr[T any](v T) *T { return &v }
