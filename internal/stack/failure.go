package stack

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// failureDetail tells what failed, what its container said, what runs now and
// what to do.
func failureDetail(e *converge.Error, m *model, limit time.Duration, timeout string) string {
	var b strings.Builder
	for i := range e.Failures {
		if i > 0 {
			b.WriteString("\n\n")
		}
		f := &e.Failures[i]
		b.WriteString(failureSentence(f, m, limit))
		if advice := converge.Advice(f); advice != "" {
			b.WriteString(" " + advice)
		}
		writeWords(&b, f)
	}
	b.WriteString("\n\n" + whatRuns(e))
	if hasTimeout(e) {
		fmt.Fprintf(&b, "\n\nFix the cause and apply again, or raise %s.", timeout)
	} else {
		b.WriteString("\n\nFix the cause and apply again.")
	}
	return b.String()
}

func hasTimeout(e *converge.Error) bool { return errors.Is(e, converge.ErrTimeout) }

func failureSentence(f *converge.Failure, m *model, limit time.Duration) string {
	where := fmt.Sprintf("stack %q on node %q", m.Name.ValueString(), m.Node.ValueString())
	if f.Operation.Service == "" {
		return fmt.Sprintf("In %s: %s.", where, f.Err)
	}
	service := fmt.Sprintf("Service %q of %s", f.Operation.Service, where)
	switch {
	case errors.Is(f.Err, converge.ErrTimeout):
		return fmt.Sprintf("%s did not become ready within %s: %s.", service, limit, afterColon(f.Err.Error()))
	case errors.Is(f.Err, converge.ErrUnhealthy), errors.Is(f.Err, converge.ErrExited):
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

// writeWords shows the last health checks and log lines of a failed container.
func writeWords(b *strings.Builder, f *converge.Failure) {
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

func whatRuns(e *converge.Error) string {
	if !e.RolledBack {
		return "What was made so far stays, to be looked at; state says what runs now."
	}
	if e.RollbackErr != nil {
		return fmt.Sprintf("Rolling the change back failed in part:\n%s\nState says what runs now. Look at the node with docker compose -p %s ps -a.",
			e.RollbackErr, e.Stack)
	}
	if len(e.Restored) == 0 {
		return "The change was rolled back: nothing that ran before was touched."
	}
	return fmt.Sprintf("The change was rolled back: the previous containers of %s run again; no other service was touched.", strings.Join(e.Restored, ", "))
}
