package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// Error is how a plan ended that could not be carried out.
type Error struct {
	Stack string
	// Failures are the operations that failed by themselves.
	Failures []Failure
	// RolledBack reports that the changes were undone; Restored names the
	// services whose previous containers run again, and RollbackErr says what
	// could not be undone.
	RolledBack  bool
	Restored    []string
	RollbackErr error
}

// Failure is one operation that failed, with what its container said.
type Failure struct {
	Operation plan.Operation
	Err       error
	Health    []HealthCheck
	Logs      []string
	// Image is what the container ran.
	Image string

	unreached bool // the engine went out of reach
}

// HealthCheck is one run of a health check.
type HealthCheck struct {
	At       time.Time
	ExitCode int
	Output   string
}

// Error lists the failures on one line each.
func (e *Error) Error() string {
	var lines []string
	for _, f := range e.Failures {
		lines = append(lines, fmt.Sprintf("%s: %v", f.Operation.ID, f.Err))
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives access to the causes.
func (e *Error) Unwrap() []error {
	errs := make([]error, 0, len(e.Failures))
	for _, f := range e.Failures {
		errs = append(errs, f.Err)
	}
	return errs
}

// How much of a failed container's output is shown.
const (
	logLines     = 20
	logLineBytes = 2000
	healthChecks = 5
	collectLimit = 10 * time.Second
)

// fail records a failure together with what the container has to say, while it
// still exists.
func (r *run) fail(ctx context.Context, op *plan.Operation, err error) {
	f := Failure{Operation: *op, Err: explain(r.engine, err)}
	var away interface{ Detail() string }
	f.unreached = errors.As(f.Err, &away)
	if op.Kind == plan.AwaitContainer || op.Kind == plan.StartContainer || op.Kind == plan.RestartContainer {
		r.collect(ctx, &f, r.target(op))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, f)
	if r.opts.Rollback && !r.final {
		r.stopWaiting()
	}
	sort.SliceStable(r.failures, func(i, j int) bool { return r.failures[i].Operation.ID < r.failures[j].Operation.ID })
}

// collect asks also after the time for the change is up: the answer is what the
// person needs most.
func (r *run) collect(ctx context.Context, f *Failure, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectLimit)
	defer cancel()
	c, err := r.engine.ContainerInspect(ctx, id)
	if err != nil {
		return
	}
	if c.Config != nil {
		f.Image = c.Config.Image
	}
	if c.State != nil && c.State.Health != nil {
		for _, check := range c.State.Health.Log {
			f.Health = append(f.Health, HealthCheck{At: check.Start, ExitCode: check.ExitCode, Output: strings.TrimSpace(check.Output)})
		}
	}
	f.Health = f.Health[max(0, len(f.Health)-healthChecks):]
	f.Logs = r.logs(ctx, id, c.Config != nil && c.Config.Tty)
}

func (r *run) logs(ctx context.Context, id string, tty bool) []string {
	body, err := r.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: fmt.Sprint(logLines)})
	if err != nil {
		return nil
	}
	defer body.Close()
	var out bytes.Buffer
	if tty {
		_, err = io.Copy(&out, body)
	} else {
		_, err = stdcopy.StdCopy(&out, &out, body)
	}
	if err != nil && !errors.Is(err, io.EOF) && out.Len() == 0 {
		return nil
	}
	return lastLines(out.String())
}

// lastLines cuts what a container wrote down to what a person reads, also when
// the log driver does not know how to.
func lastLines(text string) []string {
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-logLines):]
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		lines[i] = strings.ToValidUTF8(line[:min(len(line), logLineBytes)], "")
	}
	return lines
}
