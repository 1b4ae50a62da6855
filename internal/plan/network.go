package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// networks plans the stack's own networks and checks the external ones.
func (b *builder) networks() {
	defer b.handRanges()
	for _, key := range sortedKeys(b.want.Networks) {
		want := b.want.Networks[key]
		have, exists := b.have.Networks[want.Name]
		switch {
		case want.External && !exists && !isPredefined(want.Name):
			b.addMissing(fmt.Sprintf("Network %q is declared external, but no network named %q exists on the node. "+
				"It has to be there when this stack is applied: let the stack depend on what makes it, or remove external: true.", key, want.Name), want.Name)
		case want.External:
		case !exists:
			b.addChange(Change{Subject: "network " + want.Name, Name: want.Name, Action: Create})
			b.onceFor(b.networkCreations, Operation{Kind: CreateNetwork, Name: want.Name})
		case have.Labels[desired.LabelProject] != b.want.Name:
			b.addProblem(fmt.Sprintf("Network %q exists on the node, and this stack did not make it. "+
				"Declare it external: true to use it as it is, or give this one another name.", want.Name))
		default:
			if causes := networkDifferences(want, have); len(causes) > 0 {
				b.replaceNetwork(want, causes)
			}
		}
	}
}

// isPredefined reports whether every engine has a network of that name.
func isPredefined(name string) bool { return name == "bridge" || name == "host" || name == "none" }

func (b *builder) replaceNetwork(want desired.Network, causes []Difference) {
	b.addChange(Change{Subject: "network " + want.Name, Name: want.Name, Action: Replace, Causes: causes})
	b.onceFor(b.networkCreations, Operation{Kind: CreateNetwork, Name: want.Name, Needs: []*Operation{b.removeFirst(want.Name)}})
}

// removeFirst removes a network before the network that takes its name or its range is
// created. Its containers are stopped and disconnected before that, so that a failure
// can be undone: a recreated network has another identity to the containers of the old
// one.
func (b *builder) removeFirst(name string) *Operation {
	was := b.have.Network(name)
	return b.onceFor(b.networkRemovals, Operation{Kind: RemoveNetwork, Name: name, Made: &was})
}

// handRanges lets a new network take the range of one that the stack has, which is
// removed first then. A network whose range the engine chooses is created after those
// that declare theirs, so that it gets none of these.
func (b *builder) handRanges() {
	made := slices.DeleteFunc(sortedKeys(b.want.Networks), func(key string) bool { return b.networkCreations[b.want.Networks[key].Name] == nil })
	for _, key := range made {
		b.replaceChosen(b.want.Networks[key])
	}
	for _, key := range sortedKeys(b.want.Networks) {
		own := b.want.Networks[key]
		create := b.networkCreations[own.Name]
		for _, name := range b.goingNetworks() {
			if name != own.Name && create != nil && inTheWay(&own, b.have.Networks[name]) {
				create.after(b.removeFirst(name))
			}
		}
		for _, other := range b.want.Networks {
			if check.ChoosesSubnet(check.NetworkOf("", &own)) && !check.ChoosesSubnet(check.NetworkOf("", &other)) {
				create.after(b.networkCreations[other.Name])
			}
		}
	}
}

// replaceChosen replaces those of the stack's networks whose range the engine chose, if
// a new network declares that range.
func (b *builder) replaceChosen(made desired.Network) {
	for _, key := range sortedKeys(b.want.Networks) {
		n := b.want.Networks[key]
		there, exists := b.have.Networks[n.Name]
		stays := exists && n.Name != made.Name && !n.External && b.networkRemovals[n.Name] == nil && len(there.IPAM.Config) > 0
		if stays && check.ChoosesSubnet(check.NetworkOf("", &n)) && inTheWay(&made, there) {
			b.replaceNetwork(n, []Difference{{Field: "ipam.config.0.subnet", Old: there.IPAM.Config[0].Subnet, New: "another, as network " + made.Name + " takes it"}})
		}
	}
}

// inTheWay reports whether a network cannot exist beside one that is on the node.
func inTheWay(own *desired.Network, there observed.Network) bool {
	n := desired.NetworkOf(there)
	return len(check.ClashesOf(check.NetworkOf("", own), check.NetworkOf("", &n), "")) > 0
}

// checkEndpoints reports which other containers are attached to a network that has to
// be removed first: an engine does not remove it then. A stack of homelab's may leave
// it in the same run.
func (b *builder) checkEndpoints() {
	for _, name := range sortedKeys(b.networkRemovals) {
		for _, id := range b.have.Attached[name] {
			h := b.have.Containers[id]
			if b.inStack(id) || h.Stack != "" && h.Stack == b.opts.Leaving {
				continue
			}
			text := fmt.Sprintf("Network %q is replaced, and %s is attached to it, which no engine allows. ", name, holderText(h))
			if h.Owned {
				b.Warnings = append(b.Warnings, text+"If that stack leaves it in this run, let this one depend on it (depends_on); "+
					"else this one fails, without a change. A homelab_network is replaced under its containers.")
				continue
			}
			b.addProblem(text + fmt.Sprintf("Disconnect it first, with docker network disconnect %s %s, and connect it again afterwards.", name, h.Container))
		}
	}
}

// goingNetworks are the stack's networks that are replaced or not declared any more.
func (b *builder) goingNetworks() []string {
	declared := map[string]bool{}
	for _, n := range b.want.Networks {
		declared[n.Name] = true
	}
	return slices.DeleteFunc(sortedKeys(b.have.Networks), func(name string) bool {
		own := b.have.Networks[name].Labels[desired.LabelProject] == b.want.Name
		return !own || declared[name] && b.networkRemovals[name] == nil
	})
}

// takeOff disconnects a container that has stopped from a network that is removed.
func (b *builder) takeOff(c *existing, name string) *Operation {
	endpoint := c.Endpoints[name]
	return b.add(Operation{ID: fmt.Sprintf("%s %s (%.12s) from %s", DisconnectContainer, c.Name, c.ID, name), Kind: DisconnectContainer,
		Service: c.Service, Number: c.Number, Container: c.ID, Network: name, Endpoint: &endpoint, Needs: []*Operation{c.stop}})
}

// networkDifferences compares what was asked for; what the engine filled in by
// itself is no difference.
func networkDifferences(want desired.Network, have observed.Network) []Difference {
	asked, is := want.Spec(), desired.ExtractNetwork(have)
	keys := map[string]bool{}
	for key := range asked {
		keys[key] = true
	}
	for key := range is {
		keys[key] = keys[key] || desired.IsClosedNetwork(key)
	}
	var out []Difference
	for _, key := range sortedKeys(keys) {
		if keys[key] && asked[key] != is[key] {
			out = append(out, Difference{Field: key, Old: is[key], New: asked[key]})
		}
	}
	return out
}

// cleanUpNetworks removes the stack's networks that are no longer declared,
// after the containers that were on them.
func (b *builder) cleanUpNetworks() {
	for _, name := range b.goingNetworks() {
		if b.networkCreations[name] != nil {
			continue // replaced
		}
		b.addChange(Change{Subject: "network " + name, Name: name, Action: Remove, Causes: []Difference{{Field: "networks", Old: "exists", New: "not declared"}}})
		if b.networkRemovals[name] == nil {
			b.add(Operation{Kind: RemoveNetwork, Name: name,
				Needs: b.all(RemoveContainer, AwaitContainer, DisconnectContainer)})
		}
	}
}

// all lists the operations of the given kinds.
func (p *Plan) all(kinds ...Kind) []*Operation {
	var ops []*Operation
	for _, op := range p.Operations {
		for _, kind := range kinds {
			if op.Kind == kind {
				ops = append(ops, op)
			}
		}
	}
	return ops
}
