//go:build !unix

package fleet

import (
	"os"
	"os/exec"
)

// Windows' OpenSSH forwards no sockets (openssh-portable, PowerShell/Win32-OpenSSH).
const sshSupported = false

func watched(_, program string, args []string) *exec.Cmd { return exec.Command(program, args...) }

func kill(p *os.Process) { _ = p.Kill() }
