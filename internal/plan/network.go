package plan

import (
	"fmt"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// networks plans the stack's own networks and checks the external ones.
func (b *builder) networks() {
	for _, key := range sortedKeys(b.want.Networks) {
		want := b.want.Networks[key]
		have, exists := b.have.Networks[want.Name]
		switch {
		case want.External && !exists && !isPredefined(want.Name):
			b.awaits(fmt.Sprintf("Network %q is declared external, but no network named %q exists on the node. "+
				"It has to be there when this stack is applied: let the stack depend on what makes it, or remove external: true.", key, want.Name), want.Name)
		case want.External:
		case !exists:
			b.change(Change{Subject: "network " + want.Name, Name: want.Name, Action: Create})
			b.add(Operation{ID: opID(CreateNetwork, want.Name), Kind: CreateNetwork, Name: want.Name})
		case have.Labels[desired.LabelProject] != b.want.Name:
			b.problem(fmt.Sprintf("Network %q exists on the node, and this stack did not make it. "+
				"Declare it external: true to use it as it is, or give this one another name.", want.Name))
		default:
			if causes := networkDifferences(want, have); len(causes) > 0 {
				b.replaceNetwork(want, causes)
			}
		}
	}
}

// isPredefined tells the networks that every engine has.
func isPredefined(name string) bool { return name == "bridge" || name == "host" || name == "none" }

func (b *builder) replaceNetwork(want desired.Network, causes []Difference) {
	b.replacedNetworks[want.Name] = true
	b.plan.Rollback = false
	b.change(Change{Subject: "network " + want.Name, Name: want.Name, Action: Replace, Causes: causes})
	remove := b.add(Operation{ID: opID(RemoveNetwork, want.Name), Kind: RemoveNetwork, Name: want.Name})
	b.add(Operation{ID: opID(CreateNetwork, want.Name), Kind: CreateNetwork, Name: want.Name, Needs: []string{remove}})
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
	declared := map[string]bool{}
	for _, n := range b.want.Networks {
		declared[n.Name] = true
	}
	for _, name := range sortedKeys(b.have.Networks) {
		if b.have.Networks[name].Labels[desired.LabelProject] != b.want.Name || declared[name] {
			continue
		}
		b.change(Change{Subject: "network " + name, Name: name, Action: Remove, Causes: []Difference{{Field: "networks", Old: "exists", New: "not declared"}}})
		b.add(Operation{ID: opID(RemoveNetwork, name), Kind: RemoveNetwork, Name: name,
			Needs: b.all(RemoveContainer, AwaitContainer, DisconnectContainer)})
	}
}

// all lists the operations of the given kinds.
func (b *builder) all(kinds ...Kind) []string {
	var ids []string
	for _, op := range b.ops {
		for _, kind := range kinds {
			if op.Kind == kind {
				ids = append(ids, op.ID)
			}
		}
	}
	return ids
}

func opID(kind Kind, name string) string { return string(kind) + " " + name }
