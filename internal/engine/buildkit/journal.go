package buildkit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const (
	// keptLines is how many lines of a step's output an error carries.
	keptLines = 20
	// hidden replaces a secret in a step's output.
	hidden = "(secret)"
)

// journal follows a build: it passes steps and output on, and keeps what a
// failed step said last.
type journal struct {
	report func(string)
	redact *strings.Replacer
	steps  map[digest.Digest]*step
	order  []*step
}

// step is a vertex of the build.
type step struct {
	name    string
	started bool
	failed  string
	partial string   // the output's last line, as far as it has come
	lines   []string // the last lines of output, at most keptLines
}

func newJournal(r *Request) *journal {
	j := &journal{report: r.Progress, steps: map[digest.Digest]*step{}}
	if j.report == nil {
		j.report = func(string) {}
	}
	var redactions []desired.Redaction
	for _, secret := range r.Build.Secrets {
		redactions = append(redactions, desired.RedactSecret(string(secret.Value), hidden)...)
	}
	j.redact = desired.NewRedactor(redactions)
	return j
}

// follow takes in what the engine says of the build.
func (j *journal) follow(status *client.SolveStatus) {
	for _, v := range status.Vertexes {
		s := j.step(v.Digest)
		s.name = v.Name
		if v.Started != nil && !s.started {
			s.started = true
			j.report(j.redact.Replace(s.name))
		}
		if v.Cached && v.Completed != nil {
			j.report(j.redact.Replace(s.name) + ": cached")
		}
		if v.Error != "" {
			s.failed = v.Error
		}
	}
	for _, log := range status.Logs {
		j.output(j.step(log.Vertex), string(log.Data))
	}
	for _, warning := range status.Warnings {
		j.report("warning: " + j.redact.Replace(string(warning.Short)))
	}
}

func (j *journal) step(id digest.Digest) *step {
	s, ok := j.steps[id]
	if !ok {
		s = &step{}
		j.steps[id], j.order = s, append(j.order, s)
	}
	return s
}

// output takes in a piece of a step's output, which may end inside a line.
func (j *journal) output(s *step, text string) {
	lines := strings.Split(s.partial+text, "\n")
	s.partial = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		j.line(s, line)
	}
}

func (j *journal) line(s *step, line string) {
	line = j.redact.Replace(strings.TrimRight(line, "\r"))
	s.lines = append(s.lines, line)
	if extra := len(s.lines) - keptLines; extra > 0 {
		s.lines = s.lines[extra:]
	}
	j.report(line)
}

// explain adds the failed step and the end of its output to a build's error.
func (j *journal) explain(err error) error {
	if err == nil {
		return nil
	}
	text := strings.TrimPrefix(err.Error(), "failed to solve: ")
	_, text, _ = cutLast(text, "rpc error: code = Unknown desc = ")
	var failed *step
	for _, s := range j.order { // a cache that could not be read fails too, but does not end the build
		if s.failed != "" && (failed == nil || strings.Contains(err.Error(), s.failed)) {
			failed = s
		}
	}
	if failed == nil {
		return errors.New(j.redact.Replace(text))
	}
	if failed.partial != "" {
		j.line(failed, failed.partial)
	}
	message := fmt.Sprintf("%s\nstep: %s", j.redact.Replace(text), j.redact.Replace(failed.name))
	if len(failed.lines) > 0 {
		message += "\n" + strings.Join(failed.lines, "\n")
	}
	return errors.New(message)
}

// cutLast cuts around the last occurrence of sep; without one, all of the text is
// after it.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return "", text, false
}
