package fleet

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// probe finds out on the node why a connection to the socket was not made: sshd
// answers "open failed" to whatever kept it from that (openssh-portable,
// serverloop.c, server_request_direct_streamlocal). It needs nothing but a shell;
// where there is none, the answer is left open.
var probe = strings.Join(strings.Fields(`sh -c 'p=%s; d=${p%%/*};
	if test -S $p; then
		if test -w $p; then
			q=$(readlink -f $p);
			for x in $p $q /var$q; do grep -q " 00010000 .* $x\$" /proc/net/unix && { echo listens; id -un; exit; }; done;
			if command -v curl >/dev/null; then
				curl -s -m 3 -o /dev/null --unix-socket $p http://docker/_ping && echo listens || echo silent;
			elif command -v docker >/dev/null; then
				docker -H unix://$p version >/dev/null 2>&1 && echo listens || echo silent;
			else echo unsure; fi;
		else echo denied; fi;
	elif test -d $d && ! test -x $d; then echo denied;
	else echo absent; fi;
	id -un'`), " ")

var (
	channelRefused = regexp.MustCompile(`open failed: (administratively prohibited|unknown channel type)`)
	// refusedAdvice names the server's setting, and the way around it.
	refusedAdvice = "Set \"AllowStreamLocalForwarding yes\" (or \"local\"), and no DisableForwarding, for this user in the node's sshd_config, " +
		"and reload sshd. Where that may not be, have the engine listen with TLS and use host = \"tcp://%s:2376\" with tls."
)

// diagnose says why the engine's socket cannot be used over a connection that
// works, or broke just now.
func (t *tunnel) diagnose(ctx context.Context, m *sshMaster) error {
	if m.ended() {
		return &offlineError{&explainedError{fmt.Sprintf("the ssh connection broke (%s).", brief(m.log.lines())), "Check that the node is on, and run Terraform again."}}
	}
	s := retell(m.log.lines())
	answer := []string{"unsure"}
	if s.say(channelRefused) != nil || s.restricted {
		answer = []string{"listens"}
	} else if out, err := m.control(ctx, []string{fmt.Sprintf(probe, t.target.socket)}, "-T").Output(); err == nil {
		answer = strings.Fields(string(out))
	}
	user := s.user
	if len(answer) > 1 {
		user = answer[1]
	}
	return t.explainSocket(answer[0], user, s.restricted)
}

func (t *tunnel) explainSocket(answer, user string, restricted bool) error {
	socket := t.target.socket
	refused := fmt.Sprintf(refusedAdvice, t.target.host)
	switch {
	case restricted:
		return &explainedError{"the ssh server refuses to forward to the engine's socket: the key's entry in authorized_keys forbids port forwarding.",
			"Add port-forwarding to the options of that entry (after restrict), or remove no-port-forwarding."}
	case answer == "listens":
		return &explainedError{"the ssh server refuses to forward to the engine's socket.", refused}
	case answer == "absent":
		return &offlineError{&explainedError{fmt.Sprintf("the ssh login works, but there is no socket %s on the node: no engine runs there, or its socket is elsewhere.", socket),
			fmt.Sprintf("Start the Docker engine, or put its socket's path at the end of the host, such as %s for a rootless engine.", t.rootless())}}
	case answer == "denied":
		return &explainedError{fmt.Sprintf("the ssh login works, but user %q has no permission on the socket %s.", user, socket),
			fmt.Sprintf("Add the user to the group docker on the node (sudo usermod -aG docker %s).", user)}
	case answer == "silent":
		return &offlineError{&explainedError{fmt.Sprintf("the ssh login works and the socket %s is there, but no engine listens on it.", socket),
			"Start the Docker engine on the node (sudo systemctl start docker)."}}
	default:
		return &explainedError{fmt.Sprintf("the ssh login works, but the connection to the socket %s was not made: no engine listens there, "+
			"user %q may not use it, or the ssh server refuses to forward to it.", socket, user),
			"Check on the node that the engine runs and that the user is in the group docker. " + refused}
	}
}

// rootless is the host with the path where a rootless engine of the first user has its socket.
func (t *tunnel) rootless() string {
	to := t.target.host
	if strings.Contains(to, ":") {
		to = "[" + to + "]"
	}
	if t.target.port != "" {
		to += ":" + t.target.port
	}
	if t.target.user != "" {
		to = t.target.user + "@" + to
	}
	return "ssh://" + to + "/run/user/1000/docker.sock"
}

func brief(lines []string) string {
	s := retell(lines)
	return s.last()
}
