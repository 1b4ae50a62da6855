package core

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
	"github.com/homelab-iac/terraform-provider-homelab/internal/run"
)

// The origin of a secret's value.
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
	// Edited says how the file was changed on the node; empty if it was not. Altered
	// reports that its owner or mode was changed.
	Edited  string
	Altered bool
	// Superseded are volumes of older versions that nothing mounts any more.
	Superseded []string
	// Watched reports that there is a window to look at the file through.
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
	// Identity is unique to the resource in a run. Empty: not known. Replaces
	// reports that the same resource had the secret before.
	Identity string
	Replaces bool
}

// SecretPreview is what applying a secret would do.
type SecretPreview struct {
	plan.SecretDecision

	// File is that of the version that will be in force.
	File string
}

// Secrets reads, plans, applies and destroys secrets that are resources.
type Secrets struct{ *shared }

// secretTurn begins the name of the turns in which one secret is written.
const secretTurn = "secret "

// observe reads one secret, from the shared snapshot.
func (s Secrets) observe(ctx context.Context, node, name string) (Engine, *observed.Secret, error) {
	engine, snapshot, err := s.look(ctx, node)
	if err != nil {
		return nil, nil, err
	}
	return engine, snapshot.Secret(name), nil
}

// Read shows what exists of a secret; exists is false when there is none of
// that name. It only reads, and keeps nothing of the value.
func (s Secrets) Read(ctx context.Context, node, name string) (view SecretView, exists bool, err error) {
	engine, have, err := s.observe(ctx, node, name)
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

// Undecided notes that what the run makes of a secret is known only at apply.
// It does no I/O.
func (s Secrets) Undecided(node, name string) {
	s.run.NoteSecret(node, plan.PlannedSecret{Secret: desired.Secret{Name: name}, Undecided: true, NoOwner: true})
}

// Preview says what Apply would do, and notes it for the stacks that are planned
// afterwards. It only reads.
func (s Secrets) Preview(ctx context.Context, node string, want desired.Secret, opts SecretOptions) (SecretPreview, error) {
	s.run.PlanSecret(node, plan.Owner{Identity: opts.Identity, Name: fmt.Sprintf("homelab_secret %q", want.Name)}, want.Name)
	engine, have, err := s.observe(ctx, node, want.Name)
	if err != nil {
		return SecretPreview{}, err
	}
	in := plan.SecretInput{SecretOptions: opts.SecretOptions, Want: want, Have: have, World: s.run.World(node, run.Secret(want.Name), opts.Identity), KeepOnDestroy: opts.KeepOnDestroy, Replaces: opts.Replaces}
	decision, err := opts.decide(ctx, engine, in)
	out := SecretPreview{SecretDecision: decision}
	if err != nil || len(out.Problems) > 0 {
		return out, err
	}
	s.run.NoteSecret(node, out.Takes)
	if now := decision.Have.Current(); now != nil {
		out.File = want.SecretFile(path.Dir(path.Dir(now.Mountpoint)), out.Version)
		return out, nil
	}
	if facts, err := s.facts(ctx, node, engine); err == nil && facts.VolumeRoot != "" {
		out.File = want.SecretFile(facts.VolumeRoot, out.Version)
	}
	return out, nil
}

// decide decides about a secret, and looks at a kept value if the decision needs it.
func (o SecretOptions) decide(ctx context.Context, engine Engine, in plan.SecretInput) (plan.SecretDecision, error) {
	decision := plan.DecideSecret(in)
	if !decision.NeedsKept {
		return decision, nil
	}
	view, file, err := lookAtSecret(ctx, engine, decision.Have)
	if err != nil {
		return decision, explain(engine, err)
	}
	in.KeptSeen, in.Edited, in.Altered = true, view.Edited, view.Altered
	in.Unfit = o.Fits != nil && file.Seen && view.Edited == "" && !o.Fits(file.Content)
	return plan.DecideSecret(in), nil
}

// sweepSecrets removes the versions of secrets that are not in force and that
// nothing mounts. The last user of a version calls it: when a secret is rotated, the
// containers that use it have still to be recreated.
func (s *shared) sweepSecrets(ctx context.Context, node string, names []string) error {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		s.forget(node)
		engine, have, err := Secrets{s}.observe(ctx, node, name)
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
	slices.Sort(names)
	return slices.Compact(names)
}
