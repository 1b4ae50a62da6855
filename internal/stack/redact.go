package stack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// shortestHidden is how many bytes of a secret have to stand in a row to be
// taken for it: shorter ones are in any text.
const shortestHidden = 4

// redact takes secrets and the words that are not shown out of errors: a program may
// log what it was given, and the engine quotes the command that it could not run.
func redact(diags diag.Diagnostics, secrets types.Map, words [][2]string) diag.Diagnostics {
	pairs := slices.Clone(words)
	for name, value := range secrets.Elements() {
		text, ok := value.(types.String)
		if !ok {
			continue
		}
		for _, part := range append(strings.Split(text.ValueString(), "\n"), text.ValueString()) {
			if part = strings.TrimSpace(part); len(part) >= shortestHidden {
				pairs = append(pairs, [2]string{part, fmt.Sprintf("(secret %s)", name)})
			}
		}
	}
	// The longest first: one secret may be part of another.
	slices.SortFunc(pairs, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(len(b[0]), len(a[0])), strings.Compare(a[0]+a[1], b[0]+b[1]))
	})
	var hidden []string
	for _, pair := range pairs {
		hidden = append(hidden, pair[0], pair[1])
	}
	replacer := strings.NewReplacer(hidden...)
	out := make(diag.Diagnostics, 0, len(diags))
	for _, d := range diags {
		detail := replacer.Replace(d.Detail())
		at, attribute := d.(diag.DiagnosticWithPath)
		switch {
		case d.Severity() != diag.SeverityError || detail == d.Detail():
			out = append(out, d)
		case attribute:
			out = append(out, diag.NewAttributeErrorDiagnostic(at.Path(), d.Summary(), detail))
		default:
			out = append(out, diag.NewErrorDiagnostic(d.Summary(), detail))
		}
	}
	return out
}
