package concept

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
)

// Subject is one resource as messages speak of it: the stack "media" on the node
// "helios".
type Subject struct {
	// Kind is "stack"; the resource is then "homelab_stack".
	Kind string
	// Node is empty for a node itself.
	Name, Node string
	// At is the attribute that every error is about; without one, only the name of
	// a node that is not configured has an attribute.
	At path.Path
}

// String names the subject without its node.
func (s Subject) String() string { return fmt.Sprintf("%s %q", s.Kind, s.Name) }

// ID is what the resource is imported by.
func (s Subject) ID() string { return s.Node + "/" + s.Name }

// Place names the subject and its node at the start of a sentence.
func (s Subject) Place() string {
	if s.Node == "" {
		return letter.Capital(s.String())
	}
	return fmt.Sprintf("%s on node %q", letter.Capital(s.String()), s.Node)
}

// node is the name of the node.
func (s Subject) node() string { return cmp.Or(s.Node, s.Name) }

// failed is an error about the subject.
func (s Subject) failed(summary, detail string) diag.Diagnostic {
	if len(s.At.Steps()) == 0 {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(s.At, summary, detail)
}

// nodeNameError is an error about the name of the node.
func (s Subject) nodeNameError(summary, detail string) diag.Diagnostic {
	switch {
	case len(s.At.Steps()) > 0:
	case s.Node == "":
		s.At = path.Root("name")
	default:
		s.At = path.Root("node")
	}
	return s.failed(summary, detail)
}

// NodeError returns why the node could not be reached or read, in the error's own
// summary and detail if it has them.
func (s Subject) NodeError(err error) diag.Diagnostics {
	var explained interface {
		error
		Summary() string
		Detail() string
	}
	switch {
	case errors.Is(err, context.Canceled):
		return diag.Diagnostics{s.failed("Interrupted", s.Place()+": the run was interrupted before the node had answered.")}
	case !errors.As(err, &explained):
		return diag.Diagnostics{s.failed("Unable to read "+s.Kind, fmt.Sprintf("%s: %s.", s.Place(), strings.TrimSuffix(err.Error(), ".")))}
	case core.NotConfigured(err):
		return diag.Diagnostics{s.nodeNameError(explained.Summary(), explained.Detail())}
	}
	return diag.Diagnostics{s.failed(explained.Summary(), explained.Detail())}
}

// Read says why a resource in state cannot be looked at. Without an error among
// them the state is kept. neverRead reports that an import has just begun the state:
// there is nothing to keep.
func (s Subject) Read(err error, neverRead bool) diag.Diagnostics {
	var diags diag.Diagnostics
	switch {
	case neverRead && core.UnknownUntilApply(err):
		diags.AddError("Unable to import "+s.Kind, fmt.Sprintf("The connection to node %q depends on values that are only known at apply, so there is nothing "+
			"to import from yet. Apply what makes the node first, for example with -target, and import then.", s.node()))
	case core.UnknownUntilApply(err): // what cannot be asked yet is not said to have changed
	case neverRead:
		return s.NodeError(err)
	case core.KeepsState(err):
		diags.AddWarning(core.Standing(s.node(), s.String(), err))
	case core.NotConfigured(err):
		return s.NodeNotConfigured()
	default:
		return s.NodeError(err)
	}
	return diags
}

// NodeNotConfigured returns the error that the configuration no longer has the node.
func (s Subject) NodeNotConfigured() diag.Diagnostics {
	summary, detail := core.Forsaken(s.node(), s.String(), "homelab_"+s.Kind)
	return diag.Diagnostics{s.nodeNameError(summary, detail)}
}

// KeptUnseen warns that a resource on a node that is away is planned without
// looking at it. changes reports that its configuration differs from state.
func (s Subject) KeptUnseen(err error, changes bool) diag.Diagnostics {
	summary, detail := core.Standing(s.node(), s.String(), err)
	if changes {
		detail += fmt.Sprintf(" What its planned change does cannot be said; applying it fails, for this %s only, unless the node is back by then.", s.Kind)
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(summary, detail)}
}

// NotApplied says why nothing was applied: the node could not be asked.
func (s Subject) NotApplied(err error) diag.Diagnostics { return s.untouched(err, "") }

// NotDestroyed says why nothing was destroyed: the node could not be asked.
func (s Subject) NotDestroyed(err error) diag.Diagnostics {
	return s.untouched(err, fmt.Sprintf(" If the node is gone for good, terraform state rm ADDRESS forgets the %s.", s.Kind))
}

func (s Subject) untouched(err error, more string) diag.Diagnostics {
	if core.NotConfigured(err) {
		return s.NodeNotConfigured()
	}
	diags := s.NodeError(err)
	if !core.Offline(err) || errors.Is(err, core.ErrOutOfSight) {
		return diags
	}
	return WithSentence(diags, fmt.Sprintf("Nothing of the %s was changed: apply again when the node is back.", s)+more)
}

// ImportIt says how to take over what exists already and something else made.
func (s Subject) ImportIt() string {
	return fmt.Sprintf(" To take it over as it is, import it: terraform import ADDRESS %s, or an import block with id = %q.", s.ID(), s.ID())
}

// Elsewhere says what else may be the matter with something of a node that homelab
// made for another resource of the same type.
func (s Subject) Elsewhere() string {
	resource := "homelab_" + s.Kind
	return fmt.Sprintf(" If another configuration has it, choose another name. If a resource of this configuration has it, which is destroyed or renamed in this run, "+
		"write a moved block (from = %s.OLD, to = %s.NEW), or apply once more after that one is gone. "+
		"With create_before_destroy nothing can be replaced by something of the same name.", resource, resource)
}
