//go:build unix

package acctest

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts a command as the leader of a process group.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills all processes of a group that are left.
func killGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGKILL) }

// Kill kills Terraform and its provider as they are, with SIGKILL.
func (p *Process) Kill() { killGroup(p.cmd.Process.Pid) }

// Interrupt has Terraform end as with Ctrl-C: what is under way may still end.
func (p *Process) Interrupt() { _ = p.cmd.Process.Signal(os.Interrupt) }

// KillTerraform kills Terraform alone.
func (p *Process) KillTerraform() { _ = p.cmd.Process.Kill() }
