package acctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// commandLimit is how long a command of Terraform may take in a test.
	commandLimit = 10 * time.Minute
	providerFile = "terraform-provider-homelab"
	source       = "homelab-iac/homelab"
)

// CLI runs the real Terraform (or OpenTofu) with the provider as a process of
// its own, as a person would. It is for what a provider inside the test's
// process cannot show: its death, its logs, and Terraform's files.
type CLI struct {
	// Dir holds the configuration and the state.
	Dir string
	// Env is added to the environment of every command.
	Env []string

	program string
}

// NewCLI makes an empty directory for Terraform. Without TF_ACC the test is
// skipped.
func NewCLI(t testing.TB) *CLI {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	program, err := terraform()
	if err != nil {
		t.Fatal(err)
	}
	return newCLI(t, program)
}

// NewOpenTofu is NewCLI for OpenTofu: the one that is built for the tests, or the
// one on PATH. The test is skipped where there is none.
func NewOpenTofu(t testing.TB) *CLI {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	dir, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(dir, ".homelab", "bin", "tofu"), "tofu"} {
		if program, err := exec.LookPath(name); err == nil {
			return newCLI(t, program)
		}
	}
	t.Skip("there is no OpenTofu: internal/tools/tool.sh tofu builds one")
	return nil
}

func newCLI(t testing.TB, program string) *CLI {
	t.Helper()
	provider, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	c := &CLI{Dir: t.TempDir(), program: program}
	settings := filepath.Join(t.TempDir(), "terraform.rc")
	c.Env = []string{"TF_CLI_CONFIG_FILE=" + settings, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_LOG=", "TF_LOG_PATH="}
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", source, filepath.Dir(provider))
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Write(t, "terraform.tf", fmt.Sprintf("terraform {\n  required_providers {\n    homelab = { source = %q }\n  }\n}\n", source))
	return c
}

// Write writes a file into the directory.
func (c *CLI) Write(t testing.TB, name, content string) {
	t.Helper()
	file := filepath.Join(c.Dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Result is how a command ended.
type Result struct {
	// Code is the exit code, -1 for a process that was killed.
	Code           int
	Stdout, Stderr string
}

// Run runs a command of Terraform to its end.
func (c *CLI) Run(t testing.TB, args ...string) Result {
	t.Helper()
	return c.Start(t, args...).Wait(t)
}

// Must runs a command that has to end with one of the codes, 0 when none is
// given.
func (c *CLI) Must(t testing.TB, args []string, codes ...int) Result {
	t.Helper()
	if len(codes) == 0 {
		codes = []int{0}
	}
	r := c.Run(t, args...)
	for _, code := range codes {
		if r.Code == code {
			return r
		}
	}
	t.Fatalf("terraform %s ended with code %d, not %v:\n%s%s", strings.Join(args, " "), r.Code, codes, r.Stdout, r.Stderr)
	return r
}

// Apply applies without asking.
func (c *CLI) Apply(t testing.TB) Result {
	t.Helper()
	return c.Must(t, []string{"apply", "-no-color", "-auto-approve"})
}

// RequireEmptyPlan fails the test unless there is nothing to do.
func (c *CLI) RequireEmptyPlan(t testing.TB) {
	t.Helper()
	c.Must(t, []string{"plan", "-no-color", "-detailed-exitcode"})
}

// Process is a running Terraform with its provider, in a process group of its
// own.
type Process struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	done           chan struct{} // closed when Terraform has ended
}

// Start starts a command of Terraform. It is killed, with its provider, at the
// end of the test at the latest.
func (c *CLI) Start(t testing.TB, args ...string) *Process {
	t.Helper()
	p := &Process{done: make(chan struct{})}
	p.cmd = exec.Command(c.program, args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = c.Dir, &p.stdout, &p.stderr
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.WaitDelay = time.Second // a provider that outlives Terraform holds the pipes
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killGroup(p.cmd.Process.Pid) })
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code says it
	}()
	return p
}

// ID is the number of Terraform's own process.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Done is closed when Terraform has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for Terraform's end.
func (p *Process) Wait(t testing.TB) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), commandLimit) // a cleanup runs commands too
	defer cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		killGroup(p.cmd.Process.Pid)
		<-p.done
		t.Fatalf("terraform did not end within %s:\n%s%s", commandLimit, &p.stdout, &p.stderr)
	}
	return Result{p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
}

// terraform finds the program as internal/tools/terraform.sh does, but builds
// none.
var terraform = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("find terraform: neither terraform nor tofu is on PATH, and TF_ACC_TERRAFORM_PATH is not set")
})

// builtProvider builds the provider once in the test's process, into a
// directory that is shared with other packages' tests, and returns its path.
var builtProvider = sync.OnceValues(func() (string, error) { return build(providerFile, ".") })

// Root returns the repository's root directory.
func Root() (string, error) { return root() }

var root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
})
