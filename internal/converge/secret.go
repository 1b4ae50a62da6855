package converge

import (
	"context"
	"errors"
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
type SecretOptions = plan.SecretOptions

// SecretPreview is what applying a secret would do.
type SecretPreview struct {
	plan.SecretPlan
	// Volume and File are those of the version that will be in force.
	Volume, File string
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
	view, err = lookAtSecret(ctx, engine, have)
	return view, true, explain(engine, err)
}

// lookAtSecret reads the file, too.
func lookAtSecret(ctx context.Context, engine Engine, have *observed.Secret) (SecretView, error) {
	now := have.Current()
	view := SecretView{Version: now.Version, Volume: now.Volume, File: path.Join(now.Mountpoint, desired.FileEntry), Secret: now.Secret, Superseded: have.Superseded()}
	window := have.Window
	if have.Shown != now.Version {
		window = ""
	}
	file, err := observed.ReadSecretFile(ctx, engine, window)
	view.Watched = file.Seen && len(have.Notes) == 0 // what was cut off is to be put right, too
	switch {
	case err != nil:
		return view, err
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
	return view, nil
}

// LeaveSecret notes that the run takes a secret away from a node. It does no I/O.
func (d *Door) LeaveSecret(node, name string) {
	d.secrets.put(node, plan.SecretClaim{Secret: desired.Secret{Name: name}, Leaves: true})
}

// UndecidedSecret notes that what the run makes of a secret is known only at apply.
// It does no I/O.
func (d *Door) UndecidedSecret(node, name string) {
	d.secrets.put(node, plan.SecretClaim{Secret: desired.Secret{Name: name}, Undecided: true, NoOwner: true})
}

// PreviewSecret says what ApplySecret would do, and notes it for the stacks that
// are planned afterwards. It only reads. A secret that will be made anew in place of
// one that is there, after [Door.LeaveSecret], is planned as if there were none.
func (d *Door) PreviewSecret(ctx context.Context, node string, want desired.Secret, opts SecretOptions) (SecretPreview, error) {
	engine, have, err := d.observeSecret(ctx, node, want.Name)
	if err != nil {
		return SecretPreview{}, err
	}
	if _, replaced := d.secrets.of(node)[want.Name]; replaced && !opts.Adopt {
		have = &observed.Secret{Name: want.Name}
	}
	out := SecretPreview{SecretPlan: plan.Secret(want, have, opts)}
	if len(out.Problems) > 0 {
		return out, nil
	}
	d.secrets.put(node, plan.SecretClaim{Secret: want, Version: out.Version, Undecided: out.Undecided})
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

// SecretChange is what was agreed to do with a secret.
type SecretChange struct {
	desired.Secret
	// Version is to be in force afterwards; 0 lets it be the next.
	Version int
	// Write tells to write it, with Value, or with the value of the version in force
	// if Keep is set.
	Write, Keep bool
	Value       []byte
	// Made is SecretGiven or SecretGenerated.
	Made string
	// Adopt allows a secret that is there already.
	Adopt bool
}

// ApplySecret makes the node have the secret, and removes what is left of older
// versions that nothing mounts. The view is what is there afterwards, also when an
// error is returned; it has no Version when there is no secret then, or the node
// can't be looked at any more.
func (d *Door) ApplySecret(ctx context.Context, node string, change SecretChange) (SecretView, error) {
	turn := d.turnOf(node, secretTurn+change.Name)
	turn.Lock()
	defer turn.Unlock()
	d.forget(node)
	defer d.forget(node)
	engine, have, err := d.observeSecret(ctx, node, change.Name)
	if err != nil {
		return SecretView{}, err
	}
	if !change.Adopt && have.Abandoned() {
		if have, err = startOver(ctx, engine, have); err != nil {
			return SecretView{}, explain(engine, err)
		}
	}
	if change, err = agreedSecret(node, change, have); err != nil {
		return SecretView{}, err
	}
	err = applySecret(ctx, engine, change, have)
	if err == nil {
		err = d.sweepSecrets(ctx, node, []string{change.Name})
	}
	d.forget(node)
	_, after, readErr := d.observeSecret(context.WithoutCancel(ctx), node, change.Name)
	if readErr != nil || after.Current() == nil {
		return SecretView{}, explain(engine, errors.Join(err, readErr))
	}
	view, readErr := lookAtSecret(context.WithoutCancel(ctx), engine, after)
	return view, explain(engine, errors.Join(err, readErr))
}

// agreedSecret holds what was agreed to against what is there by now.
func agreedSecret(node string, change SecretChange, have *observed.Secret) (SecretChange, error) {
	now := have.Current()
	switch {
	case now != nil && !change.Adopt:
		made := plan.Secret(change.Secret, have, SecretOptions{Value: change.Value, Made: change.Made})
		if len(made.Problems) > 0 {
			return change, &ProblemsError{made.Problems}
		}
		change.Write, change.Version = false, now.Version // whoever wrote it wrote the same
	case change.Version == 0:
		change.Version = have.Newest() + 1
	}
	newest := have.Newest()
	if change.Write && change.Version <= newest || !change.Write && now != nil && change.Version != now.Version || change.Keep && now == nil {
		return change, &ChangedError{Node: node, Stack: change.Name, Changes: []string{fmt.Sprintf("replace version %d of the secret", newest)}}
	}
	return change, nil
}

func applySecret(ctx context.Context, engine Engine, change SecretChange, have *observed.Secret) error {
	if err := execute.RemoveScratch(ctx, engine, have.Scratch); err != nil {
		return err
	}
	// What is not shown counts as in force for being the newest: the next one is that
	// while it is being written.
	if err := watchSecret(ctx, engine, have); err != nil {
		return err
	}
	if !change.Write {
		return execute.RemoveScratch(ctx, engine, have.Notes)
	}
	now := have.Current()
	next := execute.SecretVersion{Secret: change.Secret, Version: change.Version, Made: change.Made, Content: change.Value}
	var err error
	if change.Keep {
		if next.Content, err = keptValue(ctx, engine, have); err != nil {
			return err
		}
		next.Check, next.Made = now.Check, now.Made
	} else if next.Check, err = desired.NewSecretCheck(next.Content); err != nil {
		return err
	}
	return execute.WriteSecret(ctx, engine, next, have.Notes)
}

// startOver takes away what a create left that was cut off, all but the note of it,
// which says so until the secret is there.
func startOver(ctx context.Context, engine Engine, have *observed.Secret) (*observed.Secret, error) {
	if err := clearSecret(ctx, engine, have); err != nil {
		return nil, err
	}
	return &observed.Secret{Name: have.Name, Notes: have.Notes}, nil
}

// clearSecret removes every version of a secret, and what shows and writes them.
func clearSecret(ctx context.Context, engine Engine, have *observed.Secret) error {
	if err := execute.RemoveScratch(ctx, engine, have.Scratch); err != nil {
		return err
	}
	if err := execute.HideSecret(ctx, engine, desired.Secret{Name: have.Name}); err != nil {
		return err
	}
	var volumes []string
	for i := range have.Versions {
		volumes = append(volumes, have.Versions[i].Volume)
	}
	return execute.RemoveSecretVolumes(ctx, engine, volumes, false)
}

// errValueLost means that the value of a secret can't be taken over.
var errValueLost = errors.New("its file on the node is not as it was written, so its value can't be taken over to one with another owner or mode: change a keeper to have a new value")

// keptValue reads the value of the version in force, for the next one.
func keptValue(ctx context.Context, engine Engine, have *observed.Secret) ([]byte, error) {
	now := have.Current()
	file, err := execute.ReadSecretVersion(ctx, engine, now.Secret, now.Version)
	switch {
	case err != nil:
		return nil, err
	case !file.Seen || file.Missing || !now.Check.Matches(file.Content):
		return nil, errValueLost
	}
	return file.Content, nil
}

// watchSecret puts back the container through which the file is seen. A file that is
// not what was written is noticed through it by whoever looks next.
func watchSecret(ctx context.Context, engine Engine, have *observed.Secret) error {
	now := have.Current()
	if now == nil || have.Window != "" && have.Shown == now.Version {
		return nil
	}
	file, err := execute.ReadSecretVersion(ctx, engine, now.Secret, now.Version)
	if err != nil {
		return err
	}
	stamp := file.Stamp()
	if file.Missing || !now.Check.Matches(file.Content) {
		stamp = "" // as which no file is read
	}
	return execute.ShowSecret(ctx, engine, now.Secret, now.Version, stamp)
}

// DestroySecret removes all of a secret. Containers that mount it are an error that
// names them; that it is gone already is none.
func (d *Door) DestroySecret(ctx context.Context, node, name string) error {
	turn := d.turnOf(node, secretTurn+name)
	turn.Lock()
	defer turn.Unlock()
	d.forget(node)
	defer d.forget(node)
	engine, have, err := d.observeSecret(ctx, node, name)
	if err != nil {
		return err
	}
	if problems := plan.SecretInUse(have); len(problems) > 0 {
		return &ProblemsError{problems}
	}
	if err := clearSecret(ctx, engine, have); err != nil {
		return explain(engine, err)
	}
	return explain(engine, execute.RemoveScratch(ctx, engine, have.Notes))
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
