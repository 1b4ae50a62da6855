//go:build unix

package fleet

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

const sshSupported = true

// watcher runs a program, ends it when its own standard input does, and removes a
// directory afterwards: the program's end leaves sockets behind.
const watcher = `dir=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(exec 2>/dev/null; read -r _ <&3; kill "$child") &
watch=$!
wait "$child"
rm -rf -- "$dir"
exec 2>/dev/null
kill "$watch"
`

// watched returns the command. It has a session of its own, so that neither
// Terraform's Ctrl-C reaches ssh nor ssh the terminal.
func watched(dir, program string, args []string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", append([]string{"-c", watcher, "sh", dir, program}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second // a jump host's ssh may outlive the other
	return cmd
}

// kill ends the command with all it started.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
