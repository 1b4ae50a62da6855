package node

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const nameDescription = "Name of the node: a key of `nodes` in the provider block. Defaults to `local`, " +
	"the one node there is when the provider block has none."

func dataSourceSchema() dsschema.Schema {
	attributes := map[string]dsschema.Attribute{
		"name": dsschema.StringAttribute{
			MarkdownDescription: nameDescription,
			Optional:            true, Computed: true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"id": dsschema.StringAttribute{MarkdownDescription: "The same as `name`.", Computed: true},
	}
	for _, f := range facts {
		attributes[f.name] = f.forDataSource()
	}
	nested := map[string]dsschema.Attribute{}
	for _, f := range plugins {
		nested[f.name] = f.forDataSource()
	}
	attributes["plugins"] = dsschema.SingleNestedAttribute{MarkdownDescription: pluginsDescription, Computed: true, Attributes: nested}
	return dsschema.Schema{
		MarkdownDescription: "What a node's Docker engine says about itself and its machine: versions, hardware, cgroups, " +
			"storage, runtimes, plugins and its role in a swarm. Reading it changes nothing on the node.\n\n" +
			"Use it to fit stacks to the machines they run on, for example to pick an image by architecture or " +
			"to check for a runtime before a stack asks for it. The resource `homelab_node` makes directories.",
		Attributes: attributes,
	}
}

func resourceSchema() schema.Schema {
	attributes := map[string]schema.Attribute{
		"id": schema.StringAttribute{MarkdownDescription: "The same as `name`, by which a node is imported.", Computed: true},
		"name": schema.StringAttribute{
			MarkdownDescription: nameDescription,
			Optional:            true, Computed: true, Default: stringdefault.StaticString(defaultName),
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators:    []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"labels": schema.MapAttribute{
			MarkdownDescription: "Labels of your own, such as `{ room = \"attic\" }`, to choose nodes by in `for_each` and conditions. " +
				"They are kept in Terraform's state only; the engine's are `engine_labels` of the data source.",
			Optional: true, ElementType: types.StringType,
		},
		"directories": directoriesSchema(),
	}
	return schema.Schema{
		MarkdownDescription: "A node: the directories that its stacks need, and labels of your own.\n\n" +
			"Directories are made before anything that refers to this resource, and their owners and modes are repaired, all through the engine's API. " +
			"What the engine says about itself and its machine is the data source's. A node may be declared more than once, as by modules that need directories there; let each directory be one's.",
		Attributes: attributes,
	}
}

func directoriesSchema() schema.Attribute {
	return schema.MapNestedAttribute{
		MarkdownDescription: "Directories of the node by their absolute paths. What is missing is made, with what is missing above it " +
			"(root's, mode `0755`); of what is there only owner and mode are set, never of anything below it. " +
			"A directory that is taken out of this map, and all of them when the resource is destroyed, stay as they are. " +
			"See the guide *Directories and their owners*.",
		Optional:   true,
		Validators: []validator.Map{mapvalidator.KeysAre(pathValidator{})},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"uid": ownerAttribute("Owner, as the node's containers have it: what `user:` or `PUID` says in a stack. Without it the owner is not looked at; " +
				"a directory that is made is root's."),
			"gid": ownerAttribute("Group, likewise."),
			"mode": schema.StringAttribute{
				MarkdownDescription: "Mode as four octal digits, such as `0750`, or `2775` with the setgid bit. Without it the mode is not looked at; " +
					"a directory that is made has `0755`.",
				Optional: true, Validators: []validator.String{modeValidator{}},
			},
			"host_uid": schema.Int64Attribute{
				MarkdownDescription: "Owner as the node itself shows it: other than `uid` where the engine maps users (`userns_remap`). Null where the engine runs without root.",
				Computed:            true,
			},
			"host_gid": schema.Int64Attribute{MarkdownDescription: "Group as the node itself shows it, likewise.", Computed: true},
			"state": schema.StringAttribute{
				MarkdownDescription: "`present`; or `unseen` when what is needed to see it was removed from the node, as `docker container prune` does. " +
					"Applying puts it back, and sets owner and mode where they differ.",
				Computed: true,
			},
		}},
	}
}

func ownerAttribute(description string) schema.Attribute {
	return schema.Int64Attribute{MarkdownDescription: description, Optional: true,
		Validators: []validator.Int64{int64validator.Between(0, desired.MaxID)}}
}
