package topology

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

// Where a diagram comes from.
const (
	sourceRunning  = "running"
	sourceDeclared = "declared"
)

const (
	defaultNode        = "local"
	defaultDirection   = "LR"
	defaultCriticality = "homelab.criticality"
)

// defaultShow is what is shown unless the configuration says otherwise.
var defaultShow = []diagram.Detail{diagram.ShowHosts, diagram.ShowPorts, diagram.ShowNetworks, diagram.ShowDependencies}

func dataSourceSchema() schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{sourceAttributes(), styleAttributes(), resultAttributes()} {
		for name, attribute := range part {
			attributes[name] = attribute
		}
	}
	return schema.Schema{
		MarkdownDescription: "The homelab as a Mermaid diagram, which GitHub draws in READMEs, pull requests and job summaries: nodes, stacks, services, " +
			"networks and VLANs, what is exposed by ports and host names, and what depends on what.\n\n" +
			"It draws the *declared* homelab from stacks, or the *running* one from what the nodes answer, containers that nobody declared included. " +
			"Reading it changes nothing. A node that cannot be reached is drawn as offline, with a warning. " +
			"What would exceed GitHub's limits is shortened, with a warning and a note in the diagram. See the guide *A diagram of the homelab*.",
		Attributes: attributes,
	}
}

func sourceAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"source": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "`declared` draws `stacks`; `running` draws what the nodes run. Default `declared` where `stacks` is set, else `running`.",
			Validators:          []validator.String{stringvalidator.OneOf(sourceRunning, sourceDeclared)},
		},
		"nodes": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Nodes to draw, keys of the provider's `nodes`. Default: all of the provider's, or all that `stacks` name.",
			Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(),
				listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		},
		"stacks": schema.ListNestedAttribute{
			Optional: true,
			MarkdownDescription: "The declared stacks. A `homelab_stack` resource has all these attributes, so it can be listed as it is: " +
				"`stacks = [homelab_stack.media, homelab_stack.auth]`, or `values(homelab_stack.all)` with `for_each`. " +
				"Secrets are not needed: a variable without a value counts as empty.",
			NestedObject: schema.NestedAttributeObject{Attributes: stackAttributes()},
		},
		"subnets": schema.ListNestedAttribute{
			Optional: true,
			MarkdownDescription: "The declared VLANs, for networks that the documents call external: `subnets = [homelab_subnet.iot]`. " +
				"A running homelab shows its VLANs by itself.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":    schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the subnet, and of its network on every node."},
				"vlan_id": schema.Int64Attribute{Optional: true, MarkdownDescription: "The VLAN's id."},
				"cidr":    schema.StringAttribute{Optional: true, MarkdownDescription: "The VLAN's IPv4 range."},
				"driver":  schema.StringAttribute{Optional: true, MarkdownDescription: "`macvlan` or `ipvlan`."},
			}},
		},
		"criticality_label": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Label of the services that says how critical they are, for `group_by = \"criticality\"`. Default `" + defaultCriticality + "`. " +
				"Its values are free; `critical`, `high`, `medium`, `normal` and `low` are put in this order.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
	}
}

func stackAttributes() map[string]schema.Attribute {
	optional := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		// Required too, but the framework would ask for them in an object that is
		// not known yet; see checkStacks.
		"name":              optional("Name of the stack. It must be set."),
		"node":              optional("Node it is meant for. Default `" + defaultNode + "`."),
		"compose":           optional("Compose document in YAML. It must be set."),
		"overrides":         schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Further Compose documents, merged over `compose` in order."},
		"project_directory": optional("Directory, where Terraform runs, that relative paths in the documents start from."),
		"profiles":          schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Compose profiles to enable."},
		"variables":         schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Values for `${NAME}` in the documents."},
	}
}

func styleAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"group_by": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "What the outer boxes are: `node` (default, with a box for each stack inside), `stack`, or `criticality`.",
			Validators: []validator.String{stringvalidator.OneOf(
				string(diagram.ByNode), string(diagram.ByStack), string(diagram.ByCriticality))},
		},
		"direction": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Where arrows point, as Mermaid writes it: `LR` (default, left to right, which fits GitHub's page best), `RL`, `TB` or `BT`.",
			Validators:          []validator.String{stringvalidator.OneOf("LR", "RL", "TB", "BT")},
		},
		"show": schema.SetAttribute{
			Optional: true, Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Details to draw, of `hosts`, `ports`, `networks` (VLANs included), `dependencies` and `images`. Default: all but `images`. " +
				"An empty set draws the services alone.",
			Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf(detailNames()...))},
		},
	}
}

func detailNames() []string {
	var names []string
	for _, d := range diagram.Details {
		names = append(names, string(d))
	}
	return names
}

func resultAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"mermaid": schema.StringAttribute{Computed: true,
			MarkdownDescription: "The diagram as Mermaid text, at most 50,000 characters and 500 lines between things, which is what GitHub draws."},
		"markdown": schema.StringAttribute{Computed: true,
			MarkdownDescription: "The diagram as Markdown: in a fenced block, with a legend below, and what was left out."},
		"omitted": schema.ListAttribute{Computed: true, ElementType: types.StringType,
			MarkdownDescription: "What was left out to stay within GitHub's limits, as text; empty if nothing was."},
		"counts": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "How many there are of each, whatever is shown.",
			Attributes: map[string]schema.Attribute{
				"nodes":        count("Nodes, absent ones included."),
				"absent_nodes": count("Nodes that could not be reached, or are not known until apply."),
				"stacks":       count("Stacks."),
				"services":     count("Services, and containers of no stack."),
				"networks":     count("Networks; the engine's own (`bridge`, `host`) only where somebody joins them."),
				"vlans":        count("VLANs that networks are on."),
				"hosts":        count("Host names that a reverse proxy serves."),
				"ports":        count("Published ports."),
				"exposed":      count("Services that other machines can reach without a proxy: by a port that is not bound to loopback, or on the host's network."),
				"dependencies": count("Pairs of services of which one needs the other."),
				"stopped":      count("Services of which no container runs."),
				"unhealthy":    count("Services with a container that is unhealthy, restarting or dead."),
			},
		},
	}
}

func count(description string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}
