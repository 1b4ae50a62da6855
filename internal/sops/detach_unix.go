//go:build unix

package sops

import (
	"os/exec"
	"syscall"
)

// detach keeps the program from the terminal: a question for a passphrase would
// be lost between Terraform's own lines and wait forever. Agents still ask.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
