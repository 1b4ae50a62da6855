package standin

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Main is the program under any of its names: the one that a container starts, or
// a tool that its health check calls. It returns the exit code.
func (s Spec) Main(args []string) int {
	name := filepath.Base(args[0])
	switch {
	case name == "curl":
		return curl(args[1:])
	case name == "bash":
		err := syscall.Exec("/bin/busybox", append([]string{"sh"}, args[1:]...), os.Environ())
		fmt.Fprintln(os.Stderr, "bash:", err)
		return 126
	case s.tool(args[0]) || called():
		return s.probe()
	}
	return s.Serve()
}

// tool reports whether a program is among the tools, and is no way to start.
func (s Spec) tool(program string) bool {
	for _, name := range s.Names() {
		if filepath.Base(name) == filepath.Base(program) {
			return false
		}
	}
	for _, name := range s.Tools {
		if filepath.Base(name) == filepath.Base(program) {
			return true
		}
	}
	return false
}

// probe reports whether the program answers: how `traefik healthcheck`, `pg_isready`
// and their like end.
func (s Spec) probe() int {
	for _, port := range s.Ports {
		number, protocol, _ := strings.Cut(expand(port), "/")
		if protocol == "udp" {
			continue
		}
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+number, 3*time.Second)
		if err != nil {
			fmt.Println("unhealthy:", err)
			return 1
		}
		conn.Close()
		break
	}
	fmt.Println("healthy")
	return 0
}

// called reports whether this process was put into a running container, as health
// checks are, and so does not descend from its first process.
func called() bool {
	pid := os.Getpid()
	for pid > 1 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return false
		}
		var state string
		after := string(text[strings.LastIndexByte(string(text), ')')+1:])
		if _, err := fmt.Sscan(after, &state, &pid); err != nil {
			return false
		}
	}
	return pid == 0
}
