package concept

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// Subject is one resource as messages speak of it: the stack "media" on the node
// "helios".
type Subject struct {
	// Kind is "stack"; the resource is then "homelab_stack".
	Kind       string
	Name, Node string
}

// String names the subject without its node.
func (s Subject) String() string { return fmt.Sprintf("%s %q", s.Kind, s.Name) }

// ID is what the resource is imported by.
func (s Subject) ID() string { return s.Node + "/" + s.Name }

// NodeError words an error in reaching or reading the node. Errors that know their
// words use them.
func (s Subject) NodeError(err error) diag.Diagnostics {
	var diags diag.Diagnostics
	var worded interface {
		error
		Summary() string
		Detail() string
	}
	switch {
	case errors.Is(err, context.Canceled):
		diags.AddError("Interrupted", fmt.Sprintf("%s on node %q: the run was interrupted before the node had answered.", capital(s.String()), s.Node))
	case !errors.As(err, &worded):
		diags.AddError("Unable to read "+s.Kind, fmt.Sprintf("%s on node %q: %s.", capital(s.String()), s.Node, err))
	case converge.NotConfigured(err):
		diags.AddAttributeError(path.Root("node"), worded.Summary(), worded.Detail())
	default:
		diags.AddError(worded.Summary(), worded.Detail())
	}
	return diags
}

// Read words why a resource in state can't be looked at. Without an error among
// them the state stands. neverRead tells a state that an import has just begun:
// there is nothing to stand.
func (s Subject) Read(err error, neverRead bool) diag.Diagnostics {
	var diags diag.Diagnostics
	switch {
	case neverRead && converge.UnknownUntilApply(err):
		diags.AddError("Unable to import "+s.Kind, fmt.Sprintf("The connection to node %q depends on values that are only known at apply, so there is nothing "+
			"to import from yet. Apply what makes the node first, for example with -target, and import then.", s.Node))
	case converge.UnknownUntilApply(err): // what can't be asked yet is not said to have changed
	case neverRead:
		return s.NodeError(err)
	case converge.KeepsState(err):
		diags.AddWarning(converge.Standing(s.Node, s.String(), err))
	case converge.NotConfigured(err):
		return s.forsaken()
	default:
		return s.NodeError(err)
	}
	return diags
}

func (s Subject) forsaken() diag.Diagnostics {
	summary, detail := converge.Forsaken(s.Node, s.String(), "homelab_"+s.Kind)
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("node"), summary, detail)}
}

// StandsUnseen warns that a resource on a node that is away is planned without
// looking at it. changes tells that its configuration differs from state.
func (s Subject) StandsUnseen(err error, changes bool) diag.Diagnostics {
	summary, detail := converge.Standing(s.Node, s.String(), err)
	if changes {
		detail += fmt.Sprintf(" What its planned change does can't be said; applying it fails, for this %s only, unless the node is back by then.", s.Kind)
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(summary, detail)}
}

// NotApplied words why nothing was applied: the node could not be asked.
func (s Subject) NotApplied(err error) diag.Diagnostics { return s.untouched(err, "") }

// NotDestroyed words why nothing was destroyed: the node could not be asked.
func (s Subject) NotDestroyed(err error) diag.Diagnostics {
	return s.untouched(err, fmt.Sprintf(" If the node is gone for good, terraform state rm ADDRESS forgets the %s.", s.Kind))
}

func (s Subject) untouched(err error, more string) diag.Diagnostics {
	if converge.NotConfigured(err) {
		return s.forsaken()
	}
	diags := s.NodeError(err)
	if !converge.Offline(err) || errors.Is(err, converge.ErrOutOfSight) {
		return diags
	}
	for i, d := range diags {
		diags[i] = diag.NewErrorDiagnostic(d.Summary(), d.Detail()+fmt.Sprintf(" Nothing of the %s was changed: apply again when the node is back.", s)+more)
	}
	return diags
}

// ImportIt says how to take over what exists already and something else made.
func (s Subject) ImportIt() string {
	return fmt.Sprintf(" To take it over as it is, import it: terraform import ADDRESS %s, or an import block with id = %q.", s.ID(), s.ID())
}

// Elsewhere says what else may be the matter with something of a node that homelab
// made for another resource of the same type.
func Elsewhere(resource string) string {
	return fmt.Sprintf(" If another configuration has it, choose another name. If a resource of this configuration has it, which is destroyed or renamed in this run, "+
		"write a moved block (from = %s.OLD, to = %s.NEW), or apply once more after that one is gone. "+
		"With create_before_destroy nothing can be replaced by something of the same name.", resource, resource)
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
