package subnet

import (
	"context"
	"net"
	"net/netip"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
)

var asOptions = basetypes.ObjectAsOptions{}

var (
	networkType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"id": types.StringType, "name": types.StringType, "parent": types.StringType, "driver": types.StringType, "mode": types.StringType,
		"cidr": types.StringType, "gateway": types.StringType, "range": types.StringType,
		"ipv6_cidr": types.StringType, "ipv6_gateway": types.StringType, "ipv6_range": types.StringType,
		"unexpected": types.MapType{ElemType: types.StringType},
	}}
	dhcpType = types.ObjectType{AttrTypes: map[string]attr.Type{"first": types.StringType, "last": types.StringType}}
	vlanType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"id": types.Int64Type, "name": types.StringType, "cidr": types.StringType, "gateway": types.StringType, "netmask": types.StringType,
		"ipv6_cidr": types.StringType, "ipv6_gateway": types.StringType,
		"dhcp": types.ListType{ElemType: dhcpType}, "nodes": types.ListType{ElemType: types.StringType},
	}}
)

// noneUnexpected is what a network has that nobody touched.
var noneUnexpected = types.MapValueMust(types.StringType, map[string]attr.Value{})

// unknown marks what the nodes will have as known only at apply.
func (m *model) unknown() {
	m.Networks = types.MapUnknown(networkType)
	m.VLAN = types.ObjectUnknown(vlanType.AttrTypes)
	if m.Mode.IsUnknown() && !m.Driver.IsUnknown() {
		m.Mode = types.StringValue(defaultMode(m.Driver.ValueString()))
	}
}

// networks are the nodes' networks as the model has them.
func (m *model) networks(ctx context.Context) (map[string]networkModel, diag.Diagnostics) {
	list := map[string]networkModel{}
	if m.Networks.IsNull() || m.Networks.IsUnknown() {
		return list, nil
	}
	diags := m.Networks.ElementsAs(ctx, &list, false)
	return list, diags
}

func (m *model) setNetworks(ctx context.Context, list map[string]networkModel) (diags diag.Diagnostics) {
	m.Networks, diags = types.MapValueFrom(ctx, networkType, list)
	return diags
}

// held are the ranges that nodes have by the state.
func held(list map[string]networkModel) map[string]ranges {
	out := map[string]ranges{}
	for node, n := range list {
		out[node] = ranges{prefix(n.Range), prefix(n.IPv6Range)}
	}
	return out
}

func prefix(text types.String) netip.Prefix {
	p, err := address.ParsePrefix(text.ValueString())
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// network is what a node's network will be; its ID is not known.
func (s segment) network(node string, part ranges) networkModel {
	return networkModel{
		ID: types.StringUnknown(), Name: types.StringValue(s.name), Parent: types.StringValue(s.link(node)),
		Driver: types.StringValue(s.driver), Mode: types.StringValue(s.mode),
		CIDR: prefixText(s.v4.prefix), Gateway: addrText(s.v4.gateway), Range: prefixText(part.v4),
		IPv6CIDR: prefixText(s.v6.prefix), IPv6Gateway: addrText(s.v6.gateway), IPv6Range: prefixText(part.v6),
		Unexpected: noneUnexpected,
	}
}

// setVLAN fills in what is told to switches and firewalls.
func (m *model) setVLAN(ctx context.Context, s segment) diag.Diagnostics {
	var pools []dhcpModel
	for _, r := range sortedRanges(s.v4.reserved) {
		pools = append(pools, dhcpModel{types.StringValue(r.First.String()), types.StringValue(r.Last.String())})
	}
	dhcp, diags := types.ListValueFrom(ctx, dhcpType, pools)
	if pools == nil {
		dhcp = types.ListValueMust(dhcpType, []attr.Value{})
	}
	nodes, more := types.ListValueFrom(ctx, types.StringType, sortedKeys(s.nodes))
	diags.Append(more...)
	v := vlanModel{
		ID: types.Int64Value(int64(s.vlan)), Name: types.StringValue(s.name),
		CIDR: prefixText(s.v4.prefix), Gateway: addrText(s.v4.gateway), Netmask: netmask(s.v4.prefix),
		IPv6CIDR: prefixText(s.v6.prefix), IPv6Gateway: addrText(s.v6.gateway), DHCP: dhcp, Nodes: nodes,
	}
	m.VLAN, more = types.ObjectValueFrom(ctx, vlanType.AttrTypes, v)
	return append(diags, more...)
}

func netmask(p netip.Prefix) types.String {
	if !p.IsValid() {
		return types.StringNull()
	}
	return types.StringValue(net.IP(net.CIDRMask(p.Bits(), p.Addr().BitLen())).String())
}

func prefixText(p netip.Prefix) types.String {
	if !p.IsValid() {
		return types.StringNull()
	}
	return types.StringValue(p.String())
}

func addrText(a netip.Addr) types.String {
	if !a.IsValid() {
		return types.StringNull()
	}
	return types.StringValue(a.String())
}

// diagnostics puts problems at their attributes.
func diagnostics(problems []problem) (diags diag.Diagnostics) {
	for _, p := range problems {
		diags.AddAttributeError(p.at.path(), p.summary, p.detail)
	}
	return diags
}

// path is the attribute at the top. Terraform finds no line for what is inside of
// one, or the wrong one (the cidr of the subnet for that of its ipv6); the detail
// names the rest.
func (a at) path() path.Path { return path.Root(a[0]) }
