package converge

import (
	"context"
	"fmt"
	"path"
	"slices"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// How the value of a secret came about.
const (
	SecretGiven     = plan.SecretGiven
	SecretGenerated = plan.SecretGenerated
)

// SecretView is a secret as Terraform shows it.
type SecretView struct {
	// Version is the one in force; 0 means that there is none.
	Version int
	// Volume holds it, and File is the path of the node where the engine keeps it.
	Volume, File string
	// UID, GID and Mode are the file's as containers have them.
	desired.Secret
	// Edited says what somebody did to the file; empty for nothing. Altered tells
	// that they changed its owner or mode.
	Edited  string
	Altered bool
	// Superseded are volumes of older versions that nothing mounts any more.
	Superseded []string
	// Watched tells that there is a window to look at the file through.
	Watched bool
}

// SecretOptions are what planning a secret depends on besides what is asked for.
type SecretOptions struct {
	plan.SecretOptions
	// Fits reports whether a kept value is one that would be generated now; nil takes
	// any.
	Fits func(value []byte) bool
	// KeepOnDestroy says whether destroying the secret that is there keeps its value;
	// nil keeps a generated one.
	KeepOnDestroy *bool
	// Identity tells the resources of a run apart. Empty: nobody knows. Replaces
	// tells that the same resource had the secret before.
	Identity string
	Replaces bool
}

// SecretPreview is what applying a secret would do.
type SecretPreview struct {
	plan.SecretPlan
	// Volume and File are those of the version that will be in force.
	Volume, File string
	// Moved warns that what is there goes, and another resource comes in its place.
	Moved string
}

// secretTurn begins the name of the turns in which one secret is written.
const secretTurn = "secret "

// secrets are what was planned of the nodes' secrets in this process. The zero
// value is ready.
type secrets struct {
	mu    sync.Mutex // guards what follows
	nodes map[string]map[string]plan.SecretClaim
}

// put notes what will be of a secret.
func (s *secrets) put(node string, claim plan.SecretClaim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nodes == nil {
		s.nodes = map[string]map[string]plan.SecretClaim{}
	}
	// A plan may be using the map that there is.
	next := map[string]plan.SecretClaim{claim.Name: claim}
	for name, other := range s.nodes[node] {
		if name != claim.Name {
			next[name] = other
		}
	}
	s.nodes[node] = next
}

// of is what was noted of a node. It is not to be written to.
func (s *secrets) of(node string) map[string]plan.SecretClaim {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nodes[node]
}

// observeSecret reads one secret, from the shared snapshot.
func (d *Door) observeSecret(ctx context.Context, node, name string) (Engine, *observed.Secret, error) {
	engine, err := d.engines.Engine(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := d.snapshot(ctx, node, engine)
	if err != nil {
		return nil, nil, explain(engine, err)
	}
	return engine, snapshot.Secret(name), nil
}

// ReadSecret shows what exists of a secret; exists is false when there is none of
// that name. It only reads, and keeps nothing of the value.
func (d *Door) ReadSecret(ctx context.Context, node, name string) (view SecretView, exists bool, err error) {
	engine, have, err := d.observeSecret(ctx, node, name)
	if err != nil || have.Current() == nil {
		return SecretView{}, false, err
	}
	view, _, err = lookAtSecret(ctx, engine, have)
	return view, true, explain(engine, err)
}

// lookAtSecret reads the file, too, and returns it.
func lookAtSecret(ctx context.Context, engine Engine, have *observed.Secret) (SecretView, observed.SecretFile, error) {
	now := have.Current()
	view := viewOfVersion(now)
	view.Superseded = have.Superseded()
	window := have.Window
	if have.Shown != now.Version {
		window = ""
	}
	file, err := observed.ReadSecretFile(ctx, engine, window)
	view.Watched = file.Seen && len(have.Notes) == 0 && !have.Kept // what was cut off is repaired, too
	switch {
	case err != nil:
		return view, file, err
	case !file.Seen || file.Stamp() == have.Stamp:
	case file.Missing:
		view.Edited = "the file was removed on the node"
	default:
		view.Secret = file.AsContainersSee(now.Secret, have.Stamp)
		view.Altered = view.Secret != now.Secret
		if !now.Check.Matches(file.Content) {
			view.Edited = "the file was edited on the node"
		}
	}
	return view, file, nil
}

// UndecidedSecret notes that what the run makes of a secret is known only at apply.
// It does no I/O.
func (d *Door) UndecidedSecret(node, name string) {
	d.secrets.put(node, plan.SecretClaim{Secret: desired.Secret{Name: name}, Undecided: true, NoOwner: true})
}

// PreviewSecret says what ApplySecret would do, and notes it for the stacks that
// are planned afterwards. It only reads. A secret that will be made anew in place of
// one that is there, after [Door.LeaveSecret], is planned as if there were none, or
// only its kept value.
func (d *Door) PreviewSecret(ctx context.Context, node string, want desired.Secret, opts SecretOptions) (SecretPreview, error) {
	defer d.claims.work()()
	this := thing{KindSecret, node, want.Name}
	if opts.Adopt {
		d.claims.hold(this)
	}
	clashes := d.clash("name", this, declaration{opts.Identity, fmt.Sprintf("homelab_secret %q", want.Name)})
	engine, have, err := d.observeSecret(ctx, node, want.Name)
	if err != nil {
		return SecretPreview{}, err
	}
	moved, prior := false, d.secrets.of(node)[want.Name]
	if !opts.Adopt {
		if have, prior, moved, err = d.vacatedSecret(ctx, this, have); err != nil {
			return SecretPreview{}, err
		}
		if have.Kept {
			if err := opts.lookAtKept(ctx, engine, have); err != nil {
				return SecretPreview{}, explain(engine, err)
			}
		}
	}
	out := SecretPreview{SecretPlan: plan.Secret(want, have, opts.SecretOptions)}
	out.Problems = append(clashes, out.Problems...)
	if moved && !opts.Replaces {
		out.Moved = movedWarning(fmt.Sprintf("homelab_secret %q", want.Name), node)
	}
	if len(out.Problems) > 0 {
		return out, nil
	}
	keeps := prior.Keeps || opts.Adopt && plan.KeepsSecret(opts.KeepOnDestroy, have)
	d.secrets.put(node, plan.SecretClaim{Secret: want, Version: out.Version, Undecided: out.Undecided, Keeps: keeps})
	out.Volume = want.Volume(out.Version)
	if now := have.Current(); now != nil {
		out.File = want.SecretFile(path.Dir(path.Dir(now.Mountpoint)), out.Version)
		return out, nil
	}
	facts, known := d.machine(ctx, node, engine, true)
	if known && facts.VolumeRoot != "" {
		out.File = want.SecretFile(facts.VolumeRoot, out.Version)
	}
	return out, nil
}

// vacatedSecret is [Door.vacated] for a secret: as a create will find it that is
// planned now. prior is what the run makes of the one that goes first.
func (d *Door) vacatedSecret(ctx context.Context, t thing, have *observed.Secret) (left *observed.Secret, prior plan.SecretClaim, moved bool, err error) {
	moved = have.Foreign() && d.claims.holds(ctx, t) || have.Current() != nil && d.claims.holdsNow(t)
	if have.Foreign() && !moved { // what was written meanwhile is read
		if _, have, err = d.observeSecret(ctx, t.node, t.name); err != nil {
			return have, prior, moved, err
		}
	}
	prior, replaced := d.secrets.of(t.node)[t.name]
	if moved && !replaced {
		prior.Keeps = plan.KeepsSecret(nil, have)
	}
	switch {
	case !replaced && !moved:
	case prior.Keeps && have.Current() != nil:
		have = have.AsKept()
	default:
		have = &observed.Secret{Name: t.name}
	}
	return have, prior, moved, nil
}

// sweepSecrets removes the versions of secrets that are not in force and that
// nothing mounts. Whoever stops using one last does it: when a secret rotates, the
// containers that use it are still to be made again.
func (d *Door) sweepSecrets(ctx context.Context, node string, names []string) error {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		d.forget(node)
		engine, have, err := d.observeSecret(ctx, node, name)
		if err != nil {
			return err
		}
		if err := execute.RemoveSecretVolumes(ctx, engine, have.Superseded(), true); err != nil {
			return explain(engine, err)
		}
	}
	return nil
}

// secretsIn names the secrets of the node that a stack's containers mount in an old
// version.
func secretsIn(have *observed.Stack) []string {
	var names []string
	for name, s := range have.Secrets {
		now := s.Current()
		for i := range s.Versions {
			uses := func(u observed.SecretUser) bool { return u.Stack == have.Name }
			if v := &s.Versions[i]; v.Version != now.Version && slices.ContainsFunc(v.Users, uses) {
				names = append(names, name)
			}
		}
	}
	return names
}
