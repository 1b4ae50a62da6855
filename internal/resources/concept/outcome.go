package concept

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
)

// NothingChanged ends the error of an apply that wrote nothing.
const NothingChanged = "Nothing was changed."

// Problems returns an error for each problem, at the attribute at fault. foreign is
// what else can be done about something on the node that homelab did not make.
func (s Subject) Problems(problems []core.Problem, foreign string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		detail := p.Detail
		switch {
		case p.Foreign && p.Owned:
			detail += s.ImportIt() + s.Elsewhere()
		case p.Foreign:
			detail += s.ImportIt() + foreign
		}
		diags.AddAttributeError(AttributePath(p.Attribute), letter.Capital(s.Kind)+" cannot be applied", detail)
	}
	return diags
}

// Refused returns the diagnostics of an apply that was refused before it wrote
// anything: there are problems, or the node changed since the plan. It returns nil
// for every other error. foreign is as for [Subject.Problems].
func (s Subject) Refused(err error, foreign string) diag.Diagnostics {
	var problems *core.ProblemsError
	var changed *core.ChangedError
	switch {
	case errors.As(err, &problems):
		return WithSentence(s.Problems(problems.Problems, foreign), NothingChanged)
	case errors.As(err, &changed):
		return diag.Diagnostics{s.failed("Node changed since the plan", fmt.Sprintf("%s: applying would now also have to %s, which the plan did not say. "+
			"%s Plan again to see it.", s.Place(), strings.Join(changed.Changes, ", "), NothingChanged))}
	}
	return nil
}

// NetworkFailure says what an engine refused to do to a network, what that means and
// what is there now. existed is whether the network was there before.
func NetworkFailure(e *core.Error, existed bool) string {
	var lines []string
	for i := range e.Failures {
		line := Sentence(e.Failures[i].Err.Error())
		if advice := core.Advice(&e.Failures[i]); advice != "" {
			line += " " + advice
		}
		lines = append(lines, line)
	}
	switch {
	case e.RollbackErr != nil:
		lines = append(lines, fmt.Sprintf("Rolling back the network and its containers failed in part: %s Look at docker network inspect %s.", Sentence(e.RollbackErr.Error()), e.Stack))
	case e.RolledBack && existed:
		lines = append(lines, "The network and its containers were rolled back: everything is as it was before.")
	}
	return strings.Join(lines, "\n\n")
}

// WithSentence returns errors with a sentence added to each detail.
func WithSentence(diags diag.Diagnostics, sentence string) diag.Diagnostics {
	var out diag.Diagnostics
	for _, d := range diags {
		out = append(out, WithDetail(d, d.Detail()+" "+sentence))
	}
	return out
}

// WithDetail returns an error with another detail, at the same attribute.
func WithDetail(d diag.Diagnostic, detail string) diag.Diagnostic {
	if at, ok := d.(diag.DiagnosticWithPath); ok {
		return diag.NewAttributeErrorDiagnostic(at.Path(), d.Summary(), detail)
	}
	return diag.NewErrorDiagnostic(d.Summary(), detail)
}

// Sentence returns the text with a capital first letter, unless it begins with an
// address, and a full stop at its end.
func Sentence(text string) string {
	if first, _, _ := strings.Cut(text, " "); !strings.ContainsAny(first, ":./") { // an address stays as it is
		text = letter.Capital(text)
	}
	if text != "" && !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
