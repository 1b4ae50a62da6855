package stack

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// whatRuns ends an error: in one sentence, what ran before and runs now, what ran
// before and does not, and what is new, as the engine has it after the failure.
func whatRuns(e *core.Error, after *core.Aftermath) string {
	switch {
	case after.Unseen:
		return "The node could not be looked at afterwards, so it is not known what runs there now."
	case !e.RolledBack:
		return fmt.Sprintf("What was made so far stays, to be looked at: %s.", aftermathClauses(after, ""))
	case e.RollbackErr != nil:
		return fmt.Sprintf("Rolling the change back failed in part:\n%s\nOn the node now: %s. Look at it with docker compose -p %s ps -a.",
			e.RollbackErr, aftermathClauses(after, ""), e.Stack)
	}
	return fmt.Sprintf("The change was rolled back: %s.", aftermathClauses(after, "nothing that ran before was touched"))
}

// whatIsThere is whatRuns for a change that was not rolled back and not cut off.
func whatIsThere(after *core.Aftermath) string {
	if after.Unseen {
		return "The node could not be looked at afterwards, so it is not known what runs there now."
	}
	return fmt.Sprintf("On the node now: %s.", aftermathClauses(after, ""))
}

// aftermathClauses says what state the services are in. untouched is what is said if every
// service that ran runs on as it was and there is nothing else to say.
func aftermathClauses(a *core.Aftermath, untouched string) string {
	var clauses []string
	if len(a.Again) > 0 {
		clauses = append(clauses, runAgain(a.Again))
	}
	for _, s := range a.Down {
		clauses = append(clauses, fmt.Sprintf("%s ran before and does not run now (%s)", s.Service, s.State))
	}
	for _, s := range a.Failed {
		clauses = append(clauses, fmt.Sprintf("%s does not run (%s)", s.Service, s.State))
	}
	if len(a.Replaced) > 0 {
		clauses = append(clauses, plural(a.Replaced, "%s runs in a new container", "%s run in new containers"))
	}
	if len(a.New) > 0 {
		clauses = append(clauses, plural(a.New, "%s did not run before and runs now", "%s did not run before and run now"))
	}
	if len(a.Changed) > 0 {
		clauses = append(clauses, plural(a.Changed, "%s runs on and was changed in place", "%s run on and were changed in place"))
	}
	switch n := len(a.Untouched); {
	case len(clauses) == 0 && untouched != "":
		return untouched
	case len(clauses) == 0 && n == 0:
		return "nothing runs, and nothing ran before"
	case len(clauses) == 0:
		return "all that ran before was left alone"
	case n == 1:
		clauses = append(clauses, "1 other service was not touched")
	case n > 1:
		clauses = append(clauses, fmt.Sprintf("%d other services were not touched", n))
	}
	return strings.Join(clauses, "; ")
}

// runAgain says which services have their previous containers back.
func runAgain(again []core.ServiceAfter) string {
	if len(again) > 1 {
		return fmt.Sprintf("the previous containers of %s run again", services(again))
	}
	clause := fmt.Sprintf("the previous container of %s (image %s) runs again", again[0].Service, again[0].Image)
	if again[0].State != "" {
		clause += " and " + again[0].State
	}
	return clause
}

func services(list []core.ServiceAfter) string {
	var names []string
	for _, s := range list {
		names = append(names, s.Service)
	}
	return strings.Join(names, ", ")
}

func plural(list []core.ServiceAfter, one, several string) string {
	if len(list) == 1 {
		return fmt.Sprintf(one, list[0].Service)
	}
	return fmt.Sprintf(several, services(list))
}

// restartsWarning names the services that a plan restarts though nothing of them was
// changed. The stack is in the summary: Terraform shows one of the warnings that have
// the same.
func restartsWarning(m *model, restarts []core.Restarted) diag.Diagnostic {
	var list []string
	for _, r := range restarts {
		list = append(list, fmt.Sprintf("%s, which is %s", r.Service, r.State))
	}
	return diag.NewAttributeWarningDiagnostic(path.Root("compose"), fmt.Sprintf("Stack %q restarts services for their state alone", m.Name.ValueString()),
		fmt.Sprintf("On node %q this plan restarts %s. Nothing of it was changed, and it is down while it restarts. "+
			"To leave it as it is for now, apply what you mean to change with -target.", m.Node.ValueString(), strings.Join(list, "; ")))
}
