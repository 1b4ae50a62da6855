package subnet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// conflicts puts what is in the way of the subnet at the attribute that is to
// change.
func (s segment) conflicts(found []converge.SubnetConflict) []problem {
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
func (s segment) declared(parts map[string]ranges) converge.Subnet {
	out := converge.Subnet{Name: s.name, VLAN: s.vlan, Nodes: map[string]converge.SubnetNode{}}
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
		n := converge.SubnetNode{Link: s.link(node)}
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
func (s segment) problems(node string, found []converge.Problem) []problem {
	var problems []problem
	for _, p := range found {
		detail := fmt.Sprintf("Node %q: %s", node, p.Detail)
		switch {
		case p.Foreign && p.Owned:
			problems = append(problems, problem{at{"name"}, "Network exists already", fmt.Sprintf(
				"%s To take it over as it is, import the subnet: terraform import ADDRESS %s/%s.%s", detail, strings.Join(sortedKeys(s.nodes), ","), s.name, concept.Elsewhere("homelab_subnet"))})
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

// unread words why a network in state can't be looked at. Without an error among
// them the state stands.
func unread(node, name string, imported bool, err error) diag.Diagnostics {
	subject := fmt.Sprintf("subnet %q", name)
	switch {
	case imported:
	case converge.UnknownUntilApply(err):
		return nil // what can't be asked yet is not said to have changed
	case converge.KeepsState(err):
		return diag.Diagnostics{diag.NewWarningDiagnostic(converge.Standing(node, subject, err))}
	case converge.NotConfigured(err):
		summary, detail := converge.Forsaken(node, subject, "homelab_subnet")
		return diag.Diagnostics{diag.NewErrorDiagnostic(summary, detail)}
	}
	return diag.Diagnostics{nodeDiagnostic(node, err)}
}

// nodeDiagnostic says why a node could not be looked at.
func nodeDiagnostic(node string, err error) diag.Diagnostic {
	summary, detail := "Unable to read node", fmt.Sprintf("Node %q: %s", node, sentence(err.Error()))
	var told interface{ Summary() string }
	if errors.As(err, &told) {
		summary = told.Summary()
	}
	var explained interface{ Detail() string }
	if errors.As(err, &explained) {
		detail = explained.Detail()
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("attachments"), summary, detail)
}

// applyDiagnostic says why a node did not get its network; there tells that it has
// the one from before, and creating that the subnet is new.
func applyDiagnostic(s segment, node string, there, creating bool, err error) diag.Diagnostic {
	place := path.Root("attachments")
	var changed *converge.ChangedError
	var refused *converge.ProblemsError
	var failed *converge.Error
	switch {
	case errors.As(err, &changed):
		return diag.NewAttributeErrorDiagnostic(place, "Node changed since the plan", fmt.Sprintf(
			"Applying would do on node %q what the plan did not say: %s. Nothing was changed there. Plan again to see it.", node, strings.Join(changed.Changes, ", ")))
	case errors.As(err, &refused):
		return diag.NewAttributeErrorDiagnostic(place, "Unable to make network", fmt.Sprintf("Node %q: %s Nothing was changed there.", node, err))
	case errors.As(err, &failed):
		return diag.NewAttributeErrorDiagnostic(place, "Unable to make network", fmt.Sprintf(
			"Node %q could not make network %q on %s. %s%s", node, s.name, s.link(node), failure(failed, there), s.others(creating)))
	}
	return nodeDiagnostic(node, err)
}

// others says what becomes of the other nodes' networks if one node fails; of those
// of a new subnet, takeBack does.
func (s segment) others(creating bool) string {
	if len(s.nodes) < 2 || creating {
		return ""
	}
	return " The other nodes are not affected."
}

// failure tells what the engine refused, what that means and what is there now.
func failure(e *converge.Error, there bool) string {
	var lines []string
	for i := range e.Failures {
		lines = append(lines, sentence(e.Failures[i].Err.Error()))
		if advice := converge.NetworkAdvice(e.Failures[i].Err); advice != "" {
			lines = append(lines, advice)
		}
	}
	switch {
	case e.RollbackErr != nil:
		lines = append(lines, fmt.Sprintf("Putting the network and its containers back failed in part: %s Look at docker network inspect %s.", sentence(e.RollbackErr.Error()), e.Stack))
	case e.RolledBack && there:
		lines = append(lines, "What was there before was put back.")
	}
	return strings.Join(lines, " ")
}

// removeDiagnostic says why a network is still there.
func removeDiagnostic(node, name string, err error) diag.Diagnostic {
	if converge.Offline(err) || converge.NotConfigured(err) {
		return nodeDiagnostic(node, err)
	}
	return diag.NewErrorDiagnostic("Unable to remove network", fmt.Sprintf("Network %q on node %q: %s", name, node, sentence(err.Error())))
}
