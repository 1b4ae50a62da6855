package core

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// SecretChange is what was agreed to do with a secret.
type SecretChange struct {
	desired.Secret
	// Version is to be in force afterwards; 0 lets it be the next.
	Version int
	// Write reports that it is to be written, with Value, or with the value of the
	// version in force if Keep is set.
	Write, Keep bool
	Value       []byte
	// Made is SecretGiven or SecretGenerated.
	Made string
	// Adopt allows a secret that is there already.
	Adopt bool
	// Fits is as in [SecretOptions].
	Fits func(value []byte) bool
}

// Apply applies the secret to the node, and removes older versions that nothing mounts.
// The view is what exists afterwards, also with an error; it has no Version when there
// is no secret then, or the node cannot be read any more.
func (s Secrets) Apply(ctx context.Context, node string, change SecretChange) (SecretView, error) {
	defer s.run.Write(node)()
	if err := s.awaitVacated(ctx, node, change); err != nil {
		return SecretView{}, err
	}
	end, err := s.run.Turn(ctx, node, secretTurn+change.Name)
	if err != nil {
		return SecretView{}, err
	}
	defer end()
	s.forget(node)
	defer s.forget(node)
	if err := s.tidy(ctx, node); err != nil {
		return SecretView{}, err
	}
	engine, have, err := s.observe(ctx, node, change.Name)
	if err != nil {
		return SecretView{}, err
	}
	if !change.Adopt && have.Abandoned() {
		if have, err = startOver(ctx, engine, have); err != nil {
			return SecretView{}, explain(engine, err)
		}
	}
	if change, err = agreedSecret(ctx, node, engine, change, have); err != nil {
		return SecretView{}, explain(engine, err)
	}
	written, err := applySecret(ctx, engine, change, have)
	later, cancel := afterwards(ctx)
	defer cancel()
	if err == nil {
		view, err := s.finish(later, node, change.Name)
		if err != nil {
			return written, explain(engine, fmt.Errorf("%w: %w", ErrSecretWritten, err))
		}
		return view, nil
	}
	s.forget(node)
	_, after, readErr := s.observe(later, node, change.Name)
	if readErr != nil || after.Current() == nil {
		return SecretView{}, explain(engine, errors.Join(err, readErr))
	}
	view, _, readErr := lookAtSecret(later, engine, after)
	return view, explain(engine, errors.Join(err, readErr))
}

// ErrSecretWritten means that the secret is in force as it was asked for, and that the
// steps after that failed: the view comes from what was written.
var ErrSecretWritten = errors.New("finish after the secret was written")

// finish removes what is no longer needed of a secret that was written, and
// reads the secret back.
func (s Secrets) finish(ctx context.Context, node, name string) (SecretView, error) {
	if err := s.sweepSecrets(ctx, node, []string{name}); err != nil {
		return SecretView{}, err
	}
	s.forget(node)
	engine, after, err := s.observe(ctx, node, name)
	if err != nil {
		return SecretView{}, err
	}
	if after.Current() == nil {
		return SecretView{}, errors.New("it was removed by something else")
	}
	if err := execute.RemoveScratch(ctx, engine, after.Notes); err != nil {
		return SecretView{}, err
	}
	after.Notes = nil
	view, _, err := lookAtSecret(ctx, engine, after)
	return view, err
}

// awaitVacated waits, for as long as other resources write to the node, for the removal
// of another resource's secret that is in the way of a new one.
func (s Secrets) awaitVacated(ctx context.Context, node string, change SecretChange) error {
	for again := !change.Adopt; again; {
		s.forget(node)
		_, have, err := s.observe(ctx, node, change.Name)
		if err != nil {
			return err
		}
		again = have.Foreign() && s.run.AwaitWriter(ctx, node)
	}
	return nil
}

// agreedSecret compares what was agreed to with what exists by now.
func agreedSecret(ctx context.Context, node string, engine Engine, change SecretChange, have *observed.Secret) (SecretChange, error) {
	now := have.Current()
	switch {
	case now != nil && !change.Adopt && have.Kept:
		var err error
		if change, err = takesUpKept(ctx, engine, change, have); err != nil {
			return change, err
		}
	case now != nil && !change.Adopt:
		made := plan.DecideSecret(change.input(have))
		return change, &ProblemsError{made.Problems}
	case change.Version == 0:
		change.Version = have.Newest() + 1
	}
	newest := have.Newest()
	if change.Write && change.Version <= newest || !change.Write && now != nil && change.Version != now.Version || change.Keep && now == nil {
		return change, &ChangedError{Node: node, Stack: change.Name, Changes: []string{fmt.Sprintf("replace version %d of the secret", newest)}}
	}
	return change, nil
}

// input is what a decision about the change depends on, once it is carried out.
func (c SecretChange) input(have *observed.Secret) plan.SecretInput {
	in := plan.SecretInput{SecretOptions: plan.SecretOptions{Made: c.Made}, Want: c.Secret, Have: have, World: plan.World{Applying: true}}
	if c.Made == SecretGiven {
		in.Value = c.Value
	}
	return in
}

// takesUpKept decides whether a secret's kept value serves the change.
func takesUpKept(ctx context.Context, engine Engine, change SecretChange, have *observed.Secret) (SecretChange, error) {
	made, err := SecretOptions{Fits: change.Fits}.decide(ctx, engine, change.input(have))
	if err != nil {
		return change, err
	}
	if change.Version == 0 {
		change.Version = made.Version
	}
	change.Write, change.Keep = made.Write, made.Keep
	return change, nil
}

// applySecret does what was agreed to, and returns the secret that is in force then.
func applySecret(ctx context.Context, engine Engine, change SecretChange, have *observed.Secret) (SecretView, error) {
	if err := execute.RemoveScratch(ctx, engine, have.Scratch); err != nil {
		return SecretView{}, err
	}
	// What is not shown counts as in force for being the newest: the next one is that
	// while it is being written.
	if err := watchSecret(ctx, engine, have); err != nil {
		return SecretView{}, err
	}
	now := have.Current()
	if !change.Write {
		if have.Kept {
			if err := execute.ShowSecret(ctx, engine, now.Secret, now.Version, have.Stamp, false); err != nil {
				return SecretView{}, err
			}
		}
		return viewOfVersion(now), nil
	}
	next := execute.SecretVersion{Secret: change.Secret, Version: change.Version, Made: change.Made, Content: change.Value}
	var err error
	if change.Keep {
		if next.Content, err = keptValue(ctx, engine, have); err != nil {
			return SecretView{}, err
		}
		next.Check, next.Made = now.Check, now.Made
	} else if next.Check, err = desired.NewSecretCheck(next.Content); err != nil {
		return SecretView{}, err
	}
	mountpoint, err := execute.WriteSecret(ctx, engine, next, have.Notes)
	return viewOfVersion(&observed.SecretVersion{Secret: next.Secret, Version: next.Version, Volume: next.Volume(next.Version), Mountpoint: mountpoint}), err
}

// viewOfVersion shows a version without a look at its file.
func viewOfVersion(v *observed.SecretVersion) SecretView {
	return SecretView{Version: v.Version, Volume: v.Volume, File: path.Join(v.Mountpoint, desired.FileEntry), Secret: v.Secret}
}

// startOver removes what an interrupted create left, except its note, which stays until
// the secret exists.
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

// errValueLost means that the value of a secret cannot be copied to a new version.
var errValueLost = errors.New("its file on the node is not as it was written, so its value cannot be copied to one with another owner or mode: change a keeper to have a new value")

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

// watchSecret restores the container through which the file is read. The next read finds
// through it whether the file is as it was written.
func watchSecret(ctx context.Context, engine Engine, have *observed.Secret) error {
	now := have.Current()
	if now == nil || have.Window != "" && have.Shown == now.Version {
		return nil
	}
	stamp, err := secretStamp(ctx, engine, have)
	if err != nil {
		return err
	}
	return execute.ShowSecret(ctx, engine, now.Secret, now.Version, stamp, false)
}

// secretStamp is the stamp of the file of the version in force as it was written.
func secretStamp(ctx context.Context, engine Engine, have *observed.Secret) (string, error) {
	now := have.Current()
	if have.Window != "" && have.Shown == now.Version {
		return have.Stamp, nil
	}
	file, err := execute.ReadSecretVersion(ctx, engine, now.Secret, now.Version)
	if err != nil {
		return "", err
	}
	if file.Missing || !now.Check.Matches(file.Content) {
		return "", nil // as which no file is read
	}
	return file.Stamp(), nil
}
