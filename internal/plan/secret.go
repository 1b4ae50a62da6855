package plan

import (
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// The origin of a secret's value, as its volume's label has it.
const (
	SecretGiven     = "given"
	SecretGenerated = "generated"
)

// SecretOptions are what the plan of a secret by itself depends on besides the two
// sides.
type SecretOptions struct {
	// Value is the value that is wanted; nil is one that is to be generated, or
	// that is not known yet.
	Value []byte
	// Made is SecretGiven or SecretGenerated.
	Made string
	// Rotate is why another version is wanted whatever the value is; empty for no
	// such reason. Edited likewise, for a change of the file on the node by hand;
	// Altered reports that its owner or mode was changed.
	Rotate, Edited string
	Altered        bool
	// Unfit reports that a kept value does not match what would be generated now.
	Unfit bool
	// Adopt allows a secret that is there already.
	Adopt bool
}

// KeepsSecret reports whether destroying a secret keeps its value on the node. Unless
// setting says it, a generated value is kept: there is no other copy of it, and the data that
// was made with it is kept, too.
func KeepsSecret(setting *bool, have *observed.Secret) bool {
	switch now := have.Current(); {
	case now == nil:
		return false
	case setting != nil:
		return *setting
	default:
		return now.Made == SecretGenerated
	}
}

// SecretPlan is what happens to a secret.
type SecretPlan struct {
	// Version is the one in force afterwards. Write reports that it is a new one.
	Version int
	Write   bool
	// Keep reports that the new version has the value of the one in force.
	Keep bool
	// Undecided reports that the value is not known yet, so that there may be a new
	// version after all.
	Undecided bool
	// Reason is why there is a new version; empty where there was none before.
	Reason string
	// TakesUp reports that the value is one that was kept when another secret of that
	// name was destroyed; GivesUp that there is such a value and another one takes its
	// place.
	TakesUp, GivesUp bool
	Problems         []check.Problem
}

// Secret plans a secret that is a resource of its own. A version is never written
// to again: containers hold on to the file itself.
func Secret(want desired.Secret, have *observed.Secret, opts SecretOptions) SecretPlan {
	now := have.Current()
	if now == nil || !opts.Adopt && have.Abandoned() {
		return SecretPlan{Version: 1, Write: true}
	}
	out := SecretPlan{Version: now.Version}
	known := opts.Value != nil
	if !opts.Adopt && !have.Kept {
		out.Problems = []check.Problem{{Attribute: "name", Foreign: true, Detail: fmt.Sprintf("A secret named %q exists on the node already, and nothing says that this resource made it.", want.Name)}}
		return out
	}
	out.Reason, out.Keep = secretDiffers(want, now, opts)
	if out.Reason != "" {
		out.Write, out.Version = true, have.Newest()+1
	}
	out.Undecided = !out.Write && !known && opts.Made == SecretGiven
	if !opts.Adopt {
		out.TakesUp = !out.Undecided && (!out.Write || out.Keep)
		out.GivesUp = !out.Undecided && !out.TakesUp
	}
	return out
}

// secretDiffers says why another version is wanted, and whether with the same value;
// empty for no reason.
func secretDiffers(want desired.Secret, now *observed.SecretVersion, opts SecretOptions) (reason string, keep bool) {
	known := opts.Value != nil
	switch {
	case opts.Rotate != "":
		return opts.Rotate, false
	case opts.Edited != "":
		return opts.Edited, false
	case opts.Made == SecretGenerated && now.Made != SecretGenerated:
		return "a value is generated from now on", false
	case opts.Made == SecretGiven && now.Made == SecretGenerated && !known:
		return "a value is given from now on", false
	case opts.Unfit:
		return "the kept value does not match generate", false
	case known && !now.Check.Matches(opts.Value):
		return "the value changed", false
	case now.Owner() != want.Owner():
		return "the owner or mode changed", true
	case opts.Altered:
		return "the owner or mode was changed on the node", true
	}
	return "", false
}

// SecretInUse refuses to remove a secret that containers mount.
func SecretInUse(have *observed.Secret) []check.Problem {
	users := have.Users()
	if len(users) == 0 {
		return nil
	}
	var names []string
	for _, u := range users {
		name := u.String()
		if !u.Running {
			name += ", stopped"
		}
		names = append(names, name)
	}
	return []check.Problem{{Attribute: "name", Detail: fmt.Sprintf("Secret %q is used by %s.", have.Name, strings.Join(names, "; "))}}
}

// PlannedSecret is what another resource of the same run will have made of a secret
// by the time that a stack is applied.
type PlannedSecret struct {
	desired.Secret
	// Version is the one that will be in force.
	Version int
	// Leaves reports that the run takes the secret away. Keeps reports that its value
	// stays on the node if it is taken away, for the next secret of that name.
	Leaves, Keeps bool
	// Undecided reports that it is known only at apply whether the version in force is
	// another one then; Version means nothing. NoOwner reports that its owner is not
	// known either.
	Undecided, NoOwner bool
}

// placeNodeSecret finds the version of a secret that a service gets. Where there is
// none, missing says so; problem says what is wrong with it.
func (b *builder) placeNodeSecret(service string, file desired.File) (p Placement, missing, problem string) {
	use := file.Secret
	secret, version, there := b.secretInForce(use.Name)
	p = Placement{File: file, InUse: true, Exists: true}
	switch {
	case !there:
		return p, fmt.Sprintf("Service %q uses the secret %q, and the node has none of that name. It has to be there when this stack is applied: "+
			"make it with homelab_secret and take its name from there (homelab_secret.….name), or give its value in secrets.", service, use.Name), ""
	case use.Version != 0 && use.Version != version && !b.hasVersion(use):
		return p, fmt.Sprintf("Service %q mounts version %d of the secret %q, and the node has version %d. Take the path from the resource (homelab_secret.….mount).",
			service, use.Version, use.Name, version), ""
	case use.Version != 0:
		version = use.Version
	}
	p.Version, p.Volume = version, secret.Volume(version)
	if b.opts.Secrets[use.Name].NoOwner {
		return p, "", ""
	}
	return p, "", ownerProblem(service, use, secret)
}

// secretInForce is what a secret will be by the time that the stack is applied.
func (b *builder) secretInForce(name string) (secret desired.Secret, version int, there bool) {
	reservation, planned := b.opts.Secrets[name]
	have := b.have.Secrets[name]
	if have == nil {
		have = &observed.Secret{}
	}
	now := have.Current()
	switch {
	case planned && reservation.Undecided && now == nil:
		return reservation.Secret, 1, true
	case planned && reservation.Undecided && b.opts.Rotated:
		return reservation.Secret, have.Newest() + 1, true
	case planned && reservation.Undecided:
		return reservation.Secret, now.Version, true
	case planned:
		return reservation.Secret, reservation.Version, !reservation.Leaves
	case now == nil:
		return desired.Secret{}, 0, false
	}
	return now.Secret, now.Version, true
}

// UsesUndecided reports whether a stack uses a secret of which the run decides only at
// apply whether it is another one then.
func UsesUndecided(want *desired.Stack, secrets map[string]PlannedSecret) bool {
	for name := range want.Services {
		for _, f := range want.Services[name].Files {
			if f.Secret != nil && secrets[f.Secret.Name].Undecided {
				return true
			}
		}
	}
	return false
}

func (b *builder) hasVersion(use *desired.NodeSecret) bool {
	have := b.have.Secrets[use.Name]
	if have == nil {
		return false
	}
	for i := range have.Versions {
		if have.Versions[i].Version == use.Version {
			return true
		}
	}
	return false
}

// ownerProblem compares what a service expects of a secret's file with what it is.
func ownerProblem(service string, use *desired.NodeSecret, is desired.Secret) string {
	var wrong []string
	if use.UID != nil && *use.UID != is.UID {
		wrong = append(wrong, fmt.Sprintf("uid %d, not %d", is.UID, *use.UID))
	}
	if use.GID != nil && *use.GID != is.GID {
		wrong = append(wrong, fmt.Sprintf("gid %d, not %d", is.GID, *use.GID))
	}
	if use.Mode != nil && *use.Mode != is.Mode {
		wrong = append(wrong, fmt.Sprintf("mode %s, not %s", is.Mode, *use.Mode))
	}
	if len(wrong) == 0 {
		return ""
	}
	return fmt.Sprintf("Service %q: the secret %q is one file on the node for all who use it, and has %s. "+
		"Set that on the homelab_secret, or remove it from the service.", service, use.Name, strings.Join(wrong, ", "))
}
