package plan

import (
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// World is what is known of a run besides the resource that is planned: what the
// other resources of the configuration take of its node, as far as they were planned
// before in the same process, and what was asked for the decision. It is a value: a
// decision about the same resource in the same world is always the same.
type World struct {
	// Node is the name of the node in messages; empty leaves it out.
	Node string
	// Stacks are what the other stacks take of the node.
	Stacks []check.Reservation
	// Networks are what the other networks take of the node, those of stacks among
	// them.
	Networks []check.Network
	// Subnets are those of the run, of all nodes.
	Subnets []check.Subnet
	// Secrets are what the run makes of the node's secrets, by name; one that is not
	// here stays as it is.
	Secrets map[string]PlannedSecret
	// Owners names the resources that were noted before to have a thing for
	// themselves.
	Owners map[Thing]string
	// CreateFailed reports that the create of this resource failed before the run.
	CreateFailed bool
	// Applying reports that the decision is carried out at once: what another
	// resource of the run may still free or create is in the way then, or missing.
	Applying bool
	// Facts are what the node says of its machine, nil if it was not asked or does not
	// say. FactsAsked reports that it was asked.
	Facts      *observed.Facts
	FactsAsked bool
	// Lookups are what registries said about references whose digest is followed.
	Lookups map[string]Lookup
	// Offers are for which platforms registries have images, by reference; nil for one
	// that does not say.
	Offers map[string]*check.Offer
}

// Needs is what has to be asked before a decision is final.
type Needs struct {
	// Facts are the node's, Lookups the digests of references, Offers their platforms.
	Facts           bool
	Lookups, Offers []string
}

// Empty reports whether the decision is final.
func (n Needs) Empty() bool { return !n.Facts && len(n.Lookups)+len(n.Offers) == 0 }

// Thing is what one resource of a run has of a node for itself.
type Thing struct{ Kind, Name string }

// The kinds of things.
const (
	ThingStack   = "stack"
	ThingNetwork = "network"
	ThingVolume  = "volume"
	ThingSecret  = "secret"
)

// Owner is a resource that has things of a node for itself.
type Owner struct {
	// Identity is unique to the resource, and Name is the resource in messages,
	// as in `homelab_stack "media"`.
	Identity, Name string
}

// StackOwner names the resource that a stack is of.
func StackOwner(name string) string { return fmt.Sprintf("homelab_stack %q", name) }

// owned reports that another resource of the run has the same things for itself.
func (w World) owned(attribute, by string, things ...Thing) []check.Problem {
	var problems []check.Problem
	for _, t := range things {
		switch other := w.Owners[t]; other {
		case "":
		case by:
			problems = append(problems, check.Problem{Attribute: attribute, Detail: fmt.Sprintf("Two resources of this configuration are %s on node %q. "+
				"Each would undo what the other does. Give one of the two another name or node, or remove one of them.", by, w.Node)})
		default:
			problems = append(problems, check.Problem{Attribute: attribute, Detail: fmt.Sprintf("The %s %q on node %q is made by %s and by %s of this configuration. "+
				"Only one of the two can make it: declare it external: true in a stack that uses it, or give one of them another name.", t.Kind, t.Name, w.Node, other, by)})
		}
	}
	return problems
}

// leaving reports whether the run takes a stack away from the node.
func (w World) leaving(stack string) bool {
	for _, one := range w.Stacks {
		if one.Stack == stack {
			return one.Leaves
		}
	}
	return false
}

// declares reports whether the run makes a network of that name on the node, or
// leaves it there.
func (w World) declares(network string) bool {
	for _, one := range w.Networks {
		if network != "" && one.Name == network && !one.Leaves {
			return true
		}
	}
	return false
}

// before are the networks that were noted before those of the resource.
func (w World) before() []check.Network {
	var out []check.Network
	for _, one := range w.Networks {
		if one.Before {
			out = append(out, one)
		}
	}
	return out
}

// isThere writes the warning that something of a resource without a state is on the
// node, and homelab made it. Another resource of the configuration may have it, which
// the run destroys first, or a resource that the run does not know. what is "Stack \"media\"".
func (w World) isThere(what, owner, name string) string {
	kind, _, _ := strings.Cut(owner, " ")
	return fmt.Sprintf("%s, and this resource has no state of it. Applying creates it only if the run destroys it first, as what Terraform calls tainted or replaced; "+
		"else applying is refused, without a change. To take it over as it is, import it: terraform import ADDRESS %s/%s. "+
		"If only the address of the resource changed, as with another key of for_each, write a moved block (from = %s.OLD, to = %s.NEW), and nothing happens to it. "+
		"If Terraform calls it tainted and it works, run terraform untaint. If another configuration has it, choose another name.", what, w.Node, name, kind, kind)
}
