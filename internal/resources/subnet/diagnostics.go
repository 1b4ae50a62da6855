package subnet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// conflicts puts what is in the way of the subnet at the attribute that is to
// change.
func (s segment) conflicts(found []core.SubnetConflict) []problem {
	var problems []problem
	for _, c := range found {
		switch {
		case c.Node != "":
			problems = append(problems, problem{at{"attachments", c.Node, "parent"}, duplicateVLAN, c.Detail})
		case c.Prefix == s.v6.prefix:
			problems = append(problems, problem{at{"ipv6", "cidr"}, overlapping, c.Detail})
		default:
			problems = append(problems, problem{at{"cidr"}, overlapping, c.Detail})
		}
	}
	return problems
}

// declared is what the subnet takes, for others to keep clear of.
func (s segment) declared(parts map[string]ranges) core.Subnet {
	out := core.Subnet{Name: s.name, VLAN: s.vlan, Nodes: map[string]core.SubnetNode{}}
	for _, f := range []family{s.v4, s.v6} {
		if f.prefix.IsValid() {
			out.Prefixes = append(out.Prefixes, f.prefix)
		}
		if f.gateway.IsValid() {
			out.Gateways = append(out.Gateways, f.gateway)
		}
		out.Reserved = append(out.Reserved, f.reserved...)
	}
	for node := range s.nodes {
		n := core.SubnetNode{Link: s.link(node)}
		if parts[node].v4.IsValid() {
			n.Ranges = append(n.Ranges, parts[node].v4)
		}
		if parts[node].v6.IsValid() {
			n.Ranges = append(n.Ranges, parts[node].v6)
		}
		out.Nodes[node] = n
	}
	return out
}

// problems puts what the core says of one node's network at the attributes.
func (s segment) problems(node string, found []core.Problem) []problem {
	var problems []problem
	for _, p := range found {
		detail := fmt.Sprintf("Node %q: %s", node, p.Detail)
		switch {
		case p.Foreign && p.Owned:
			problems = append(problems, problem{at{"name"}, "Network exists already", fmt.Sprintf(
				"%s To take it over as it is, import the subnet: terraform import ADDRESS %s/%s.%s", detail, strings.Join(sortedKeys(s.nodes), ","), s.name, s.subject("").Elsewhere())})
		case p.Foreign:
			problems = append(problems, problem{at{"name"}, "Network exists already", fmt.Sprintf(
				"%s Remove it, choose another name, or import the subnet: terraform import ADDRESS %s/%s", detail, strings.Join(sortedKeys(s.nodes), ","), s.name)})
		case p.Attribute == "parent":
			problems = append(problems, problem{at{"attachments", node, "parent"}, duplicateVLAN, detail})
		case p.Attribute == "mode":
			problems = append(problems, problem{at{"mode"}, invalidMode, detail})
		case strings.HasPrefix(p.Attribute, "ipam[0]"):
			problems = append(problems, problem{at{"cidr"}, overlapping, detail})
		case strings.HasPrefix(p.Attribute, "ipam[1]"):
			problems = append(problems, problem{at{"ipv6", "cidr"}, overlapping, detail})
		default:
			problems = append(problems, problem{at{"attachments", node}, "Subnet not possible on node", detail})
		}
	}
	return problems
}

// applyDiagnostics says why a node did not get its network; existed is whether it has
// the one from before, and creating that the subnet is new.
func applyDiagnostics(s segment, node string, existed, creating bool, err error) diag.Diagnostics {
	var refused *core.ProblemsError
	var changed *core.ChangedError
	var failed *core.Error
	switch subject := s.subject(node); {
	case errors.As(err, &refused):
		return concept.WithSentence(diagnostics(s.problems(node, refused.Problems)), concept.NothingChanged)
	case errors.As(err, &changed):
		return subject.Refused(err, "")
	case errors.As(err, &failed):
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("attachments"), "Unable to create network", fmt.Sprintf(
			"Node %q could not create network %q on %s. %s%s", node, s.name, s.link(node), concept.NetworkFailure(failed, existed), s.others(creating)))}
	default:
		return subject.NodeError(err)
	}
}

// others says what becomes of the other nodes' networks if one node fails; of those
// of a new subnet, rollBack does.
func (s segment) others(creating bool) string {
	if len(s.nodes) < 2 || creating {
		return ""
	}
	return " The other nodes are not affected."
}

// removeDiagnostics says why a network is still there.
func removeDiagnostics(node, name string, err error) diag.Diagnostics {
	if core.Offline(err) || core.NotConfigured(err) {
		return segment{name: name}.subject(node).NodeError(err)
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to remove network", fmt.Sprintf("Network %q on node %q: %s", name, node, concept.Sentence(err.Error())))}
}
