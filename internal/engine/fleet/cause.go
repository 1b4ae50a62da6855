package fleet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

const unaffected = "Other nodes are not affected."

// originAdvice says where an address comes from that the host does not tell.
func (c NodeConfig) originAdvice() string {
	if c.Context != "" {
		return fmt.Sprintf(" The address comes from %s.", c.origin)
	}
	return fmt.Sprintf(" The address comes from %s; set nodes in the provider block to use another.", c.origin)
}

// unreachable returns an error that says why a connection failed.
func unreachable(name string, c NodeConfig, err error) *Error {
	where := c.Host
	if e, bad := parseHost(c.Host); bad == nil {
		where = e.withPort(c.TLS != nil).address
	}
	reason, advice := cause(where, c, err)
	if c.origin != "" {
		advice += c.originAdvice()
	}
	if c.origin == "" || c.Context != "" {
		advice += " " + unaffected
	}
	return &Error{Node: name, Host: shown(c.Host), Kind: Unreachable, Err: err, reason: reason, advice: advice, keep: c.KeepOffline}
}

func cause(where string, c NodeConfig, err error) (reason, advice string) {
	var told *explainedError
	if errors.As(err, &told) {
		return told.reason, told.advice
	}
	if reason, advice, ok := tlsCause(c, err); ok {
		return reason, advice
	}
	if reason, advice, ok := dialCause(where, c, err); ok {
		return reason, advice
	}
	var answer *answerError
	var channel *channelError
	switch {
	case errors.As(err, &channel):
		return "the ssh connection no longer gets through to the engine's socket.", "Check that the engine still runs on the node."
	case errors.As(err, &answer) && answer.tlsWanted:
		return "the engine expects TLS.", "Set tls for this node."
	case errors.As(err, &answer):
		return fmt.Sprintf("what answers there is not a Docker engine, or keeps its API closed (HTTP status %d).", answer.status),
			"Check the address, and what a proxy in between allows: /_ping has to answer."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection was closed before the engine answered.", "Check that a Docker engine listens there, and whether it expects TLS."
	case strings.Contains(err.Error(), "Is the docker daemon running?"):
		// The client's own messages, which replace the cause of refused and timed
		// out calls alike (docker/docker v28, client/request.go, doRequest).
		return fmt.Sprintf("the engine no longer answers at %s.", where), "Check that it still runs and can be reached from here."
	default:
		return fmt.Sprintf("the connection failed (%v).", err), "Check that the engine runs and can be reached from here."
	}
}

// explainedError is a cause that got its message where it was found. Both are full
// sentences; the reason starts in lower case.
type explainedError struct{ reason, advice string }

func (e *explainedError) Error() string { return strings.TrimSuffix(e.reason, ".") }

// dialCause explains failures to get a connection at all.
func dialCause(where string, c NodeConfig, err error) (reason, advice string, ok bool) {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %q could not be resolved.", dns.Name), "Correct the host, or give its IP address.", true
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no socket %s.", where), "Start the Docker engine, or correct the path.", true
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("permission denied on %s.", where),
			"Add the user that runs Terraform to the group docker (sudo usermod -aG docker <user>) and log in again.", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("the connection to %s was refused: nothing listens there.", where), "Start " + c.peer("the Docker engine") + ", or correct the host.", true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Sprintf("there is no route to %s.", where), "Check that the node is on and that this machine is in its network.", true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timeout(err):
		return fmt.Sprintf("no answer from %s %s.", where, c.within()), "Check that the node is on and that no firewall drops the connection.", true
	}
	return "", "", false
}

// tlsCause explains failures of the handshake, on either side.
func tlsCause(c NodeConfig, err error) (reason, advice string, ok bool) {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority):
		return c.peer("the engine") + "'s certificate is not signed by the certificate authority in use.",
			"Set tls.ca_file (or tls.ca) to the authority that signed it.", true
	case errors.As(err, &hostname):
		return fmt.Sprintf("%s's certificate is not made out to the name in use (%v).", c.peer("the engine"), hostname),
			"Correct the host, set tls.server_name to a name in the certificate, or issue one with this name.", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("%s's certificate is not valid now (%v).", c.peer("the engine"), invalid), "Renew it, or set this machine's clock.", true
	case errors.As(err, &invalid):
		return fmt.Sprintf("%s's certificate is not valid (%v).", c.peer("the engine"), invalid), "Issue a new one.", true
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, new(tls.RecordHeaderError)):
		return "what answers there does not speak TLS.", "Check the port; an engine's TLS port is 2376 by custom, and Portainer's 9443.", true
	}
	// The alerts of the other side have no exported type in crypto/tls.
	if _, alert, ok := strings.Cut(err.Error(), "remote error: tls: "); ok {
		reason, advice = alertCause(c, alert)
		return reason, advice, true
	}
	return "", "", false
}

func alertCause(c NodeConfig, alert string) (reason, advice string) {
	switch {
	case !strings.Contains(alert, "certificate"):
		return fmt.Sprintf("the engine ended the TLS handshake (%s).", alert), "Check the engine's TLS settings; TLS 1.2 or newer is needed."
	case c.TLS == nil || !c.TLS.cert().given():
		return "the engine requires a client certificate.", "Set tls.cert_file and tls.key_file (or tls.cert and tls.key)."
	default:
		return fmt.Sprintf("the engine did not accept the client certificate (%s).", alert),
			"Use one that its certificate authority (tlscacert) signed for client authentication, and that has not expired."
	}
}

// peer is what answers at the node's address: a Portainer, or else as given.
func (c NodeConfig) peer(otherwise string) string {
	if c.Token != "" {
		return "Portainer"
	}
	return otherwise
}

func timeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
