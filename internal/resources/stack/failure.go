package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// failureDetail says what failed, what its container said, what runs now and
// what to do.
func failureDetail(e *core.Error, after *core.Aftermath, m *model, limit time.Duration, timeout string) string {
	var b strings.Builder
	if interrupted(e) {
		fmt.Fprintf(&b, "Stack %q on node %q: the apply was interrupted%s.\n\n%s\n\nApply again to finish it.",
			m.Name.ValueString(), m.Node.ValueString(), underWay(e), whatRuns(e, after))
		return b.String()
	}
	for i := range e.Failures {
		if i > 0 {
			b.WriteString("\n\n")
		}
		f := &e.Failures[i]
		b.WriteString(failureSentence(f, m, limit))
		if advice := core.Advice(f); advice != "" {
			b.WriteString(" " + advice)
		}
		writeOutput(&b, f)
	}
	b.WriteString("\n\n" + whatRuns(e, after))
	if hasTimeout(e) {
		fmt.Fprintf(&b, "\n\nFix the cause and apply again, or raise %s.", timeout)
	} else {
		b.WriteString("\n\nFix the cause and apply again.")
	}
	return b.String()
}

func hasTimeout(e *core.Error) bool {
	return errors.Is(e, core.ErrTimeout) || errors.Is(e, context.DeadlineExceeded)
}

// interrupted reports whether nothing failed except what was given up because Terraform
// was asked to stop.
func interrupted(e *core.Error) bool {
	return !slices.ContainsFunc(e.Failures, func(f core.Failure) bool { return !errors.Is(f.Err, context.Canceled) })
}

// underWay names the steps in the middle of which an apply ended.
func underWay(e *core.Error) string {
	var steps []string
	for i := range e.Failures {
		if id := e.Failures[i].Operation.ID; id != "" {
			steps = append(steps, id)
		}
	}
	if len(steps) == 0 {
		return ""
	}
	return " in the middle of: " + strings.Join(steps, ", ")
}

func failureSentence(f *core.Failure, m *model, limit time.Duration) string {
	where := fmt.Sprintf("stack %q on node %q", m.Name.ValueString(), m.Node.ValueString())
	if errors.Is(f.Err, context.DeadlineExceeded) && !errors.Is(f.Err, core.ErrTimeout) {
		return fmt.Sprintf("Applying %s was not finished within %s%s.", where, limit, underWay(&core.Error{Failures: []core.Failure{*f}}))
	}
	if f.Operation.Service == "" {
		return fmt.Sprintf("In %s: %s.", where, f.Err)
	}
	service := fmt.Sprintf("Service %q of %s", f.Operation.Service, where)
	switch {
	case errors.Is(f.Err, core.ErrTimeout):
		return fmt.Sprintf("%s did not become ready within %s: %s.", service, limit, afterColon(f.Err.Error()))
	case errors.Is(f.Err, core.ErrUnhealthy), errors.Is(f.Err, core.ErrExited):
		return fmt.Sprintf("%s %s.", service, f.Err)
	}
	return fmt.Sprintf("%s: %s.", service, f.Err)
}

func afterColon(s string) string {
	_, rest, found := strings.Cut(s, ": ")
	if !found {
		return s
	}
	return rest
}

// writeOutput shows the last health checks and log lines of a failed container.
func writeOutput(b *strings.Builder, f *core.Failure) {
	if len(f.Health) > 0 {
		b.WriteString("\n\nLast health checks of the failed container:")
		for _, check := range f.Health {
			fmt.Fprintf(b, "\n  %s  exit %d  %s", check.At.Format("15:04:05"), check.ExitCode, indent(check.Output))
		}
	}
	if len(f.Logs) > 0 {
		b.WriteString("\n\nLast log lines:")
		for _, line := range f.Logs {
			fmt.Fprintf(b, "\n  %s", line)
		}
	}
}

func indent(s string) string {
	return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n                    ")
}
