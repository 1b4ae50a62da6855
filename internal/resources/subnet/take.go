package subnet

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
)

var (
	rangeType      = cidr.Type{Kind: cidr.Range}
	ipv6Type       = map[string]attr.Type{"cidr": cidr.Type{Kind: cidr.Prefix}, "gateway": cidr.Type{Kind: cidr.Address}, "reserved": types.SetType{ElemType: rangeType}}
	attachmentType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"parent": types.StringType, "size": types.Int64Type, "range": cidr.Type{Kind: cidr.Prefix}, "ipv6_range": cidr.Type{Kind: cidr.Prefix},
	}}
	addressType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"node": types.StringType, "ipv4": cidr.Type{Kind: cidr.Address}, "ipv6": cidr.Type{Kind: cidr.Address},
	}}
)

// take fills in, after an import, what the nodes' networks say of the subnet. They
// have to agree on its VLAN and its ranges.
func (m *model) take(ctx context.Context, networks map[string]networkModel) (diags diag.Diagnostics) {
	attachments := map[string]attachmentModel{}
	var first networkModel
	for i, node := range sortedKeys(networks) {
		n := networks[node]
		parent, vlan, ok := tag(n.Parent.ValueString())
		if !ok || modes[n.Driver.ValueString()] == nil {
			diags.AddError("Network does not belong to a subnet", fmt.Sprintf("Network %q on node %q is not on a VLAN: its driver is %s and its parent %q. "+
				"The network of a subnet has the driver macvlan or ipvlan and a sub-interface such as eth0.20 as its parent. Import other networks as homelab_network.",
				m.Name.ValueString(), node, n.Driver.ValueString(), n.Parent.ValueString()))
			return diags
		}
		if i == 0 {
			first = n
			m.VLANID = types.Int64Value(int64(vlan))
		}
		if !n.CIDR.Equal(first.CIDR) || !n.IPv6CIDR.Equal(first.IPv6CIDR) || m.VLANID.ValueInt64() != int64(vlan) {
			diags.AddError("Networks are not of one subnet", fmt.Sprintf("Network %q on node %q has VLAN %d and %s, another node VLAN %d and %s. "+
				"Import them as subnets of their own.", m.Name.ValueString(), node, vlan, n.CIDR.ValueString(), m.VLANID.ValueInt64(), first.CIDR.ValueString()))
			return diags
		}
		attachments[node] = attachmentModel{Parent: types.StringValue(parent), Range: cidr.New(cidr.Prefix, ""), IPv6Range: cidr.New(cidr.Prefix, "")}
	}
	m.Driver, m.Mode = first.Driver, first.Mode
	m.CIDR, m.Gateway = cidr.New(cidr.Prefix, first.CIDR.ValueString()), cidr.New(cidr.Address, first.Gateway.ValueString())
	m.Reserved, m.Addresses = types.SetNull(rangeType), types.MapNull(addressType)
	m.IPv6 = types.ObjectNull(ipv6Type)
	if !first.IPv6CIDR.IsNull() {
		v6 := ipv6Model{CIDR: cidr.New(cidr.Prefix, first.IPv6CIDR.ValueString()), Gateway: cidr.New(cidr.Address, first.IPv6Gateway.ValueString()), Reserved: types.SetNull(rangeType)}
		var more diag.Diagnostics
		m.IPv6, more = types.ObjectValueFrom(ctx, ipv6Type, v6)
		diags.Append(more...)
	}
	var more diag.Diagnostics
	m.Attachments, more = types.MapValueFrom(ctx, attachmentType, attachments)
	diags.Append(more...)
	s, more := m.segment(ctx)
	diags.Append(more...)
	return append(diags, m.setVLAN(ctx, s)...)
}

// takeMetadata fills in the labels and the description that all of the networks have.
func (m *model) takeMetadata(ctx context.Context, labels map[string]map[string]string) (diags diag.Diagnostics) {
	m.Labels, m.Description = types.MapNull(types.StringType), types.StringNull()
	nodes := sortedKeys(labels)
	if len(nodes) == 0 {
		return diags
	}
	shared := maps.Clone(labels[nodes[0]])
	for _, node := range nodes[1:] {
		maps.DeleteFunc(shared, func(key, value string) bool { other, has := labels[node][key]; return !has || other != value })
	}
	m.Description = text(shared[desired.LabelDescription])
	if own := desired.OwnLabels(shared); len(own) > 0 {
		m.Labels, diags = types.MapValueFrom(ctx, types.StringType, own)
	}
	return diags
}
