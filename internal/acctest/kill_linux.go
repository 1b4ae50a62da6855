package acctest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// KillProvider kills the provider alone.
func (p *Process) KillProvider(t testing.TB) {
	t.Helper()
	pids := p.providers(t)
	if len(pids) == 0 {
		t.Fatal("Terraform runs no provider")
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// AbortProvider has the provider alone end as in a panic: it writes what each of its
// goroutines was doing.
func (p *Process) AbortProvider(t testing.TB) {
	t.Helper()
	pids := p.providers(t)
	if len(pids) == 0 {
		t.Fatal("Terraform runs no provider")
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGABRT)
	}
}

// WaitProvider waits until no provider is left of a Terraform that has ended.
func (p *Process) WaitProvider(t testing.TB, limit time.Duration) error {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(p.providers(t)) > 0 {
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("the provider still runs %s after its Terraform was gone", limit)
		}
	}
	return nil
}

// providers are the processes of the group that run the provider's program.
func (p *Process) providers(t testing.TB) []int {
	t.Helper()
	program, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, dir := range processes {
		// A newer build by another package's tests may have taken the file's place.
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || exe != program && exe != program+" (deleted)" {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if group, err := syscall.Getpgid(pid); err == nil && group == p.cmd.Process.Pid && !isZombie(dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isZombie reports whether a process has ended and only waits to be collected.
func isZombie(dir string) bool {
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return true
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(rest, []byte("Z"))
}
