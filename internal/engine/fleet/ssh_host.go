package fleet

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
)

const (
	defaultSocket = "/var/run/docker.sock"
	// sockaddr_un.sun_path holds 108 bytes on Linux, with the end's zero.
	socketLimit = 107
	sshForm     = "Write ssh://user@address, with :port and the engine's /socket/path if need be."
)

// sshTarget is whom to ask for which socket. Empty user and port are left to the
// user's ssh configuration.
type sshTarget struct{ user, host, port, socket string }

// plainPath is what ssh's forwarding takes as it is: no colon, and nothing that
// it or a shell would expand.
var plainPath = regexp.MustCompile(`^/[A-Za-z0-9/._@+=,-]*$`)

func parseSSH(host string) (endpoint, *Error) {
	fail := func(reason, advice string) (endpoint, *Error) {
		return endpoint{}, invalid([]string{"host"}, reason, advice)
	}
	u, err := url.Parse(host)
	if err != nil { // the parser's error repeats the address, which may hold a password
		return fail("the host is not a valid address.", sshForm)
	}
	t := sshTarget{user: u.User.Username(), host: u.Hostname(), port: u.Port(), socket: u.Path}
	if strings.Trim(t.socket, "/") == "" {
		t.socket = defaultSocket
	}
	_, password := u.User.Password()
	switch {
	case t.host == "":
		return fail("the host has no address.", sshForm)
	case password:
		return fail("an ssh host takes no password.", "Remove it; ssh logs in with the keys of your agent or your ssh configuration.")
	case strings.HasPrefix(t.host, "-"), strings.HasPrefix(t.user, "-"), strings.ContainsAny(t.host+t.user, " \t\r\n"):
		return fail("ssh takes no such user or address.", sshForm)
	case u.RawQuery != "" || u.Fragment != "":
		return fail("an ssh host takes no query or fragment.", sshForm)
	case !plainPath.MatchString(t.socket) || path.Clean(t.socket) != t.socket:
		return fail(fmt.Sprintf("ssh cannot forward to the socket path %q.", t.socket),
			"Use an absolute path of letters, digits and /._@+=,- only.")
	case len(t.socket) > socketLimit:
		return fail(fmt.Sprintf("the socket's path is longer than the %d bytes that a socket's may have.", socketLimit), "Correct it.")
	}
	return endpoint{scheme: schemeSSH, address: u.Host, ssh: t}, nil
}

// parseHostKeys reads lines of "type base64 [comment]", as in a host's public key
// files, or with a name in front, as in known hosts and ssh-keyscan's output. It
// returns each as "type base64".
func parseHostKeys(text string) ([]string, *Error) {
	fail := func(reason string) *Error {
		return invalid([]string{"host_key"}, reason,
			"Write it as the node's /etc/ssh/ssh_host_ed25519_key.pub has it: ssh-ed25519 AAAA...")
	}
	var keys []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) > 2 && keyType(fields[2]) == fields[1] {
			fields = fields[1:]
		}
		if len(fields) < 2 || keyType(fields[1]) != fields[0] {
			return nil, fail("host_key is not a public key.")
		}
		keys = append(keys, fields[0]+" "+fields[1])
	}
	if len(keys) == 0 {
		return nil, fail("host_key is empty.")
	}
	return keys, nil
}

// keyType returns the type that a public key's encoding begins with (RFC 4253,
// 6.6), or "".
func keyType(encoded string) string {
	const prefix = 4
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) < prefix {
		return ""
	}
	size := uint64(binary.BigEndian.Uint32(raw))
	if size == 0 || uint64(len(raw)) < prefix+size {
		return ""
	}
	return string(raw[prefix : prefix+size])
}
