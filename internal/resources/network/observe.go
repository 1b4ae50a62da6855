package network

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
)

// privateRecord is what is remembered of a network between runs, in private state.
type privateRecord struct {
	// Made are the labels that the network was seen with when it was last
	// applied; other ones mean that somebody recreated it.
	Made map[string]string `json:"made"`
	// Description is likewise.
	Description string `json:"description,omitempty"`
	// Filled names the fields that the engine set by itself.
	Filled []string `json:"filled,omitempty"`
	// Attached names the containers that belonged on it when it was last read, and
	// Detached those of them that an unfinished run had left off it.
	Attached []string `json:"attached,omitempty"`
	Detached []string `json:"detached,omitempty"`
	// Imported reports that nothing was applied yet: what was asked for is unknown.
	Imported bool `json:"imported,omitempty"`
}

// remember is the record after the network was applied as asked.
func recordOf(asked *desired.Network, view core.NetworkView) privateRecord {
	record := privateRecord{Made: desired.OwnLabels(view.Network.Labels), Description: view.Network.Labels[desired.LabelDescription], Attached: view.Attached}
	wanted, is := asked.SpecByItself(), view.Network.SpecByItself()
	for _, key := range is.Keys() {
		if _, named := wanted[key]; !named {
			record.Filled = append(record.Filled, key)
		}
	}
	return record
}

// observe takes over what only the engine knows.
func (m *model) observe(ctx context.Context, view core.NetworkView) diag.Diagnostics {
	m.ID = types.StringValue(m.Node.ValueString() + "/" + m.Name.ValueString())
	m.NetworkID = types.StringValue(view.ID)
	var diags, more diag.Diagnostics
	m.EngineLabels, diags = types.MapValueFrom(ctx, types.StringType, desired.OwnLabels(view.Network.Labels))
	subnets := []attr.Value{}
	for _, p := range view.Network.Pools() {
		subnets = append(subnets, types.ObjectValueMust(subnetType.AttrTypes, map[string]attr.Value{
			"subnet": types.StringValue(p.Subnet), "gateway": orNull(p.Gateway), "ip_range": orNull(p.IPRange)}))
	}
	m.Subnets, more = types.ListValue(subnetType, subnets)
	diags.Append(more...)
	switch {
	case view.Unfinished: // nobody knows yet who was, which makes the plan differ
		m.Reattached = types.ListNull(types.StringType)
	case m.Reattached.IsNull() || m.Reattached.IsUnknown():
		m.Reattached = list(view.Reattached)
	}
	return diags
}

// refresh brings the attributes that ask for something up to what the engine has:
// those that are set, and those that somebody must not have added. After an import
// nothing is set, and everything is taken over that the engine would not have
// chosen by itself.
func (m *model) refresh(ctx context.Context, view core.NetworkView, record privateRecord) diag.Diagnostics {
	n := &view.Network
	m.Internal, m.Attachable, m.ConfigOnly = types.BoolValue(n.Internal), types.BoolValue(n.Attachable), types.BoolValue(n.ConfigOnly)
	m.ConfigFrom = orNull(n.ConfigFrom)
	m.Driver = types.StringValue(n.Driver)
	if n.ConfigOnly {
		m.Driver = types.StringValue(driverNull)
	}
	diags := m.refreshMetadata(ctx, n, record)
	if n.ConfigFrom != "" {
		return append(diags, m.observe(ctx, view)...) // the rest is the other's
	}
	diags.Append(m.refreshPools(n, record)...)
	pools := m.pools()
	ipv6, ipv4 := n.EnableIPv6 != nil && *n.EnableIPv6, n.EnableIPv4 == nil || *n.EnableIPv4
	if !m.EnableIPv6.IsNull() || ipv6 != hasIPv6(pools) {
		m.EnableIPv6 = types.BoolValue(ipv6)
	}
	if !m.EnableIPv4.IsNull() || !ipv4 {
		m.EnableIPv4 = types.BoolValue(ipv4)
	}
	diags.Append(m.refreshOptions(ctx, n, record, ipv6)...)
	return append(diags, m.observe(ctx, view)...)
}

// refreshMetadata takes over labels and the description of a network that somebody
// else made since.
func (m *model) refreshMetadata(ctx context.Context, n *desired.Network, record privateRecord) diag.Diagnostics {
	own, description := desired.OwnLabels(n.Labels), n.Labels[desired.LabelDescription]
	m.Zone = types.StringNull()
	if n.ConfigFrom == "" {
		m.Zone = orNull(own[desired.LabelZone])
	}
	var diags diag.Diagnostics
	if !sameTexts(own, record.Made) || record.Imported {
		m.Labels = types.MapNull(types.StringType)
		if delete(own, desired.LabelZone); len(own) > 0 && n.ConfigFrom == "" {
			m.Labels, diags = types.MapValueFrom(ctx, types.StringType, own)
		}
	}
	if description != record.Description || record.Imported {
		m.Description = orNull(description)
	}
	return diags
}

func sameTexts(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for key, value := range a {
		if other, ok := b[key]; !ok || other != value {
			return false
		}
	}
	return true
}

// refreshPools keeps the order and the spelling of the ranges that are asked for.
func (m *model) refreshPools(n *desired.Network, record privateRecord) diag.Diagnostics {
	if m.IPAM.IsNull() && (!record.Imported || chosenByEngine(n.Pools())) {
		return nil
	}
	if n.ConfigOnly && len(n.Pools()) == 0 {
		return nil // newer engines do not say
	}
	asked := m.askedPools()
	var elements []attr.Value
	there := n.Pools()
	for _, subnet := range asked.order {
		at := slices.IndexFunc(there, func(p desired.Pool) bool { return p.Subnet == subnet })
		if at >= 0 {
			elements = append(elements, asked.gateways.element(there[at]))
		}
	}
	for _, p := range there {
		if !slices.Contains(asked.order, p.Subnet) && (record.Imported || asked.addition(p, record)) {
			elements = append(elements, asked.gateways.element(p))
		}
	}
	if len(elements) == 0 {
		m.IPAM = types.ListNull(poolType)
		return nil
	}
	list, diags := types.ListValue(poolType, elements)
	m.IPAM = list
	return diags
}

// chosenByEngine reports whether the ranges look as if nobody had asked for them: those
// that engines have by themselves (moby, libnetwork/ipamutils/utils.go, and the
// first /64 of an RFC 4193 prefix), complete. If somebody asked for them all the same,
// the plan after the import says so, and nothing is recreated.
func chosenByEngine(pools []desired.Pool) bool {
	return !slices.ContainsFunc(pools, func(p desired.Pool) bool {
		usual := strings.HasPrefix(p.Subnet, "172.") && strings.HasSuffix(p.Subnet, ".0.0/16") ||
			strings.HasPrefix(p.Subnet, "192.168.") && strings.HasSuffix(p.Subnet, ".0/20") ||
			strings.HasPrefix(p.Subnet, "fd") && strings.HasSuffix(p.Subnet, "::/64")
		return !usual || p.IPRange != "" || len(p.Aux) > 0 || p.Gateway != "" && !cidr.IsFirstHost(p.Subnet, p.Gateway)
	})
}

// asked says which ranges the state asks for, in order, and whether it asks for
// their gateways.
type asked struct {
	order    []string
	gateways gateways
}

// addition reports whether a range that the state does not ask for is somebody's, and
// not the engine's choice.
func (a asked) addition(p desired.Pool, record privateRecord) bool {
	key := "ipam." + p.Subnet
	spec := desired.Spec{}
	for _, subnet := range a.order {
		spec["ipam."+subnet] = "subnet"
	}
	return !slices.Contains(record.Filled, key) && desired.IsClosedByItself(key, spec)
}

// gateways tells, by subnet, whether a gateway was asked for.
type gateways map[string]bool

func (m *model) askedPools() asked {
	out := asked{gateways: gateways{}}
	for _, element := range m.IPAM.Elements() {
		object, ok := element.(types.Object)
		if !ok {
			continue
		}
		subnet := canonical(object.Attributes()["subnet"])
		gateway := object.Attributes()["gateway"]
		out.order = append(out.order, subnet)
		out.gateways[subnet] = gateway != nil && !gateway.IsNull()
	}
	return out
}

// element is a range as the engine has it. A gateway that nobody asked for is the
// engine's choice; so is the first address of a range that is not asked for.
func (g gateways) element(p desired.Pool) attr.Value {
	named, known := g[p.Subnet]
	gateway := p.Gateway
	if !named && (known || cidr.IsFirstHost(p.Subnet, gateway)) {
		gateway = ""
	}
	aux := types.MapNull(auxType)
	if len(p.Aux) > 0 {
		values := map[string]attr.Value{}
		for name, address := range p.Aux {
			values[name] = cidr.New(cidr.Address, address)
		}
		aux = types.MapValueMust(auxType, values)
	}
	return types.ObjectValueMust(poolType.AttrTypes, map[string]attr.Value{
		"subnet": cidr.New(cidr.Prefix, p.Subnet), "gateway": cidr.New(cidr.Address, gateway),
		"ip_range": cidr.New(cidr.Prefix, p.IPRange), "aux_addresses": aux,
	})
}

// refreshOptions gives each option to the attribute that asks for it, or else to
// the one that is its own.
func (m *model) refreshOptions(ctx context.Context, n *desired.Network, record privateRecord, ipv6 bool) diag.Diagnostics {
	written := texts(m.DriverOptions)
	rest := map[string]string{}
	own := map[string]string{}
	for key, value := range n.Options {
		_, isWritten := written[key]
		switch {
		case isWritten:
			rest[key] = value
		case !record.Imported && slices.Contains(record.Filled, "driver_opts."+key):
		default:
			own[key] = value
		}
	}
	take := func(option string) types.String {
		value := own[option]
		delete(own, option)
		return orNull(value)
	}
	m.refreshNAT(own, ipv6)
	m.InterfaceName, m.Parent = take(desired.OptionBridgeName), take(desired.OptionParent)
	m.Mode = types.StringNull()
	if option := modeOption(n.Driver); option != "" {
		m.Mode = take(option)
	}
	m.MTU = types.Int64Null()
	if mtu, err := strconv.ParseInt(own[desired.OptionMTU], 10, 64); err == nil {
		m.MTU = types.Int64Value(mtu)
		delete(own, desired.OptionMTU)
	}
	for key, value := range own {
		rest[key] = value
	}
	if len(rest) == 0 && len(written) == 0 && m.DriverOptions.IsNull() || len(rest) == 0 && len(written) > 0 {
		m.DriverOptions = types.MapNull(types.StringType)
		return nil
	}
	var diags diag.Diagnostics
	m.DriverOptions, diags = types.MapValueFrom(ctx, types.StringType, rest)
	return diags
}

// refreshNAT takes the options of the nat attribute out of own.
func (m *model) refreshNAT(own map[string]string, ipv6 bool) {
	routed6 := own[desired.OptionGatewayMode6] == desired.GatewayModeRouted
	switch {
	case own[desired.OptionGatewayMode4] == desired.GatewayModeRouted && routed6 == ipv6:
		delete(own, desired.OptionGatewayMode4)
		delete(own, desired.OptionGatewayMode6)
		m.NAT = types.StringValue(natRouted)
	case own[desired.OptionMasquerade] == "false":
		delete(own, desired.OptionMasquerade)
		m.NAT = types.StringValue(natNone)
	case m.NAT.IsNull():
	case own[desired.OptionMasquerade] == "" && own[desired.OptionGatewayMode4] == "":
		m.NAT = types.StringValue(natMasquerade)
	default:
		m.NAT = types.StringNull() // its options are among the others
	}
}

func orNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
