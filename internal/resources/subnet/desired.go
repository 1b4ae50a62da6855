package subnet

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// modeOptions are the engine's names of a driver's mode.
var modeOptions = map[string]string{macvlan: desired.OptionMacvlanMode, ipvlan: desired.OptionIPvlanMode}

// desired is what a node's network should be.
func (n networkModel) desired(labels map[string]string) *desired.Network {
	out := &desired.Network{Name: n.Name.ValueString(), Driver: n.Driver.ValueString(), Labels: labels, Options: map[string]string{
		desired.OptionParent: n.Parent.ValueString(), modeOptions[n.Driver.ValueString()]: n.Mode.ValueString(),
	}}
	var pools []desired.Pool
	for _, pool := range []desired.Pool{
		{Subnet: n.CIDR.ValueString(), IPRange: n.Range.ValueString(), Gateway: n.Gateway.ValueString()},
		{Subnet: n.IPv6CIDR.ValueString(), IPRange: n.IPv6Range.ValueString(), Gateway: n.IPv6Gateway.ValueString()},
	} {
		if pool.Subnet != "" {
			pools = append(pools, pool)
		}
	}
	out.SetPools(pools)
	if !n.IPv6CIDR.IsNull() {
		on := true
		out.EnableIPv6 = &on
	}
	return out
}

// like leaves out the mode where it is the default and the network that is there
// was made without naming it.
func like(want *desired.Network, now desired.Network) *desired.Network {
	option := modeOptions[want.Driver]
	if _, named := now.Options[option]; !named && now.Driver == want.Driver && want.Options[option] == modes[want.Driver][0] {
		want.Options = maps.Clone(want.Options)
		delete(want.Options, option)
	}
	return want
}

// known names the fields that were asked for of a network.
func (n networkModel) appliedFields() []string {
	if n.Driver.ValueString() == "" {
		return nil
	}
	return slices.Sorted(maps.Keys(n.desired(nil).SpecByItself()))
}

// observed describes a network that exists. What was not asked for before, and an
// engine may choose by itself, is left out.
func observed(id string, n desired.Network, before networkModel) networkModel {
	out := networkModel{
		ID: types.StringValue(id), Name: types.StringValue(n.Name), Parent: text(n.Options[desired.OptionParent]),
		Driver: text(n.Driver), Mode: text(n.Options[modeOptions[n.Driver]]),
	}
	if offered := modes[n.Driver]; offered != nil && out.Mode.IsNull() {
		out.Mode = types.StringValue(offered[0])
	}
	for _, pool := range n.Pools() {
		if strings.Contains(pool.Subnet, ":") {
			out.IPv6CIDR, out.IPv6Gateway, out.IPv6Range = text(pool.Subnet), text(pool.Gateway), text(pool.IPRange)
		} else {
			out.CIDR, out.Gateway, out.Range = text(pool.Subnet), text(pool.Gateway), text(pool.IPRange)
		}
	}
	if before.Gateway.IsNull() && !before.CIDR.IsNull() {
		out.Gateway = types.StringNull()
	}
	if before.IPv6Gateway.IsNull() && !before.IPv6CIDR.IsNull() {
		out.IPv6Gateway = types.StringNull()
	}
	out.Unexpected = unexpected(out, n)
	return out
}

// unexpected are the settings of a network that are not a subnet's.
func unexpected(is networkModel, n desired.Network) types.Map {
	asked, found := is.desired(nil).SpecByItself(), map[string]attr.Value{}
	for key, value := range n.SpecByItself() {
		if asked[key] != value && desired.IsClosedByItself(key, asked) {
			found[key] = types.StringValue(value)
		}
	}
	return types.MapValueMust(types.StringType, found)
}

func text(value string) types.String {
	if value == "" {
		return types.StringNull()
	}
	return types.StringValue(value)
}

// same reports whether two networks are the same except for their IDs.
func (n networkModel) same(other networkModel) bool {
	mine, theirs := n.settings(), other.settings()
	for i := range mine {
		if !mine[i].Equal(theirs[i]) {
			return false
		}
	}
	return true
}

func (n networkModel) settings() []attr.Value {
	return []attr.Value{n.Name, n.Parent, n.Driver, n.Mode, n.CIDR, n.Gateway, n.Range, n.IPv6CIDR, n.IPv6Gateway, n.IPv6Range, n.Unexpected}
}

// tag takes a sub-interface's name apart.
func tag(link string) (parent string, vlan int, ok bool) {
	parent, id, found := strings.Cut(link, ".")
	vlan, err := strconv.Atoi(id)
	return parent, vlan, found && err == nil
}
