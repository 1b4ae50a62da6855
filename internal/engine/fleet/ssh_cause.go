package fleet

import (
	"fmt"
	"net"
	"regexp"
	"strings"
)

var (
	unresolved = regexp.MustCompile(`Could not resolve hostname (.+?): `)
	unopened   = regexp.MustCompile(`connect to host (.+) port (\d+): (.+)`)
	hopFailed  = regexp.MustCompile(`open failed: (?:connect failed|administratively prohibited): (.+)`)
	keyChanged = regexp.MustCompile(`REMOTE HOST IDENTIFICATION HAS CHANGED`)
	keyOffends = regexp.MustCompile(`^Offending .* in (.+):(\d+)`)
	keyRemoval = regexp.MustCompile(`^\s+(ssh-keygen .*-R .*)$`)
	keyRefused = regexp.MustCompile(`Host key verification failed`)
	denied     = regexp.MustCompile(`Permission denied \((.*)\)`)
	tooMany    = regexp.MustCompile(`Too many authentication failures`)
	shut       = regexp.MustCompile(`kex_exchange_identification|Connection (closed|reset) by|banner exchange.*(closed|reset)`)
	slow       = regexp.MustCompile(`timed out during banner exchange`)
	misset     = regexp.MustCompile(`Bad configuration option|bad configuration options|Bad owner or permissions|Can't open user config file|keyword .* extra arguments|missing argument`)
)

// explain returns an error that says why a login failed.
func (t *tunnel) explain(lines []string, timedOut bool) error {
	s := retell(lines)
	explained := func(reason, advice string) error { return &explainedError{reason, advice} }
	if m := s.say(unresolved); m != nil {
		return &offlineError{explained(fmt.Sprintf("the name %q could not be resolved.", m[1]), "Correct the host or your ssh configuration, or give its IP address.")}
	}
	if s.say(keyChanged) != nil || s.say(keyRefused) != nil {
		return t.explainHostKey(s)
	}
	if s.say(denied) != nil || s.say(tooMany) != nil {
		return t.explainKeys(s)
	}
	if m := s.say(unopened); m != nil {
		return t.explainDial(net.JoinHostPort(m[1], m[2]), m[3])
	}
	where := t.target.host
	if s.host != "" {
		where = net.JoinHostPort(s.host, s.port)
	}
	switch m := s.say(hopFailed); {
	case m != nil:
		return &offlineError{explained(fmt.Sprintf("the jump host could not connect to it (%s).", m[1]), "Check the address as the jump host sees it, and that the node is on.")}
	case s.say(slow) != nil, timedOut:
		return t.explainDial(where, "timed out")
	case s.say(misset) != nil:
		return explained(fmt.Sprintf("ssh does not take your configuration (%s).", s.last()), "Correct it; \"ssh -G "+t.target.host+"\" shows whether ssh reads it.")
	case s.say(shut) != nil:
		return explainShut(where)
	default:
		return explained(fmt.Sprintf("ssh failed (%s).", s.last()), "Check that \""+t.command("")+"\" works.")
	}
}

func (t *tunnel) explainDial(where, why string) error {
	why = strings.ToLower(strings.TrimSpace(why))
	switch {
	case strings.Contains(why, "refused"):
		return &offlineError{&explainedError{fmt.Sprintf("the connection to %s was refused: no ssh server listens there.", where),
			"Start sshd on the node, or correct the host's address or port."}}
	case strings.Contains(why, "no route"), strings.Contains(why, "unreachable"), strings.Contains(why, "host is down"):
		return &offlineError{&explainedError{fmt.Sprintf("there is no route to %s.", where), "Check that the node is on and that this machine is in its network."}}
	case strings.Contains(why, "reset"):
		return explainShut(where)
	case strings.Contains(why, "timed out"):
		return &offlineError{&explainedError{fmt.Sprintf("no answer from %s %s.", where, t.within), "Check that the node is on and that no firewall drops the connection."}}
	default:
		return &explainedError{fmt.Sprintf("the connection to %s failed (%s).", where, why), "Check that the node is on and can be reached from here."}
	}
}

func explainShut(where string) error {
	return &offlineError{&explainedError{fmt.Sprintf("the ssh server at %s closed the connection before the login.", where),
		"It may take no more logins at once (MaxStartups), or refuse this address; its log tells."}}
}

// explainHostKey says whether a host key is not known or has changed.
func (t *tunnel) explainHostKey(s story) error {
	offered := strings.TrimSpace(s.keyKind + " " + s.keyHash)
	pin := fmt.Sprintf("nodes[%q].host_key", t.name)
	if t.hostKey != "" && !t.hop(s) {
		return &explainedError{fmt.Sprintf("the server's host key (%s) is not the one that host_key pins.", offered),
			fmt.Sprintf("If the node was reinstalled, set %s to its new key; otherwise someone may be in between.", pin)}
	}
	if s.say(keyChanged) == nil {
		return &explainedError{fmt.Sprintf("the server offered a host key that is not in known_hosts (%s).", offered),
			fmt.Sprintf("If you trust it, run\n  %s\nor set %s.", t.trust(s), pin)}
	}
	where := "known_hosts"
	if m := s.say(keyOffends); m != nil {
		where = m[1] + ", line " + m[2]
	}
	forget := "ssh-keygen -R " + knownName(s)
	if m := s.say(keyRemoval); m != nil {
		forget = m[1]
	}
	return &explainedError{
		fmt.Sprintf("the server's host key (%s) is not the one in %s. The node was reinstalled, or someone is in between.", offered, where),
		fmt.Sprintf("If you know why it changed, run\n  %s\n  %s\nor set %s.", forget, t.trust(s), pin),
	}
}

// hop reports whether the message is a jump host's: host_key pins the node's key.
func (t *tunnel) hop(s story) bool { return s.proxied && !s.aliased }

// trust is the command that has ssh know the server's key.
func (t *tunnel) trust(s story) string {
	if s.proxied || s.aliased || s.host == "" {
		return t.command("-o StrictHostKeyChecking=accept-new ") + " exit"
	}
	scan := "ssh-keyscan"
	if kind := scanKind(s.keyKind); kind != "" {
		scan += " -t " + kind
	}
	if s.port != "22" {
		scan += " -p " + s.port
	}
	return scan + " " + s.host + " >> ~/.ssh/known_hosts"
}

func scanKind(keyKind string) string {
	switch {
	case keyKind == "ssh-ed25519":
		return "ed25519"
	case keyKind == "ssh-rsa", strings.HasPrefix(keyKind, "rsa-sha2-"):
		return "rsa"
	case strings.HasPrefix(keyKind, "ecdsa-sha2-"):
		return "ecdsa"
	default:
		return ""
	}
}

// knownName is the server's name in known hosts.
func knownName(s story) string {
	if s.port == "" || s.port == "22" {
		return s.host
	}
	return fmt.Sprintf("'[%s]:%s'", s.host, s.port)
}

// explainKeys says which keys were tried.
func (t *tunnel) explainKeys(s story) error {
	who := fmt.Sprintf("user %q on %s", s.user, s.host)
	methods := ""
	if m := s.say(denied); m != nil {
		methods = m[1]
	}
	tried := strings.Join(s.offered, ", ")
	switch {
	case s.say(tooMany) != nil:
		return &explainedError{fmt.Sprintf("the server ended the login of %s after too many keys: tried %s.", who, tried),
			"Name the right key with IdentityFile and set IdentitiesOnly yes for this host in your ssh configuration."}
	case s.accepted != "":
		return &explainedError{fmt.Sprintf("the key %s is accepted for %s, but cannot be used: it has a passphrase, and no agent holds it.", s.accepted, who),
			"Add it to your agent (ssh-add " + s.accepted + ")."}
	case methods != "" && !strings.Contains(methods, "publickey"):
		return &explainedError{fmt.Sprintf("the server takes no keys for %s, only: %s.", who, methods), "Set PubkeyAuthentication yes in its sshd_config."}
	case len(s.offered) == 0:
		return &explainedError{fmt.Sprintf("there is no key to log in %s with: neither an agent nor your ssh configuration has one.", who),
			"Start an agent and add a key (ssh-add), or name one with IdentityFile in your ssh configuration."}
	default:
		return &explainedError{fmt.Sprintf("no key was accepted for %s: tried %s.", who, tried),
			"Add one of them to the user's ~/.ssh/authorized_keys on the node (" + t.copyID() + "), or name the right one with IdentityFile in your ssh configuration."}
	}
}

// command is how to log in by hand.
func (t *tunnel) command(options string) string { return "ssh " + options + t.destination() }

func (t *tunnel) copyID() string { return "ssh-copy-id " + t.destination() }

func (t *tunnel) destination() string {
	to := t.target.host
	if t.target.user != "" {
		to = t.target.user + "@" + to
	}
	if t.target.port != "" {
		to = "-p " + t.target.port + " " + to
	}
	return to
}
