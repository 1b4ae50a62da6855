package fleet

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// transcriptLimit bounds what is kept of ssh's output; a login takes about 70 lines.
const transcriptLimit = 400

// transcript keeps the last lines of ssh's standard error. It is safe for
// concurrent use.
type transcript struct {
	mu   sync.Mutex
	text []string // guarded by mu
	part []byte   // guarded by mu: a line without its end
}

// Write keeps output of ssh; it never fails.
func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, p...)
	for {
		line, rest, ok := bytes.Cut(t.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		t.text = append(t.text, strings.TrimRight(string(line), "\r"))
		t.text = t.text[max(0, len(t.text)-transcriptLimit):]
		t.part = append([]byte(nil), rest...)
	}
}

func (t *transcript) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.text...)
}

// story is what ssh's output, as of "ssh -v", says of a login. With a jump
// host there are two logins in one transcript; the later one counts.
type story struct {
	host, port, user string // whom it spoke with
	proxied, aliased bool
	keyKind, keyHash string // the server's host key
	offered          []string
	accepted         string   // the key that the server would take
	restricted       bool     // the key may not forward
	lines            []string // what is not debugging output
}

var (
	connecting     = regexp.MustCompile(`^debug1: Connecting to (\S+) .*port (\d+)\.`)
	authenticating = regexp.MustCompile(`^debug1: Authenticating to (\S+):(\d+) as '(.*)'`)
	hostKeyLine    = regexp.MustCompile(`^debug1: Server host key: (\S+) (\S+)`)
	offering       = regexp.MustCompile(`^debug1: Offering public key: (.*) (\S+) (SHA256:\S+)(.*)$`)
	accepts        = regexp.MustCompile(`^debug1: Server accepts key: (.*) (\S+) (SHA256:\S+)`)
	keyOptions     = regexp.MustCompile(`^debug1: Remote: .*key options:(.*)`)
)

func retell(lines []string) story {
	var s story
	for _, line := range lines {
		if !strings.HasPrefix(line, "debug") {
			if strings.HasPrefix(line, "Authenticated to ") {
				s.offered, s.accepted = nil, ""
			}
			s.lines = append(s.lines, line)
			continue
		}
		s.note(line)
	}
	return s
}

// note takes in a line of debugging output.
func (s *story) note(line string) {
	if m := connecting.FindStringSubmatch(line); m != nil {
		s.host, s.port = m[1], m[2]
	} else if m := authenticating.FindStringSubmatch(line); m != nil {
		s.host, s.port, s.user = m[1], m[2], m[3]
	} else if m := hostKeyLine.FindStringSubmatch(line); m != nil {
		s.keyKind, s.keyHash = m[1], m[2]
	} else if m := offering.FindStringSubmatch(line); m != nil {
		key := m[1] + " (" + m[2] + " " + m[3]
		if strings.Contains(m[4], "agent") {
			key += ", from the agent"
		}
		s.offered = append(s.offered, key+")")
	} else if m := accepts.FindStringSubmatch(line); m != nil {
		s.accepted = m[1]
	} else if m := keyOptions.FindStringSubmatch(line); m != nil {
		s.restricted = !strings.Contains(m[1], "port-forwarding")
	}
	s.proxied = s.proxied || strings.Contains(line, "Executing proxy command") || strings.Contains(line, "ProxyCommand from ProxyJump")
	s.aliased = s.aliased || strings.Contains(line, "using hostkeyalias")
}

// say returns the last word that matches, taken apart, or nil.
func (s *story) say(pattern *regexp.Regexp) []string {
	for i := len(s.lines) - 1; i >= 0; i-- {
		if m := pattern.FindStringSubmatch(s.lines[i]); m != nil {
			return m
		}
	}
	return nil
}

// last returns the last word that says anything.
func (s *story) last() string {
	for i := len(s.lines) - 1; i >= 0; i-- {
		if word := strings.TrimSpace(s.lines[i]); word != "" && !strings.HasPrefix(word, "OpenSSH_") {
			return strings.TrimSuffix(word, ".")
		}
	}
	return "ssh ended without a word"
}
