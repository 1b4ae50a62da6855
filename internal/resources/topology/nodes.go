package topology

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

// How an absent node is drawn.
const (
	offline     = "offline"
	unknownNode = "not known until apply"
)

// running asks nodes, nil for all, what they run: all at once, so that a dead
// one delays no other. One that does not answer is drawn as absent, with a
// warning.
func (d *dataSource) running(ctx context.Context, names []string, criticality string) (diagram.Homelab, diag.Diagnostics) {
	var diags diag.Diagnostics
	if names == nil {
		var more bool
		if names, more = d.engines.Names(); more {
			diags.AddWarning("Nodes not known until apply",
				"The provider's nodes depend on values that are only known at apply, so they are not drawn. Plan again after the apply.")
		}
	}
	answers := make([]core.Inventory, len(names))
	errs := make([]error, len(names))
	var group sync.WaitGroup
	for i, name := range names {
		group.Add(1)
		go func() {
			defer group.Done()
			answers[i], errs[i] = d.engines.Inventory(ctx, name)
		}()
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		diags.AddError("Unable to read homelab", fmt.Sprintf("Reading the nodes was interrupted: %s.", err))
		return diagram.Homelab{}, diags
	}
	var h diagram.Homelab
	for i, name := range names {
		if errs[i] == nil {
			h.Nodes = append(h.Nodes, fromInventory(name, answers[i], criticality))
			continue
		}
		absence, d := absent(name, i, errs[i])
		diags.Append(d)
		h.Nodes = append(h.Nodes, diagram.Node{Name: name, Absence: absence})
	}
	return h, diags
}

// absent says why a node did not answer. Only a wrong name is an error.
func absent(name string, index int, err error) (string, diag.Diagnostic) {
	var explained interface {
		Summary() string
		Detail() string
	}
	summary, detail := "Unable to read node", fmt.Sprintf("Node %q: %s.", name, err)
	if errors.As(err, &explained) {
		summary, detail = explained.Summary(), explained.Detail()
	}
	var named interface{ NodeNameAtFault() bool }
	if errors.As(err, &named) && named.NodeNameAtFault() {
		return offline, diag.NewAttributeErrorDiagnostic(path.Root("nodes").AtListIndex(index), summary, detail)
	}
	var later interface{ UnknownUntilApply() bool }
	if errors.As(err, &later) && later.UnknownUntilApply() {
		return unknownNode, diag.NewWarningDiagnostic(summary, fmt.Sprintf("The connection to node %q depends on values that are only known at apply, "+
			"so the diagram shows the node without what it runs. Plan again after the apply.", name))
	}
	return offline, diag.NewWarningDiagnostic(summary, detail+"\n\nThe diagram shows the node as offline.")
}

// composeErrors says what is wrong with a stack's documents, at the stack's attributes
// that the data source has.
func composeErrors(err error, stackAt path.Path, stack string) diag.Diagnostics {
	return concept.ComposeErrors(err, func(attribute string) path.Path {
		attribute, _, _ = strings.Cut(attribute, "[")
		if !slices.Contains([]string{"name", "compose", "overrides", "project_directory", "profiles", "variables"}, attribute) {
			attribute = "compose"
		}
		return stackAt.AtName(attribute)
	}, stack)
}
