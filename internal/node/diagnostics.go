package node

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// subject is the resource as messages about its node call it.
func (m *model) subject() string { return fmt.Sprintf("node %q", m.Name.ValueString()) }

// readDiagnostics words why a node in state can't be looked at, or one that is being
// imported. Without an error among them the state stands.
func readDiagnostics(err error, state *model, imported bool) diag.Diagnostics {
	var diags diag.Diagnostics
	name := state.Name.ValueString()
	switch {
	case imported && converge.UnknownUntilApply(err):
		diags.AddError("Unable to import node", fmt.Sprintf("The connection to node %q depends on values that are only known at apply, so there is nothing "+
			"to import from yet. Apply what makes the node first, for example with -target, and import then.", name))
	case converge.UnknownUntilApply(err): // what can't be asked yet is not said to have changed
	case !imported && converge.KeepsState(err):
		diags.AddWarning(converge.Standing(name, state.subject(), err))
	case !imported && converge.NotConfigured(err):
		return forsaken(state)
	default:
		diags.Append(diagnostic(name, err))
	}
	return diags
}

func forsaken(state *model) diag.Diagnostics {
	summary, detail := converge.Forsaken(state.Name.ValueString(), state.subject(), "homelab_node")
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("name"), summary, detail)}
}

// unseenDiagnostics words why a plan goes on without looking at the node; ok is
// false where that is an error.
func unseenDiagnostics(err error, planned *model) (diags diag.Diagnostics, ok bool) {
	if converge.UnknownUntilApply(err) {
		return nil, true
	}
	if !converge.KeepsState(err) {
		return diag.Diagnostics{diagnostic(planned.Name.ValueString(), err)}, false
	}
	summary, detail := converge.Standing(planned.Name.ValueString(), planned.subject(), err)
	diags.AddWarning(summary, detail+" What its planned change does can't be said; applying it fails, for this node only, unless it is back by then.")
	return diags, true
}

// dataDiagnostic is for the data source.
func dataDiagnostic(name string, err error) diag.Diagnostic {
	d := diagnostic(name, err)
	if !converge.KeepsState(err) {
		return d
	}
	return diag.NewErrorDiagnostic(d.Summary(), d.Detail()+" A data source has no last known state that could stand (when_offline = \"keep\"): "+
		"leave the facts of this node out until it is back.")
}

// diagnostic puts the name at fault only where the name is wrong.
func diagnostic(name string, err error) diag.Diagnostic {
	summary, detail := "Unable to read node", fmt.Sprintf("Node %q: %v.", name, err)
	var told interface{ Summary() string }
	if errors.As(err, &told) {
		summary = told.Summary()
	}
	var explained interface{ Detail() string }
	if errors.As(err, &explained) {
		detail = explained.Detail()
	}
	var named interface{ NodeNameAtFault() bool }
	if errors.As(err, &named) && named.NodeNameAtFault() {
		return diag.NewAttributeErrorDiagnostic(path.Root("name"), summary, detail)
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// directoryDiagnostics words why directories could not be made or mended.
func directoryDiagnostics(name string, err error) diag.Diagnostics {
	var problems *converge.DirectoriesError
	if errors.As(err, &problems) {
		return problemDiagnostics(problems.Problems)
	}
	var worded interface{ Summary() string }
	if errors.As(err, &worded) {
		d := diagnostic(name, err)
		if converge.Offline(err) {
			d = diag.NewErrorDiagnostic(d.Summary(), d.Detail()+" Apply again when the node is back.")
		}
		return diag.Diagnostics{d}
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("directories"), "Unable to manage directories",
		fmt.Sprintf("Node %q: %v. State says what is there now; fix the cause and apply again.", name, err))}
}

func problemDiagnostics(problems []converge.DirectoryProblem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		diags.AddAttributeError(path.Root("directories").AtMapKey(p.Path), "Directory can't be applied", p.Detail)
	}
	return diags
}

// changesHands warns that a directory which is new to the state is on the node
// already, and is not as it is asked for: a plan shows no difference there.
func changesHands(name string, want desired.Directory, have converge.Directory) diag.Diagnostics {
	is := desired.Directory{Path: want.Path, UID: &have.UID, GID: &have.GID, Mode: &have.Mode}
	if have.State != observed.DirectoryPresent || is.Fits(want) {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("directories").AtMapKey(want.Path), "Directory is changed",
		fmt.Sprintf("Directory %s is on node %q already, with %s, and gets %s. If another configuration has it, each undoes what the other one does.", want.Path, name, is, want))}
}

// unseen warns that what a plan says of some directories is not what is there.
func unseen(name string, have map[string]converge.Directory) diag.Diagnostics {
	var paths []string
	for _, p := range slices.Sorted(maps.Keys(have)) {
		if have[p].State == observed.DirectoryUnseen {
			paths = append(paths, p)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("directories"), "Directories can't be seen",
		fmt.Sprintf("Node %q: nothing is known of %s, because a container through which they are seen is missing: docker container prune removes it, and earlier versions made fewer. "+
			"The plan shows them as unseen. Applying makes the container, looks, and sets owners and modes only where they differ.",
			name, strings.Join(paths, ", ")))}
}
