package node

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// subject is the node as messages call it.
func subject(name string) concept.Subject { return concept.Subject{Kind: "node", Name: name} }

func (m *model) subject() concept.Subject { return subject(m.Name.ValueString()) }

// unseenDiagnostics says why a plan goes on without looking at the node; ok is
// false where that is an error.
func unseenDiagnostics(err error, planned *model) (diags diag.Diagnostics, ok bool) {
	if core.UnknownUntilApply(err) {
		return nil, true
	}
	if !core.KeepsState(err) {
		return planned.subject().NodeError(err), false
	}
	return planned.subject().KeptUnseen(err, true), true
}

// dataDiagnostics is for the data source.
func dataDiagnostics(name string, err error) diag.Diagnostics {
	diags := subject(name).NodeError(err)
	if !core.KeepsState(err) {
		return diags
	}
	return concept.WithSentence(diags, "A data source has no last known state to keep (when_offline = \"keep\"): leave the facts of this node out until it is back.")
}

// directoryDiagnostics says why directories could not be made or repaired.
func directoryDiagnostics(name string, err error) diag.Diagnostics {
	var problems *core.DirectoriesError
	if errors.As(err, &problems) {
		return problemDiagnostics(problems.Problems)
	}
	if core.Offline(err) {
		return concept.WithSentence(subject(name).NodeError(err), "Apply again when the node is back.")
	}
	var explained interface{ Summary() string }
	if errors.As(err, &explained) {
		return subject(name).NodeError(err)
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("directories"), "Unable to manage directories",
		fmt.Sprintf("Node %q: %v. State says what is there now; fix the cause and apply again.", name, err))}
}

func problemDiagnostics(problems []core.DirectoryProblem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		diags.AddAttributeError(path.Root("directories").AtMapKey(p.Path), "Directory cannot be applied", p.Detail)
	}
	return diags
}

// existingDirectory warns that a directory which is new to the state is on the node
// already, and is not as it is asked for: a plan shows no difference there.
func existingDirectory(name string, want desired.Directory, have core.Directory) diag.Diagnostics {
	is := desired.Directory{Path: want.Path, UID: &have.UID, GID: &have.GID, Mode: &have.Mode}
	if have.State != observed.DirectoryPresent || is.Fits(want) {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("directories").AtMapKey(want.Path), "Directory is changed",
		fmt.Sprintf("Directory %s is on node %q already, with %s, and gets %s. If another configuration has it, each undoes what the other one does.", want.Path, name, is, want))}
}

// unseen warns that what a plan says of some directories is not what is there.
func unseen(name string, have map[string]core.Directory) diag.Diagnostics {
	var paths []string
	for _, p := range slices.Sorted(maps.Keys(have)) {
		if have[p].State == observed.DirectoryUnseen {
			paths = append(paths, p)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("directories"), "Directories cannot be seen",
		fmt.Sprintf("Node %q: nothing is known of %s, because a container through which they are seen is missing: docker container prune removes it, and earlier versions made fewer. "+
			"The plan shows them as unseen. Applying makes the container, looks, and sets owners and modes only where they differ.",
			name, strings.Join(paths, ", ")))}
}
