package network

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
)

const defaultNode = "local"

// namePattern is what engines accept as a network's name (moby,
// daemon/names/names.go), with one letter allowed too.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

func resourceSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{identityAttributes(), wordAttributes(), addressAttributes(), behaviourAttributes(), driverAttributes(), observedAttributes()} {
		for name, attribute := range part {
			attributes[name] = attribute
		}
	}
	attributes["timeouts"] = timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Update: true, Delete: true,
		CreateDescription: "How long creating may take. Default `5m`.",
		UpdateDescription: "How long an update may take, with the reattaching of containers. Default `5m`.",
		DeleteDescription: "How long destroying may take. Default `5m`.",
	})
	return schema.Schema{
		MarkdownDescription: "A network on one node, for stacks and other containers to join by its name, as Docker Compose's external networks.\n\n" +
			"Engines change nothing of a network in place. For a change it is replaced: the containers on it, running or not, " +
			"are detached, attached again with their aliases and fixed addresses, and none of them is recreated. The plan says so and " +
			"names them in `reattached`. Labels and the description never cause that. If creating the new network fails, the old network and its attachments are restored.\n\n" +
			"The containers attached to it are not declared here: a container that was detached by hand is attached again by its stack, and one without a stack stays detached.",
		Attributes: attributes,
	}
}

func identityAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "`node/name`, by which a network is imported.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the network on the engine. Changing it replaces the network.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators: []validator.String{
				stringvalidator.RegexMatches(namePattern, "must begin with a letter or digit and have only letters, digits, \"_\", \".\" and \"-\""),
				stringvalidator.NoneOf("bridge", "host", "none", "default"),
			},
		},
		"node": schema.StringAttribute{
			Optional: true, Computed: true,
			Default:             stringdefault.StaticString(defaultNode),
			MarkdownDescription: "Node to create it on: a key of the provider's `nodes`. Default `local`. Changing it replaces the network.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
	}
}

func wordAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What the network is for. Changing it changes nothing on the node until the network is replaced for another reason.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"labels": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Labels of the network. No engine can change those of a network that exists, so changed ones are kept in state, and are on the " +
				"network once it is replaced for another reason; `engine_labels` says which it has until then.",
		},
	}
}

func addressAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"ipam": schema.ListNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Address ranges, IPv4 and IPv6. Without one, the engine chooses. A CIDR or address may be spelled in any way: the same value is no change.",
			Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"subnet": schema.StringAttribute{
					Required: true, CustomType: cidr.Type{Kind: cidr.Prefix},
					MarkdownDescription: "The range, such as `10.0.20.0/24` or `fd12:3456:789a:20::/64`.",
				},
				"gateway": schema.StringAttribute{
					Optional: true, CustomType: cidr.Type{Kind: cidr.Address},
					MarkdownDescription: "Address of the gateway: the bridge's own, or for macvlan and ipvlan your router's. Default: the engine's choice, usually the first of the range.",
				},
				"ip_range": schema.StringAttribute{
					Optional: true, CustomType: cidr.Type{Kind: cidr.Prefix},
					MarkdownDescription: "Part of the range that the engine gives addresses from to containers without a fixed one.",
				},
				"aux_addresses": schema.MapAttribute{
					Optional: true, ElementType: cidr.Type{Kind: cidr.Address},
					MarkdownDescription: "Addresses by name that the engine gives to no container, because something else has them.",
				},
			}},
		},
		"enable_ipv4": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "`false` makes a network without IPv4. Docker Engine 28.0 or newer.",
		},
		"enable_ipv6": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether containers get IPv6 addresses. Default: whether `ipam` has an IPv6 range. `true` without one has Docker Engine 27.0 or newer choose it; " +
				"an older one wants it named.",
		},
	}
}

func behaviourAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"internal": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether nothing outside can be reached from it, nor reach it. Default `false`; `true` for a zone `data`.",
		},
		"zone": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How much it may have to do with the outside. `external`: what is on it may publish ports. `service`: it may not, and is reached through the ingress; " +
				"only a service with the label `io.homelab.zone: external` may. `data`: nothing outside reaches it; it is `internal`, and a service on it that publishes a port " +
				"is an error at plan. Kept in the label `io.homelab.zone`, which a network of a Compose document may have too. See the guide *Networks and VLANs*.",
			Validators: []validator.String{stringvalidator.OneOf(desired.Zones()...)},
		},
		"attachable": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether containers that are not a swarm service may join an overlay network. Default `false`.",
		},
		"nat": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How containers on a bridge reach the outside. `masquerade` (the engine's default): with the node's address. `none`: with their own, so that " +
				"your router needs a route to the subnet; published ports are still forwarded. `routed`: with their own, and reached by their own, without any " +
				"forwarding; Docker Engine 27.0 or newer.",
			Validators: []validator.String{stringvalidator.OneOf(natMasquerade, natNone, natRouted)},
		},
		"config_only": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether it only lends its settings to networks that name it in `config_from`, and nothing can join it. Default `false`.",
		},
		"config_from": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Name of the config-only network on the same node whose ranges, options and labels this one has.",
			Validators:          []validator.String{stringvalidator.RegexMatches(namePattern, "must be the name of a network")},
		},
	}
}

func driverAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"driver": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "`bridge` (default), `macvlan`, `ipvlan` or `overlay` (on a swarm manager). A config-only network has none, which reads as `null`.",
			Validators:          []validator.String{stringvalidator.OneOf(desired.DriverBridge, desired.DriverMacvlan, desired.DriverIPvlan, desired.DriverOverlay)},
		},
		"parent": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Interface of the node that a macvlan or ipvlan is on, such as `eth0`. `eth0.20` is made, and removed with the network, for VLAN 20. " +
				"Without one, containers reach only each other.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"mode": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Of macvlan: `bridge` (default), `private`, `vepa` or `passthru`. Of ipvlan: `l2` (default), `l3` or `l3s` (Docker Engine 23.0).",
			Validators:          []validator.String{stringvalidator.OneOf("bridge", "private", "vepa", "passthru", "l2", "l3", "l3s")},
		},
		"mtu": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "Largest packet in bytes, of bridge and overlay. A macvlan or ipvlan has its parent's.",
			Validators:          []validator.Int64{int64validator.Between(minMTU, maxMTU)},
		},
		"interface_name": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Name of a bridge's interface on the node, up to 15 characters, for firewall rules that name it. Default: the engine's choice.",
			Validators: []validator.String{stringvalidator.LengthBetween(1, desired.MaxInterfaceName),
				stringvalidator.RegexMatches(regexp.MustCompile(`^[^\s/:]+$`), "must be an interface's name: without spaces, \"/\" and \":\"")},
		},
		"driver_options": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Further options of the driver, as `docker network create -o` takes them.",
		},
	}
}

// The least that IPv4 allows (RFC 791), and the most that Linux does for a bridge.
const (
	minMTU = 68
	maxMTU = 65535
)

func observedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"network_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The engine's ID of the network. It changes whenever the network is replaced.",
		},
		"subnets": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The address ranges that the network has, asked for or chosen by the engine.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"subnet":   schema.StringAttribute{Computed: true, MarkdownDescription: "The range, canonically spelled."},
				"gateway":  schema.StringAttribute{Computed: true, MarkdownDescription: "Its gateway, if the engine reports it."},
				"ip_range": schema.StringAttribute{Computed: true, MarkdownDescription: "The part that addresses are given from, if it is a part."},
			}},
		},
		"engine_labels": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The labels that the network has on the engine.",
		},
		"reattached": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The containers that lost their connection when the network was last replaced, and got it back. `null` while that is not finished, " +
				"because a run was cut off: the next apply attaches those that are off it.",
		},
	}
}
