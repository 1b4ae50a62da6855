package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// SecretInput is all that a decision about a secret that is a resource depends on.
type SecretInput struct {
	SecretOptions

	Want  desired.Secret
	Have  *observed.Secret
	World World
	// KeptSeen reports that a kept value was looked at, and Edited, Altered and Unfit say
	// how it is.
	KeptSeen bool
	// KeepOnDestroy says whether destroying the secret that is there keeps its value;
	// nil keeps a generated one.
	KeepOnDestroy *bool
	// Replaces reports that the same resource had the secret before.
	Replaces bool
}

// SecretDecision is what is done about a secret.
type SecretDecision struct {
	SecretPlan

	// NeedsKept reports that the kept value has to be looked at before the decision is
	// final. Have is the secret as the decision takes it to be.
	NeedsKept bool
	Have      *observed.Secret
	// Volume is that of the version that will be in force.
	Volume string
	// Takes is what will be of the secret, for the stacks that use it.
	Takes PlannedSecret
	// Warnings are what the node has that the secret takes the place of.
	Warnings []string
}

// DecideSecret decides what is done about a secret that is a resource. It is pure.
func DecideSecret(in SecretInput) SecretDecision {
	have, prior, warnings := in.vacated()
	out := SecretDecision{SecretPlan: Secret(in.Want, have, in.SecretOptions), Have: have, Warnings: warnings, NeedsKept: !in.Adopt && have.Kept && !in.KeptSeen}
	owned := in.World.owned("name", fmt.Sprintf("homelab_secret %q", in.Want.Name), Thing{ThingSecret, in.Want.Name})
	out.Problems = slices.Concat(owned, out.Problems)
	out.Volume = in.Want.Volume(out.Version)
	keeps := prior.Keeps || in.Adopt && KeepsSecret(in.KeepOnDestroy, have)
	out.Takes = PlannedSecret{Secret: in.Want, Version: out.Version, Undecided: out.Undecided, Keeps: keeps}
	return out
}

// vacated is the secret as a create will find it: see [StackInput.vacated]. prior is
// what the run makes of the one that is destroyed first.
func (in SecretInput) vacated() (have *observed.Secret, prior PlannedSecret, warnings []string) {
	prior, replaced := in.World.Secrets[in.Want.Name]
	if in.Adopt || in.World.Applying {
		return in.Have, prior, nil
	}
	moved := in.Have.Foreign()
	if moved && !replaced {
		prior.Keeps = KeepsSecret(nil, in.Have)
	}
	if moved && !in.Replaces {
		warnings = []string{in.World.isThere(fmt.Sprintf("A secret named %q exists on the node already", in.Want.Name), "homelab_secret", in.Want.Name)}
	}
	switch {
	case !replaced && !moved:
		return in.Have, prior, warnings
	case prior.Keeps && in.Have.Current() != nil:
		return in.Have.AsKept(), prior, warnings
	}
	return &observed.Secret{Name: in.Want.Name}, prior, warnings
}

// DestroySecret reports why a secret cannot be removed, and whether its value stays.
func DestroySecret(have *observed.Secret, keep *bool) (keeps bool, problems []check.Problem) {
	return KeepsSecret(keep, have), SecretInUse(have)
}
