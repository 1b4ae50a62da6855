package subnet

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
)

// networkName is what engines accept as a network's name, except for the dots and
// slashes of none (moby, daemon/names).
var networkName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

func resourceSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{identityAttributes(), rangeAttributes(), nodeAttributes(), observedAttributes()} {
		for name, attribute := range part {
			attributes[name] = attribute
		}
	}
	attributes["timeouts"] = timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Update: true, Delete: true,
		CreateDescription: "How long creating may take, on all nodes together. Default `5m`.",
		UpdateDescription: "How long an update may take, with the reattaching of containers. Default `5m`.",
		DeleteDescription: "How long destroying may take. Default `5m`.",
	})
	return schema.Schema{
		MarkdownDescription: "One VLAN across nodes. Each node gets a network on the tagged sub-interface of its own interface (`eth0.20` for VLAN 20 " +
			"on `eth0`), which the engine makes with the network and removes with it. Containers on it are hosts of the VLAN: they have addresses of its range, " +
			"and reach each other, on whatever node they are, and the VLAN's other hosts.\n\n" +
			"Engines do not know each other's leases, so each node assigns addresses from its own range. A node that is added or removed does not move the ranges of the others. " +
			"A new subnet is created on all of its nodes or on none. If a later change fails on one node, it is still made on the others.\n\n" +
			"Mistakes are errors of the plan: ranges that overlap, an address outside of the VLAN's or in another node's range, a VLAN that is taken on an interface. " +
			"See the guide *Networks and VLANs*.",
		Attributes: attributes,
	}
}

func identityAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The subnet's name.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the subnet, and of its network on every node. Changing it replaces the subnet.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators: []validator.String{stringvalidator.RegexMatches(networkName,
				"must be a network's name: letters, digits, _, . and -, beginning with a letter or digit")},
		},
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What the subnet is for. Like labels, it is on a network once that is made.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"labels": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Labels of the networks. An engine sets them once: a change is written when a network is replaced for another reason.",
		},
	}
}

func rangeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"vlan_id": schema.Int64Attribute{
			Required:            true,
			MarkdownDescription: "The VLAN's id in the 802.1Q tag: 1 to 4094.",
		},
		"cidr": schema.StringAttribute{
			Required: true, CustomType: cidr.Type{Kind: cidr.Prefix},
			MarkdownDescription: "The VLAN's IPv4 range, such as `10.0.20.0/24`.",
		},
		"gateway": schema.StringAttribute{
			Optional: true, CustomType: cidr.Type{Kind: cidr.Address},
			MarkdownDescription: "The router's address in the VLAN, the containers' default gateway. Not set: there is no router that they should use; " +
				"engines before 28 then keep the first address of each node's range free.",
		},
		"reserved": schema.SetAttribute{
			Optional: true, ElementType: cidr.Type{Kind: cidr.Range},
			MarkdownDescription: "Addresses that no container may get, such as the router's DHCP pool: `10.0.20.100-10.0.20.199`, a CIDR, or one address.",
		},
		"ipv6": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "The VLAN's IPv6 range. Not set: containers have no IPv6 address on it.",
			Attributes: map[string]schema.Attribute{
				"cidr":    schema.StringAttribute{Required: true, CustomType: cidr.Type{Kind: cidr.Prefix}, MarkdownDescription: "The range, such as `fd00:20::/64`."},
				"gateway": schema.StringAttribute{Optional: true, CustomType: cidr.Type{Kind: cidr.Address}, MarkdownDescription: "The router's address."},
				"reserved": schema.SetAttribute{Optional: true, ElementType: cidr.Type{Kind: cidr.Range},
					MarkdownDescription: "Addresses that no container may get."},
			},
		},
		"addresses": schema.MapNestedAttribute{
			Optional: true,
			MarkdownDescription: "Static addresses, by a name of your choice. Ranges that are chosen go around them, and the plan refuses one that something else may get. " +
				"Use them in a Compose document as `ipv4_address`. Those outside of all nodes' ranges are safest: no engine gives them out by itself.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"node": schema.StringAttribute{Required: true, MarkdownDescription: "Node that has the container."},
				"ipv4": schema.StringAttribute{Optional: true, CustomType: cidr.Type{Kind: cidr.Address}, MarkdownDescription: "IPv4 address."},
				"ipv6": schema.StringAttribute{Optional: true, CustomType: cidr.Type{Kind: cidr.Address}, MarkdownDescription: "IPv6 address."},
			}},
		},
	}
}

func nodeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"driver": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(macvlan),
			MarkdownDescription: "`macvlan` (default), where each container has a MAC address of its own, or `ipvlan`, where all have the interface's: " +
				"for switches and Wi-Fi that allow one address on a port.",
			Validators: []validator.String{stringvalidator.OneOf(macvlan, ipvlan)},
		},
		"mode": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "How containers of one node reach each other. For macvlan `bridge` (default: directly), `private` (not at all) or " +
				"`vepa` (by way of a switch that sends frames back). For ipvlan `l2` (default) or `l3` and `l3s` (Docker Engine 23.0), where the node routes between its containers and " +
				"the VLAN, which needs routes to the nodes' ranges on the router.",
		},
		"attachments": schema.MapNestedAttribute{
			Required:            true,
			MarkdownDescription: "The nodes on the VLAN, by name: keys of the provider's `nodes`.",
			Validators:          []validator.Map{mapvalidator.SizeAtLeast(1)},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"parent": schema.StringAttribute{
					Required: true,
					MarkdownDescription: "The node's interface that carries the VLAN, tagged, such as `eth0`. The name of the sub-interface, `<parent>.<vlan_id>`, " +
						"may have 15 characters.",
				},
				"size": schema.Int64Attribute{
					Optional: true,
					MarkdownDescription: "How many IPv4 addresses the node gets, rounded up to a power of two. Default: an eighth of `cidr`. " +
						"Changing it may move the node's range.",
				},
				"range": schema.StringAttribute{
					Optional: true, CustomType: cidr.Type{Kind: cidr.Prefix},
					MarkdownDescription: "The node's IPv4 range itself, a CIDR, in place of `size`.",
				},
				"ipv6_range": schema.StringAttribute{
					Optional: true, CustomType: cidr.Type{Kind: cidr.Prefix},
					MarkdownDescription: "The node's IPv6 range, a CIDR. Default: an eighth of `ipv6.cidr`.",
				},
			}},
		},
	}
}

func observedAttributes() map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"networks": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The network on each node, as the engine has it. One whose `id` the plan does not know is made, or replaced.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"id":           text("The engine's ID of the network."),
				"name":         text("Name, by which a stack on the node joins it as an external network."),
				"parent":       text("The tagged sub-interface, such as `eth0.20`."),
				"driver":       text("Driver."),
				"mode":         text("Mode."),
				"cidr":         text("The VLAN's IPv4 range."),
				"gateway":      text("Gateway."),
				"range":        text("The part of `cidr` that the node hands out."),
				"ipv6_cidr":    text("The VLAN's IPv6 range."),
				"ipv6_gateway": text("IPv6 gateway."),
				"ipv6_range":   text("The part of `ipv6_cidr` that the node hands out."),
				"unexpected": schema.MapAttribute{Computed: true, ElementType: types.StringType,
					MarkdownDescription: "Settings that the configuration does not ask for, for example because somebody recreated the network by hand. Applying replaces it without them. " +
						"`detached` names containers that an interrupted run left detached; applying attaches them."},
			}},
		},
		"vlan": schema.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "What providers of switches and firewalls need to know of the VLAN: define it from this object, trunk it to the ports of `nodes`, " +
				"and keep the router's DHCP pool within `dhcp`.",
			Attributes: map[string]schema.Attribute{
				"id":           schema.Int64Attribute{Computed: true, MarkdownDescription: "VLAN id."},
				"name":         text("Name."),
				"cidr":         text("IPv4 range."),
				"gateway":      text("The router's IPv4 address."),
				"netmask":      text("IPv4 netmask, such as `255.255.255.0`."),
				"ipv6_cidr":    text("IPv6 range."),
				"ipv6_gateway": text("The router's IPv6 address."),
				"dhcp": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The reserved IPv4 ranges, which no container gets.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"first": text("First address."), "last": text("Last address."),
					}}},
				"nodes": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Names of the nodes whose switch ports carry the VLAN, tagged."},
			},
		},
	}
}
