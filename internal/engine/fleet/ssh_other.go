//go:build !unix

package fleet

import (
	"os"
	"os/exec"
	"time"
)

// Windows' OpenSSH forwards no sockets (openssh-portable, PowerShell/Win32-OpenSSH).
const sshSupported = false

func watched(_, program string, args []string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.WaitDelay = time.Second
	return cmd
}

func kill(p *os.Process) { _ = p.Kill() }
