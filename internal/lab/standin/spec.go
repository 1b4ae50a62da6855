// Package standin is a program that stands for another one's image in a test of
// what surrounds it: it runs as the same user, offers the same ports and paths,
// has the tools that health checks call, and refuses to start when what the other
// needs is missing. It is for tests only.
//
// What it stands for is a [Spec], which an image has at [SpecFile].
package standin

import (
	"os"
	"strings"
	"time"
)

// Where the program and what it stands for lie in an image.
const (
	Program  = "/.standin/standin"
	SpecFile = "/.standin/spec.json"
)

// Spec says what to be, as the documentation of the image says it.
type Spec struct {
	// Image is the image without its tag.
	Image string
	// Documented are addresses of the documents that the rest is taken from.
	Documented []string
	// User is the image's user: a number, a number and a group (1000:1000), or a
	// name, whose number is UID then; "" is root.
	User string
	// UID is the number of a User that is a name, and of its group.
	UID int
	// Init is how the image's start treats its user: "s6" is that of linuxserver.io,
	// which has to be process 1 and root, gives /config to PUID and PGID, and steps
	// down to them; "" leaves it as it is.
	Init string
	// Ports are listened on: "8080" and "8080/http" answer HTTP, "8443/https" HTTPS
	// with a certificate of its own, "6379/tcp" accepts connections, "53/udp" takes
	// datagrams.
	Ports []string
	// Paths are what HTTP answers 200 to, besides "/"; one that ends with a slash
	// means all below it. Everything else is 404.
	Paths []string
	// Tools are programs in the image that health checks call: curl, those of
	// BusyBox (sh, wget, nc and so on), and others, which end with 0 when the first
	// port answers. A name without a slash is in /usr/bin.
	Tools []string
	// Healthcheck is the image's own: a command, a word each, or CMD-SHELL and a
	// line. Empty means that it has none.
	Healthcheck []string
	// Entrypoint and Command are the image's. The first word of both together is
	// where the stand-in lies.
	Entrypoint, Command []string
	// Once is for a program that does its work and ends with 0.
	Once bool
	// Requires is what the program needs to start.
	Requires Requires
	// Real names the recipe of the real program that the image is made of instead.
	Real string
	// Simulated names a recipe of small programs that do what the image is documented
	// to do, where answering is not enough: a stand-in nevertheless.
	Simulated string
}

// Requires is what a program needs to start. In every text, $NAME and
// ${NAME:-default} stand for environment variables.
type Requires struct {
	// Environment are variables that may not be empty; "A|B" is one of both.
	Environment []string
	// Files are files and directories that can be read; "A|B" is one of both.
	Files []string
	// Writable are directories in which a file can be made.
	Writable []string
	// Hosts are names that resolve, or with a port, as in "redis:6379", that accept
	// connections. They are waited for, as programs do.
	Hosts []string
	// Patience is how long; 0 is two minutes.
	Patience time.Duration
}

// Names are the absolute paths at which the image has the stand-in as a program
// to start.
func (s Spec) Names() []string {
	words := append(append([]string{}, s.Entrypoint...), s.Command...)
	if len(words) == 0 {
		return []string{Program}
	}
	names := []string{absolute(words[0])}
	if len(s.Entrypoint) > 0 && len(s.Command) > 0 && !strings.HasPrefix(s.Command[0], "-") {
		names = append(names, absolute(s.Command[0]))
	}
	return names
}

// absolute is where a program of a name lies.
func absolute(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return "/usr/bin/" + name
}

// ToolPath is where a tool lies in the image.
func ToolPath(name string) string {
	if name == "sh" || name == "bash" {
		return "/bin/" + name
	}
	return absolute(name)
}

// BusyBox reports whether a tool is one of BusyBox's.
func BusyBox(name string) bool {
	switch name {
	case "sh", "ash", "wget", "nc", "cat", "grep", "test", "[", "pgrep", "pidof", "ps", "stat", "awk", "sed", "sleep", "echo",
		"true", "false", "nslookup", "hostname", "id", "ls", "netstat", "timeout", "touch", "find", "kill", "ping", "tr", "cut",
		"mkdir", "rm", "cp", "mv", "ln", "chown", "chmod", "env", "date", "head", "tail", "ip", "cksum", "md5sum", "wc", "mktemp", "sort", "xargs", "basename", "dirname":
		return true
	}
	return false
}

// expand replaces variables, as a shell does $NAME and ${NAME:-default}.
func expand(text string) string {
	return os.Expand(text, func(name string) string {
		name, fallback, _ := strings.Cut(name, ":-")
		if value := os.Getenv(name); value != "" {
			return value
		}
		return fallback
	})
}
