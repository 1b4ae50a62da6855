package subnet

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// model is the resource as Terraform holds it.
type model struct {
	ID          types.String   `tfsdk:"id"`
	Name        types.String   `tfsdk:"name"`
	Description types.String   `tfsdk:"description"`
	Labels      types.Map      `tfsdk:"labels"`
	Timeouts    timeouts.Value `tfsdk:"timeouts"`

	VLANID    types.Int64  `tfsdk:"vlan_id"`
	CIDR      cidr.Value   `tfsdk:"cidr"`
	Gateway   cidr.Value   `tfsdk:"gateway"`
	Reserved  types.Set    `tfsdk:"reserved"`
	IPv6      types.Object `tfsdk:"ipv6"`
	Addresses types.Map    `tfsdk:"addresses"`

	Driver      types.String `tfsdk:"driver"`
	Mode        types.String `tfsdk:"mode"`
	Attachments types.Map    `tfsdk:"attachments"`

	Networks types.Map    `tfsdk:"networks"`
	VLAN     types.Object `tfsdk:"vlan"`
}

type ipv6Model struct {
	CIDR     cidr.Value `tfsdk:"cidr"`
	Gateway  cidr.Value `tfsdk:"gateway"`
	Reserved types.Set  `tfsdk:"reserved"`
}

type attachmentModel struct {
	Parent    types.String `tfsdk:"parent"`
	Size      types.Int64  `tfsdk:"size"`
	Range     cidr.Value   `tfsdk:"range"`
	IPv6Range cidr.Value   `tfsdk:"ipv6_range"`
}

type addressModel struct {
	Node types.String `tfsdk:"node"`
	IPv4 cidr.Value   `tfsdk:"ipv4"`
	IPv6 cidr.Value   `tfsdk:"ipv6"`
}

// networkModel is one node's network.
type networkModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Parent      types.String `tfsdk:"parent"`
	Driver      types.String `tfsdk:"driver"`
	Mode        types.String `tfsdk:"mode"`
	CIDR        types.String `tfsdk:"cidr"`
	Gateway     types.String `tfsdk:"gateway"`
	Range       types.String `tfsdk:"range"`
	IPv6CIDR    types.String `tfsdk:"ipv6_cidr"`
	IPv6Gateway types.String `tfsdk:"ipv6_gateway"`
	IPv6Range   types.String `tfsdk:"ipv6_range"`
	Unexpected  types.Map    `tfsdk:"unexpected"`
}

type vlanModel struct {
	ID          types.Int64  `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	CIDR        types.String `tfsdk:"cidr"`
	Gateway     types.String `tfsdk:"gateway"`
	Netmask     types.String `tfsdk:"netmask"`
	IPv6CIDR    types.String `tfsdk:"ipv6_cidr"`
	IPv6Gateway types.String `tfsdk:"ipv6_gateway"`
	DHCP        types.List   `tfsdk:"dhcp"`
	Nodes       types.List   `tfsdk:"nodes"`
}

type dhcpModel struct {
	First types.String `tfsdk:"first"`
	Last  types.String `tfsdk:"last"`
}

// inputsKnown reports whether all that decides what the nodes have is known.
func (m *model) inputsKnown(ctx context.Context) bool {
	for _, v := range []attr.Value{m.Name, m.Description, m.Labels, m.VLANID, m.CIDR, m.Gateway, m.Reserved, m.IPv6, m.Addresses, m.Driver, m.Mode, m.Attachments} {
		raw, err := v.ToTerraformValue(ctx)
		if err != nil || !raw.IsFullyKnown() {
			return false
		}
	}
	return true
}

// segment reads what is known of the model. Diagnostics are at the attribute that
// cannot be read.
func (m *model) segment(ctx context.Context) (segment, diag.Diagnostics) {
	r := &reader{ctx: ctx}
	s := segment{
		name: m.Name.ValueString(), vlan: int(m.VLANID.ValueInt64()), vlanUnknown: m.VLANID.IsUnknown(),
		driver: m.Driver.ValueString(), mode: m.Mode.ValueString(),
		v4: family{
			unknown: m.CIDR.IsUnknown(), prefix: read(m.CIDR, address.ParsePrefix),
			gateway:  read(m.Gateway, address.ParseAddr),
			reserved: r.reserved(m.Reserved, path.Root("reserved")),
		},
	}
	if s.driver == "" && !m.Driver.IsUnknown() {
		s.driver = macvlan
	}
	if s.mode == "" {
		s.mode = defaultMode(s.driver)
	}
	s.v6 = r.ipv6(m.IPv6)
	s.nodes = r.attachments(m.Attachments, s.v4)
	s.static = r.addresses(m.Addresses)
	if !m.Labels.IsUnknown() {
		r.diags.Append(m.Labels.ElementsAs(ctx, &s.labels, false)...)
	}
	if text := m.Description.ValueString(); text != "" {
		if s.labels == nil {
			s.labels = map[string]string{}
		}
		s.labels[desired.LabelDescription] = text
	}
	return s, r.diags
}

// reader collects what cannot be read.
type reader struct {
	ctx   context.Context //nolint:containedctx // of one call
	diags diag.Diagnostics
}

// read parses a text that is known, or yields the zero value. What cannot be parsed
// was refused at its attribute already.
func read[V any](text cidr.Value, parse func(string) (V, error)) V {
	var zero V
	if text.IsNull() || text.IsUnknown() {
		return zero
	}
	value, err := parse(text.ValueString())
	if err != nil {
		return zero
	}
	return value
}

// reserved reads ranges. The framework does not look at the elements of a set.
func (r *reader) reserved(set types.Set, place path.Path) []address.Range {
	var list []address.Range
	for _, element := range set.Elements() {
		text, ok := element.(cidr.Value)
		if !ok || text.IsNull() || text.IsUnknown() {
			continue
		}
		one, err := address.ParseRange(text.ValueString())
		if err != nil {
			r.diags.AddAttributeError(place, invalidReserved, concept.Sentence(err.Error()))
			continue
		}
		list = append(list, one)
	}
	return sortedRanges(list)
}

func (r *reader) ipv6(object types.Object) family {
	f := family{unknown: object.IsUnknown()}
	if object.IsNull() || object.IsUnknown() {
		return f
	}
	var m ipv6Model
	r.diags.Append(object.As(r.ctx, &m, asOptions)...)
	f.unknown = m.CIDR.IsUnknown()
	f.prefix = read(m.CIDR, address.ParsePrefix)
	f.gateway = read(m.Gateway, address.ParseAddr)
	f.reserved = r.reserved(m.Reserved, path.Root("ipv6"))
	return f
}

func (r *reader) attachments(m types.Map, v4 family) map[string]attachment {
	if m.IsUnknown() {
		return nil
	}
	nodes := map[string]attachment{}
	elements := m.Elements()
	for _, node := range sortedKeys(elements) {
		object, ok := elements[node].(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			nodes[node] = attachment{}
			continue
		}
		var a attachmentModel
		r.diags.Append(object.As(r.ctx, &a, asOptions)...)
		one := attachment{
			parent: a.Parent.ValueString(),
			range4: read(a.Range, address.ParsePrefix),
			range6: read(a.IPv6Range, address.ParsePrefix),
		}
		if size := a.Size.ValueInt64(); size < 1 && !a.Size.IsNull() && !a.Size.IsUnknown() {
			r.diags.AddAttributeError(path.Root("attachments"), invalidRange, fmt.Sprintf("The range of node %q has at least one address: set size to 1 or more.", node))
		} else if size > 0 && v4.prefix.IsValid() {
			one.bits = bitsFor(int(size), v4.prefix)
		}
		nodes[node] = one
	}
	return nodes
}

func (r *reader) addresses(m types.Map) map[string]static {
	list := map[string]static{}
	elements := m.Elements()
	for _, name := range sortedKeys(elements) {
		object, ok := elements[name].(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			continue
		}
		var a addressModel
		r.diags.Append(object.As(r.ctx, &a, asOptions)...)
		if a.IPv4.IsNull() && a.IPv6.IsNull() {
			r.diags.AddAttributeError(path.Root("addresses"), invalidAddress, fmt.Sprintf("%q has no address. Set its ipv4, its ipv6, or both.", name))
		}
		list[name] = static{
			node: a.Node.ValueString(),
			v4:   read(a.IPv4, address.ParseAddr),
			v6:   read(a.IPv6, address.ParseAddr),
		}
	}
	return list
}
