package network

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// The values of the nat attribute.
const (
	natMasquerade = "masquerade"
	natNone       = "none"
	natRouted     = "routed"
)

// driverNull is what an engine calls the driver of a config-only network.
const driverNull = "null"

// model is homelab_network as Terraform has it.
type model struct {
	ID            types.String   `tfsdk:"id"`
	Name          types.String   `tfsdk:"name"`
	Node          types.String   `tfsdk:"node"`
	Description   types.String   `tfsdk:"description"`
	Labels        types.Map      `tfsdk:"labels"`
	IPAM          types.List     `tfsdk:"ipam"`
	EnableIPv4    types.Bool     `tfsdk:"enable_ipv4"`
	EnableIPv6    types.Bool     `tfsdk:"enable_ipv6"`
	Internal      types.Bool     `tfsdk:"internal"`
	Zone          types.String   `tfsdk:"zone"`
	Attachable    types.Bool     `tfsdk:"attachable"`
	NAT           types.String   `tfsdk:"nat"`
	ConfigOnly    types.Bool     `tfsdk:"config_only"`
	ConfigFrom    types.String   `tfsdk:"config_from"`
	Driver        types.String   `tfsdk:"driver"`
	Parent        types.String   `tfsdk:"parent"`
	Mode          types.String   `tfsdk:"mode"`
	MTU           types.Int64    `tfsdk:"mtu"`
	InterfaceName types.String   `tfsdk:"interface_name"`
	DriverOptions types.Map      `tfsdk:"driver_options"`
	NetworkID     types.String   `tfsdk:"network_id"`
	Subnets       types.List     `tfsdk:"subnets"`
	EngineLabels  types.Map      `tfsdk:"engine_labels"`
	Reattached    types.List     `tfsdk:"reattached"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

var (
	auxType  = cidr.Type{Kind: cidr.Address}
	poolType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"subnet": cidr.Type{Kind: cidr.Prefix}, "gateway": auxType, "ip_range": cidr.Type{Kind: cidr.Prefix}, "aux_addresses": types.MapType{ElemType: auxType},
	}}
	subnetType = types.ObjectType{AttrTypes: map[string]attr.Type{"subnet": types.StringType, "gateway": types.StringType, "ip_range": types.StringType}}
)

// subject is the network as messages about its node call it.
func (m *model) subject() concept.Subject {
	return concept.Subject{Kind: "network", Name: m.Name.ValueString(), Node: m.Node.ValueString()}
}

// inputsKnown reports whether everything that makes the network is known.
func (m *model) inputsKnown(ctx context.Context) bool {
	for _, value := range []attr.Value{m.Name, m.Node, m.Description, m.Labels, m.IPAM, m.EnableIPv4, m.EnableIPv6, m.Internal, m.Zone, m.Attachable,
		m.NAT, m.ConfigOnly, m.ConfigFrom, m.Driver, m.Parent, m.Mode, m.MTU, m.InterfaceName, m.DriverOptions} {
		raw, err := value.ToTerraformValue(ctx)
		if err != nil || !raw.IsFullyKnown() {
			return false
		}
	}
	return true
}

// toDesired is the network that is asked for. What is unknown is left out.
func (m *model) toDesired() *desired.Network {
	n := &desired.Network{Name: m.Name.ValueString(), Driver: m.Driver.ValueString(), Internal: m.Internal.ValueBool(), Attachable: m.Attachable.ValueBool(),
		ConfigOnly: m.ConfigOnly.ValueBool(), ConfigFrom: m.ConfigFrom.ValueString(), EnableIPv4: m.EnableIPv4.ValueBoolPointer()}
	if n.ConfigOnly || n.Driver == driverNull {
		n.Driver = ""
	}
	n.Labels = texts(m.Labels)
	for label, text := range map[string]string{desired.LabelDescription: m.Description.ValueString(), desired.LabelZone: m.Zone.ValueString()} {
		if text != "" && n.Labels == nil {
			n.Labels = map[string]string{}
		}
		if text != "" {
			n.Labels[label] = text
		}
	}
	pools := m.pools()
	n.SetPools(pools)
	if n.ConfigFrom == "" {
		ipv6 := m.EnableIPv6.ValueBool() || m.EnableIPv6.IsNull() && hasIPv6(pools)
		n.EnableIPv6 = &ipv6
	}
	n.Options = m.options(n.EnableIPv6 != nil && *n.EnableIPv6)
	return n
}

func hasIPv6(pools []desired.Pool) bool {
	return slices.ContainsFunc(pools, func(p desired.Pool) bool { return strings.Contains(p.Subnet, ":") })
}

// pools are the address ranges that are known, canonically spelled; one that is
// not keeps its place with empty fields.
func (m *model) pools() []desired.Pool {
	var out []desired.Pool
	for _, element := range m.IPAM.Elements() {
		var fields map[string]attr.Value
		if object, ok := element.(types.Object); ok {
			fields = object.Attributes()
		}
		one := desired.Pool{Subnet: canonical(fields["subnet"]), Gateway: canonical(fields["gateway"]), IPRange: canonical(fields["ip_range"])}
		aux, _ := fields["aux_addresses"].(types.Map)
		for name, value := range aux.Elements() {
			if address := canonical(value); address != "" {
				if one.Aux == nil {
					one.Aux = map[string]string{}
				}
				one.Aux[name] = address
			}
		}
		out = append(out, one)
	}
	return out
}

// canonical is the one spelling of an address, empty for none.
func canonical(value attr.Value) string {
	text, _ := value.(cidr.Value)
	return text.Canonical()
}

// modeOption is the driver's option for the mode attribute; empty if it has none.
func modeOption(driver string) string {
	switch driver {
	case desired.DriverMacvlan:
		return desired.OptionMacvlanMode
	case desired.DriverIPvlan:
		return desired.OptionIPvlanMode
	default:
		return ""
	}
}

// ownOptions are the options that have attributes of their own, with what those
// ask for.
func (m *model) ownOptions(ipv6 bool) map[string]string {
	own := map[string]string{}
	set := func(option, value string) {
		if option != "" && value != "" {
			own[option] = value
		}
	}
	set(desired.OptionBridgeName, m.InterfaceName.ValueString())
	set(desired.OptionParent, m.Parent.ValueString())
	set(modeOption(m.Driver.ValueString()), m.Mode.ValueString())
	if mtu := m.MTU.ValueInt64(); mtu != 0 {
		set(desired.OptionMTU, strconv.FormatInt(mtu, 10))
	}
	switch m.NAT.ValueString() {
	case natNone:
		set(desired.OptionMasquerade, "false")
	case natRouted:
		set(desired.OptionGatewayMode4, desired.GatewayModeRouted)
		if ipv6 {
			set(desired.OptionGatewayMode6, desired.GatewayModeRouted)
		}
	}
	return own
}

// options are all of the driver's.
func (m *model) options(ipv6 bool) map[string]string {
	options := texts(m.DriverOptions)
	if options == nil {
		options = map[string]string{}
	}
	maps.Copy(options, m.ownOptions(ipv6))
	return options
}

// texts reads a map of strings; nil for null and unknown.
func texts(m types.Map) map[string]string {
	if m.IsNull() || m.IsUnknown() {
		return nil
	}
	out := map[string]string{}
	for key, value := range m.Elements() {
		if text, ok := value.(types.String); ok && !text.IsUnknown() {
			out[key] = text.ValueString()
		}
	}
	return out
}
