package plan

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// NetworkOptions are what the plan of a network by itself depends on besides the
// two sides.
type NetworkOptions struct {
	// AppliedFields names the fields that were asked for before; one that is no longer
	// asked for is a change.
	AppliedFields []string
	// Filled names the fields that the engine set by itself when the network was
	// made.
	Filled []string
	// Asked is what was asked for before; nil if that is not known.
	Asked desired.Spec
	// Adopt allows a network that is there already.
	Adopt bool
}

// BuildNetwork plans a network that is not part of a stack. Only labels can be changed in
// place; for any other change the network is replaced. Every container on it is
// disconnected and attached again as it was, and none is recreated. The plan can be
// rolled back. Containers that an earlier, interrupted plan left detached are attached.
func BuildNetwork(want *desired.Network, have *observed.NetworkOnNode, opts NetworkOptions) *Plan {
	p := &Plan{Rollback: true}
	switch {
	case !have.Exists:
		p.addChange(Change{Subject: "network " + want.Name, Name: want.Name, Action: Create})
		create := p.add(Operation{Kind: CreateNetwork, Name: want.Name, Made: want})
		p.removeNotes(have, nil, p.reattach(want, have.Detached, create))
	case !opts.Adopt && !have.Unfinished:
		p.MayClear = true
		p.Problems = append(p.Problems, check.Problem{Attribute: "name", Foreign: true, Owned: have.Network.Labels[desired.LabelNetworkName] == want.Name,
			Detail: fmt.Sprintf("Network %q exists on the node already, and this resource did not make it.", want.Name)})
	default:
		p.warnOfReusedNetwork(want, have, opts)
		if causes := networkResourceDifferences(want, have, opts); len(causes) > 0 {
			p.Problems = append(p.Problems, checkBorrowers(have)...)
			p.replaceUnderContainers(want, have, causes)
		} else {
			p.Rollback = false // a container that is attached again stays attached, even if another one fails
			p.removeNotes(have, nil, p.reattach(want, have.Detached))
		}
	}
	p.finish()
	return p
}

// warnOfReusedNetwork warns that a create continues with what an interrupted create left.
func (p *Plan) warnOfReusedNetwork(want *desired.Network, have *observed.NetworkOnNode, opts NetworkOptions) {
	if opts.Adopt {
		return
	}
	text := fmt.Sprintf("An apply that was to create network %q was cut off. Applying continues with what it left", want.Name)
	if causes := networkResourceDifferences(want, have, opts); len(causes) > 0 {
		text += ", and replaces it: " + causes[0].String()
	}
	p.Warnings = append(p.Warnings, text+".")
}

// networkResourceDifferences compares the fields that were asked for, and those in which
// any addition is drift.
func networkResourceDifferences(want *desired.Network, have *observed.NetworkOnNode, opts NetworkOptions) []Difference {
	now := have.Desired()
	asked, is := want.SpecByItself(), now.SpecByItself()
	if want.ConfigOnly {
		asked["driver"] = is["driver"]
		fillHiddenRanges(asked, is, opts)
	}
	keys := map[string]bool{}
	for key := range asked {
		keys[key] = true
	}
	for key := range is {
		known := slices.Contains(opts.AppliedFields, key)
		closed := desired.IsClosedByItself(key, asked) && !slices.Contains(opts.Filled, key)
		keys[key] = keys[key] || known || closed
	}
	var out []Difference
	for _, key := range sortedKeys(keys) {
		if keys[key] && asked[key] != is[key] {
			out = append(out, Difference{Field: key, Old: is[key], New: asked[key]})
		}
	}
	return out
}

// fillHiddenRanges completes a config-only network, of which newer engines do not show
// the address ranges, with what was asked for before. If that is not known either, the
// ranges are taken to be as asked.
func fillHiddenRanges(asked, is desired.Spec, opts NetworkOptions) {
	ranges := func(spec desired.Spec) map[string]string {
		out := map[string]string{}
		for key, value := range spec {
			if strings.HasPrefix(key, "ipam.") {
				out[key] = value
			}
		}
		return out
	}
	if len(ranges(is)) > 0 {
		return
	}
	before := opts.Asked
	if before == nil {
		before = asked
	}
	maps.Copy(is, ranges(before))
}

// replaceUnderContainers disconnects every container, replaces the network and attaches
// them as they were, one after the other. Those with fixed addresses come first, so that
// no other container gets theirs. The others follow in the order of their addresses, so
// that most get the same again. A note on the node lists them until all are attached.
func (p *Plan) replaceUnderContainers(want *desired.Network, have *observed.NetworkOnNode, causes []Difference) {
	p.addChange(Change{Subject: "network " + want.Name, Name: want.Name, Action: Replace, Causes: causes})
	order := attachOrder(slices.Concat(have.Attached, have.Detached))
	note, needs := p.writeNote(have, order)
	for i := len(order) - 1; i >= 0; i-- {
		c := order[i]
		if slices.ContainsFunc(have.Detached, func(off observed.Attached) bool { return off.ID == c.ID }) {
			continue
		}
		needs = []*Operation{p.add(Operation{ID: opID(DisconnectContainer, c.Name), Kind: DisconnectContainer, Container: c.ID,
			Network: want.Name, Endpoint: &c.Endpoint, Needs: needs})}
	}
	was := have.Desired()
	needs = []*Operation{p.add(Operation{Kind: RemoveNetwork, Name: want.Name, Made: &was, Needs: needs})}
	needs = []*Operation{p.add(Operation{Kind: CreateNetwork, Name: want.Name, Made: want, Needs: needs})}
	p.removeNotes(have, note, p.reattach(want, order, needs...))
}

// reattach attaches containers to a network, one after the other, and returns what
// is done when all are.
func (p *Plan) reattach(want *desired.Network, order []observed.Attached, needs ...*Operation) []*Operation {
	for _, c := range order {
		endpoint, lost := fittingEndpoint(c.Endpoint, want)
		p.addChange(Change{Subject: "container " + c.Name, Name: c.Name, Action: Reattach, Causes: lost})
		needs = []*Operation{p.add(Operation{ID: opID(ConnectContainer, c.Name), Kind: ConnectContainer, Container: c.ID,
			Network: want.Name, Endpoint: &endpoint, Needs: needs})}
	}
	return needs
}

// checkBorrowers refuses to replace a network that lends its settings to others:
// engines do not remove it before those.
func checkBorrowers(have *observed.NetworkOnNode) []check.Problem {
	var borrowers []string
	for _, name := range sortedKeys(have.Others) {
		if have.Others[name].ConfigFrom.Network == have.Name {
			borrowers = append(borrowers, strconv.Quote(name))
		}
	}
	if !have.Network.ConfigOnly || len(borrowers) == 0 {
		return nil
	}
	return []check.Problem{{Attribute: "name", Detail: fmt.Sprintf("Network %q lends its settings to %s, and no engine changes or removes it as long as it does. "+
		"Give it another name together with lifecycle { create_before_destroy = true }: whatever has that name in config_from is then replaced with the new settings.",
		have.Name, strings.Join(borrowers, ", "))}}
}

// attachOrder sorts containers by how they are to be attached.
func attachOrder(list []observed.Attached) []observed.Attached {
	rank := func(c observed.Attached) int {
		switch {
		case hasFixedAddress(c.Endpoint):
			return 0
		case c.Running:
			return 1
		default:
			return 2
		}
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b observed.Attached) int {
		first, _ := netip.ParseAddr(a.Address)
		second, _ := netip.ParseAddr(b.Address)
		return cmp.Or(cmp.Compare(rank(a), rank(b)), first.Compare(second), strings.Compare(a.Name, b.Name))
	})
	return out
}

func hasFixedAddress(e desired.Endpoint) bool {
	return e.IPAMConfig != nil && (e.IPAMConfig.IPv4Address != "" || e.IPAMConfig.IPv6Address != "")
}

// fittingEndpoint leaves out the fixed addresses that are in no range of the network;
// the stack that declares them gives the container others.
func fittingEndpoint(e desired.Endpoint, want *desired.Network) (desired.Endpoint, []Difference) {
	if e.IPAMConfig == nil || want.ConfigFrom != "" {
		return e, nil
	}
	var lost []Difference
	fixed := *e.IPAMConfig
	for field, address := range map[string]*string{"ipv4_address": &fixed.IPv4Address, "ipv6_address": &fixed.IPv6Address} {
		if *address != "" && !holdsAddress(want, *address) {
			lost = append(lost, Difference{Field: field, Old: *address})
			*address = ""
		}
	}
	slices.SortFunc(lost, func(a, b Difference) int { return strings.Compare(a.Field, b.Field) })
	e.IPAMConfig = &fixed
	return e, lost
}

// holdsAddress reports whether a range of the network has the address.
func holdsAddress(n *desired.Network, text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && slices.ContainsFunc(n.Pools(), func(pool desired.Pool) bool {
		prefix, err := netip.ParsePrefix(pool.Subnet)
		return err == nil && prefix.Contains(addr)
	})
}

// DestroyNetwork plans the removal of a network that is not part of a stack. One with
// containers attached stays, and is a problem.
func DestroyNetwork(have *observed.NetworkOnNode) *Plan {
	p := &Plan{}
	if !have.Exists {
		p.removeNotes(have, nil, nil)
		p.finish()
		return p
	}
	if len(have.Attached) > 0 {
		p.Problems = append(p.Problems, check.Problem{Attribute: "name", Detail: fmt.Sprintf(
			"Network %q still has containers attached to it: %s. Remove or disconnect them first; nothing was changed.",
			have.Name, strings.Join(names(have.Attached), ", "))})
		return p
	}
	was := have.Desired()
	p.addChange(Change{Subject: "network " + have.Name, Name: have.Name, Action: Remove})
	remove := p.add(Operation{Kind: RemoveNetwork, Name: have.Name, Made: &was})
	p.removeNotes(have, nil, []*Operation{remove})
	p.finish()
	return p
}

// names lists the containers that are attached to a network, with their stacks.
func names(list []observed.Attached) []string {
	var out []string
	for _, c := range list {
		name := c.Name
		if c.Stack != "" {
			name += fmt.Sprintf(" (stack %q)", c.Stack)
		}
		out = append(out, name)
	}
	return out
}
