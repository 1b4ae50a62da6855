package core

import (
	"errors"
	"fmt"
)

// UnknownUntilApply reports whether a node's address is known only once other
// resources are applied.
func UnknownUntilApply(err error) bool {
	var later interface{ UnknownUntilApply() bool }
	return errors.As(err, &later) && later.UnknownUntilApply()
}

// KeepsState reports whether a node is away and the configuration says that its last
// known state is kept meanwhile.
func KeepsState(err error) bool {
	var kept interface{ KeepsState() bool }
	return errors.As(err, &kept) && kept.KeepsState()
}

// NotConfigured reports whether the configuration has no node of the name.
func NotConfigured(err error) bool {
	var named interface{ NodeNameAtFault() bool }
	return errors.As(err, &named) && named.NodeNameAtFault()
}

// Offline reports whether a node is away, whatever the configuration says to that.
func Offline(err error) bool {
	var away interface{ Offline() bool }
	return errors.As(err, &away) && away.Offline()
}

// Standing returns the warning that something in state, such as `stack "media"`, is kept
// as it was last seen, because of an error that [KeepsState] reports. The node is in the
// summary, since Terraform shows only one of several warnings with the same summary.
func Standing(node, what string, err error) (summary, detail string) {
	detail = err.Error() + "."
	var detailed interface{ Detail() string }
	if errors.As(err, &detailed) {
		detail = detailed.Detail()
	}
	return fmt.Sprintf("Node %q is offline: its last known state is kept", node),
		fmt.Sprintf("%s The %s is shown as it was last seen (when_offline = \"keep\").", detail, what)
}

// Forsaken returns the error that something in state, such as `stack "media"`, is on
// a node that the configuration no longer has.
func Forsaken(node, what, kind string) (summary, detail string) {
	return "Node of a resource is not configured", fmt.Sprintf("The %s is in state on node %q, which the provider block does not have (any more). "+
		"There are two ways out. To manage or destroy it, put nodes[%q] back, and take it out only after what is on it is destroyed. "+
		"Or, if the node is gone for good, forget the resource, which touches no node: terraform state rm ADDRESS, "+
		"or put in place of its resource block\n\n"+
		"  removed {\n    from = %s.NAME\n    lifecycle {\n      destroy = false\n    }\n  }\n\nOpenTofu reads what it forgets: plan that with -refresh=false.", what, node, node, kind)
}
