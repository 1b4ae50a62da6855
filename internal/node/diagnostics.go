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
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

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
		return diag.Diagnostics{diagnostic(name, err)}
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
		fmt.Sprintf("Node %q: nothing is known of %s, because the container through which they are seen is gone; docker container prune removes it. "+
			"The plan shows them as unseen. Applying makes the container again, looks, and sets owners and modes only where they differ.",
			name, strings.Join(paths, ", ")))}
}
