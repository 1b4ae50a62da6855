package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// refuseForeign refuses to create a stack over one that exists: a project that homelab
// did not make, or a stack that is not in this resource's state.
func (b *builder) refuseForeign() bool {
	taken := b.opts.Create && b.have.Exists() && !b.have.Unfinished
	if b.opts.Adopt || !taken && (b.have.Owned || len(b.have.Services) == 0) {
		return false
	}
	problem := check.Problem{Attribute: "name", Foreign: true, Owned: b.have.Owned,
		Detail: fmt.Sprintf("A Compose project named %q with %d services exists already, and homelab did not make it.", b.want.Name, len(b.have.Services))}
	if b.have.Owned {
		problem.Detail = fmt.Sprintf("Stack %q is on the node already, with %s, and this resource did not make it: another configuration has it, or the state of it was lost.",
			b.want.Name, whatIsThere(b.have))
	}
	b.Problems = append(b.Problems, problem)
	b.MayClear = b.have.Owned
	return true
}

// whatIsThere names the services and networks that the node has of a stack.
func whatIsThere(have *observed.Stack) string {
	var parts []string
	if services := sortedKeys(have.Services); len(services) > 0 {
		parts = append(parts, counted("service", services))
	}
	if networks := have.OwnNetworks(); len(networks) > 0 {
		slices.Sort(networks)
		parts = append(parts, counted("network", networks))
	}
	return strings.Join(parts, " and ")
}

// counted names things in a sentence: service "db", or services "db", "web".
func counted(kind string, names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(name))
	}
	if len(names) > 1 {
		kind += "s"
	}
	return kind + " " + strings.Join(quoted, ", ")
}

// warnOfReuse warns of what a create finds on the node and uses, removes or
// changes: the rest of a create that was cut off or failed, and data in volumes.
func (b *builder) warnOfReuse() {
	if !b.opts.Create {
		return
	}
	var data []string
	for _, key := range sortedKeys(b.want.Volumes) {
		if _, exists := b.have.Volumes[b.want.Volumes[key].Name]; exists && !b.want.Volumes[key].External {
			data = append(data, b.want.Volumes[key].Name)
		}
	}
	if len(data) > 0 && !b.have.Unfinished {
		b.Warnings = append(b.Warnings, fmt.Sprintf("Stack %q uses the data that the node has in the %s, which an earlier stack of this name left. "+
			"To begin without it, give the volume another name, or remove it first with docker volume rm.", b.want.Name, counted("volume", data)))
	}
	if !b.have.Unfinished || !b.have.Exists() {
		return
	}
	text := fmt.Sprintf("An apply that was to create stack %q was cut off. Applying continues with what it left on the node: %s.", b.want.Name, whatIsThere(b.have))
	if b.opts.Failed {
		text = fmt.Sprintf("The create of stack %q failed before, so Terraform says that all of it is replaced. "+
			"Applying continues with what the node has of it and destroys nothing else than is said here: %s.", b.want.Name, whatIsThere(b.have))
	}
	if removed := b.removed(); len(removed) > 0 {
		text += " It removes of that: " + strings.Join(removed, ", ") + "."
	}
	b.Warnings = append(b.Warnings, text)
}

// removed names what the plan removes of what is there, to recreate it or for
// good.
func (p *Plan) removed() []string {
	var list []string
	for _, c := range p.Changes {
		switch c.Action {
		case Remove, Recreate, Replace, CleanUp:
			list = append(list, c.Subject)
		default: // it stays
		}
	}
	return list
}
