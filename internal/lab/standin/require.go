package standin

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// patience is how long hosts are waited for where nothing else is said.
const patience = 2 * time.Minute

// Missing returns what of the requirements is missing, one text each. It waits for
// hosts, and makes and removes a file in every writable directory.
func (r Requires) Missing() []string {
	var missing []string
	for _, one := range r.Environment {
		if !anyOf(one, func(name string) bool { return os.Getenv(name) != "" }) {
			missing = append(missing, "environment variable "+choice(one)+" is missing")
		}
	}
	for _, one := range r.Files {
		if !anyOf(expand(one), readable) {
			missing = append(missing, "file "+choice(expand(one))+" is missing or cannot be read")
		}
	}
	for _, one := range r.Writable {
		if err := write(expand(one)); err != nil {
			missing = append(missing, fmt.Sprintf("directory %s cannot be written to by user %d: %v", expand(one), os.Getuid(), err))
		}
	}
	if len(missing) > 0 {
		return missing // no need to wait
	}
	for _, one := range r.Hosts {
		if err := await(expand(one), cmp.Or(r.Patience, patience)); err != nil {
			missing = append(missing, fmt.Sprintf("host %s cannot be reached: %v", expand(one), err))
		}
	}
	return missing
}

func anyOf(alternatives string, holds func(string) bool) bool {
	for one := range strings.SplitSeq(alternatives, "|") {
		if one != "" && holds(one) {
			return true
		}
	}
	return false
}

func choice(alternatives string) string { return strings.ReplaceAll(alternatives, "|", " or ") }

// readable reports whether a file or directory can be opened, or a socket is there.
func readable(path string) bool {
	if info, err := os.Stat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// write makes a file in a directory, and removes it.
func write(dir string) error {
	f, err := os.CreateTemp(dir, ".standin-")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// await waits until a name resolves, or an address accepts connections.
func await(host string, limit time.Duration) error {
	var err error
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if !strings.Contains(host, ":") {
			_, err = net.LookupHost(host)
		} else {
			var conn net.Conn
			if conn, err = net.DialTimeout("tcp", host, 5*time.Second); err == nil {
				conn.Close()
			}
		}
		if err == nil {
			return nil
		}
	}
	return err
}
