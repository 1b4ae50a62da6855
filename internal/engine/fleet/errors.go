package fleet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
)

// Kind says what kept a node from being used. The zero Kind belongs to errors
// that are not about a node.
type Kind int

const (
	// UnknownNode means that no node of that name is configured.
	UnknownNode Kind = iota + 1
	// HostUnknown means that the node's connection is only known at apply.
	HostUnknown
	// InvalidHost means that the host can never be connected to as it is written.
	InvalidHost
	// InvalidTLS means that the tls settings, or the files they name, are unusable.
	InvalidTLS
	// Unreachable means that the engine did not answer.
	Unreachable
	// TooOld means that the engine's API, or the one DOCKER_API_VERSION pins,
	// lacks what the provider needs.
	TooOld
)

// String returns the kind as a constant, user-facing summary.
func (k Kind) String() string {
	switch k {
	case UnknownNode:
		return "Unknown node"
	case HostUnknown:
		return "Node not known until apply"
	case InvalidHost, InvalidTLS:
		return "Invalid node configuration"
	case Unreachable:
		return "Unable to reach node"
	case TooOld:
		return "Engine too old"
	default:
		return "Unable to use node"
	}
}

// Error is the one error this package returns about a node. It never carries a
// secret: hosts are shown without passwords, keys are named by their attribute.
type Error struct {
	// Node is the node's name, Host its address as it may be shown; Host is
	// empty where no address is known.
	Node, Host string
	Kind       Kind
	// Attribute is the path of the attribute at fault inside the node's
	// configuration, such as ["tls", "ca_file"]; nil when none is.
	Attribute []string
	// Err is the cause, or nil.
	Err error

	// reason and advice are full sentences; reason starts in lower case as it
	// follows the node's name.
	reason, advice string
	// keep is the node's NodeConfig.KeepOffline.
	keep bool
}

// Error returns the failure in one line.
func (e *Error) Error() string {
	cause := e.reason
	if e.Err != nil {
		cause = plain(e.Err)
	}
	return fmt.Sprintf("use %s: %s", e.subject(), cause)
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Summary returns the constant heading of a diagnostic.
func (e *Error) Summary() string { return e.Kind.String() }

// Detail returns full sentences that say what happened, why, and what to do.
func (e *Error) Detail() string {
	text := letter.Capital(e.subject()) + ": " + e.reason
	if e.advice != "" {
		text += " " + e.advice
	}
	return text
}

// NodeNameAtFault reports whether the attribute that names the node is wrong,
// rather than the node itself.
func (e *Error) NodeNameAtFault() bool { return e.Kind == UnknownNode }

// UnknownUntilApply reports whether the node may well be usable at apply, so that
// a plan should go on with unknown values.
func (e *Error) UnknownUntilApply() bool { return e.Kind == HostUnknown }

func (e *Error) subject() string {
	if e.Host == "" {
		return fmt.Sprintf("node %q", e.Node)
	}
	return fmt.Sprintf("node %q (%s)", e.Node, e.Host)
}

// KindOf returns the kind of the first [Error] in err's chain, or zero.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

func unknownNode(name string, known []string) *Error {
	quoted := make([]string, 0, len(known))
	for _, k := range known {
		quoted = append(quoted, fmt.Sprintf("%q", k))
	}
	return &Error{
		Node: name, Kind: UnknownNode,
		reason: "the provider has no node of that name.",
		advice: fmt.Sprintf("Known nodes: %s. Correct the name, or add nodes[%q] to the provider block.",
			strings.Join(quoted, ", "), name),
	}
}

func hostUnknown(name string) *Error {
	return &Error{
		Node: name, Kind: HostUnknown,
		reason: "its connection depends on values that are only known at apply.",
	}
}
