package stack

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
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
)

const (
	defaultNode = "local"
	defaultPull = "missing"
)

// projectName is what Docker Compose accepts as a project name (Compose
// specification, "Version and name top-level elements").
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func resourceSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{identityAttributes(), inputAttributes(), behaviourAttributes(), observedAttributes()} {
		for name, attribute := range part {
			attributes[name] = attribute
		}
	}
	attributes["timeouts"] = timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Update: true, Delete: true,
		CreateDescription: "How long creating may take, pulls, builds and health checks included. Default `20m`.",
		UpdateDescription: "How long an update may take. Default `20m`.",
		DeleteDescription: "How long destroying may take. Default `10m`.",
	})
	return schema.Schema{
		MarkdownDescription: "A Compose project on one node: its containers, networks and volumes.\n\n" +
			"The plan shows each service that will change, field by field, and what was changed by hand on the node. " +
			"Planning only reads. Applying does what the plan said: containers that need not change keep running, and an update " +
			"that does not become ready is rolled back.",
		Attributes: attributes,
	}
}

func identityAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "`node/name`, by which a stack is imported.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the stack, which is its Compose project name. Changing it replaces the stack by one with empty volumes: the plan names each old volume that stays.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators: []validator.String{stringvalidator.RegexMatches(projectName,
				"must be a Compose project name: lower case letters, digits, - and _, beginning with a letter or digit")},
		},
		"node": schema.StringAttribute{
			Optional: true, Computed: true,
			Default:             stringdefault.StaticString(defaultNode),
			MarkdownDescription: "Node to run on: a key of the provider's `nodes`. Default `local`. Changing it moves the stack. Volumes and directories do not move, and the plan names each that stays on the old node.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
	}
}

func inputAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"compose": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Compose document in YAML. Writing the same in another way (order, comments, short or long form) changes nothing on the node. It is kept in state, and Terraform shows it unless it is `sensitive`: a password belongs in `secrets`.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"overrides": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Further Compose documents, merged over `compose` in order, as with several `-f` options.",
			Validators:          []validator.List{listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		},
		"project_directory": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Directory, where Terraform runs, that relative paths in the documents start from: " +
				"`configs`, `secrets`, `env_file`, build contexts and relative bind mounts. Their files are sent to the node; what is mounted, is mounted read-only. " +
				"Usually `path.module`. Without it a relative path is an error.",
		},
		"profiles": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Compose profiles to enable.",
		},
		"variables": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Values for `${NAME}` in the documents. They are kept in state, and Terraform shows them unless they are `sensitive`. What becomes of a value is hidden where it ends up in free text, such as `environment` or `command` (see `show_values`), and shown in an image, a path or a port: a password belongs in `secrets`. The environment that Terraform runs in and `.env` files are not read.",
		},
		"secrets": schema.MapAttribute{
			Optional: true, WriteOnly: true, ElementType: types.StringType,
			MarkdownDescription: "Secret values, never kept in state or plan: for `${NAME}` in the documents, and as the source of " +
				"top-level `secrets` with `environment: NAME` or `external: true`; an external one that is not here is the `homelab_secret` of that name. A changed value is noticed by comparing it with the node; " +
				"the plan shows its version. No name may be in `variables` too. " +
				"A value that ends up in a container's environment can be read by anyone who may use the node's engine; prefer secret files.",
		},
	}
}

func behaviourAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"pull": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(defaultPull),
			MarkdownDescription: "When images are pulled: `missing` (default: when the node lacks them), `always` (whenever a container is created), " +
				"`digest` (the tag is looked up while planning, and a moved tag is a change), `never`. A service's own `pull_policy` has precedence.",
			Validators: []validator.String{stringvalidator.OneOf("missing", "always", "digest", "never")},
		},
		"update_order": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(string(desired.StopFirst)),
			MarkdownDescription: "How a container is replaced: `stop-first` (default), or `start-first`, where the old one is stopped only when the new one is healthy. " +
				"A service's own `deploy.update_config.order` has precedence. What cannot run twice, for a host port, a fixed address or a shared namespace, " +
				"is replaced stop-first, and the plan warns. See the guide *Updates without an interruption*.",
			Validators: []validator.String{stringvalidator.OneOf(string(desired.StopFirst), string(desired.StartFirst))},
		},
		"show_values": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Fields of `services[*].spec` and `networks[*].spec` whose values are shown though they are free text, such as `[\"environment.DB_*\", \"labels.*\"]`; " +
				"`*` matches any text, and `[\"*\"]` shows all. Terraform does not say to a provider what is `sensitive`, so the values of `environment`, `command`, `entrypoint`, " +
				"`healthcheck.test`, `labels`, `annotations`, `logging.options` and of the hooks' commands and environment are otherwise shown as `(hidden, 3f9a1c08)`: " +
				"a changed value is another text, and one that is not known yet is known after apply. Shown without being asked for are the variables `TZ`, `PUID`, `PGID`, `UID`, `GID`, " +
				"`UMASK`, `LANG`, `LANGUAGE`, `LC_*` and `LOG_LEVEL`. What is in `secrets` is never shown.",
			Validators: []validator.List{listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		},
		"remove_volumes": schema.BoolAttribute{
			Optional: true, Computed: true,
			Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether destroying the stack removes its named volumes and their data. Default `false`. The value that was applied last is used. " +
				"Moving, renaming and replacing a stack destroy it, too. The plan names each volume that goes; for `-replace`, of which Terraform shows no warnings, `protect_data` makes it an error.",
		},
		"protect_data": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether a plan is an error that would remove data of the stack or leave it behind: its named volumes, and on a move to another node " +
				"the node's directories that services write to. Default `false`: the plan warns. For destroying the stack, the value that was applied last is used.",
		},
		"rollback": schema.BoolAttribute{
			Optional: true, Computed: true,
			Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether an update that does not become ready is rolled back: the previous containers are kept, stopped, until every new one is ready. " +
				"Default `true`. A first creation is left as it is, to be looked at.",
		},
	}
}

func observedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"services": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The services as the engine has them, by name. Values of free text are hidden unless `show_values` asks for them.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"image":  schema.StringAttribute{Computed: true, MarkdownDescription: "Image as written in the Compose document."},
				"digest": schema.StringAttribute{Computed: true, MarkdownDescription: "Digest of the image in its registry; the image's ID when it has none, as when it was built on the node."},
				"replicas": schema.Int64Attribute{Computed: true,
					MarkdownDescription: "Number of containers. More than declared means that an interrupted change left one."},
				"state": schema.StringAttribute{Computed: true, MarkdownDescription: "Condition of the container that needs attention most: " +
					"`healthy`, `running` (no health check), `starting`, `completed`, `missing`, `created`, `exited`, `unhealthy`, `restarting`, `paused` or `dead`."},
				"spec": schema.MapAttribute{Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The fields that the documents ask for, flattened, as the engine has them. Secrets show only their version, and values of free text are hidden (see `show_values`)."},
			}},
		},
		"networks": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The networks by their names in the Compose document.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":     schema.StringAttribute{Computed: true, MarkdownDescription: "Name on the engine."},
				"driver":   schema.StringAttribute{Computed: true, MarkdownDescription: "Network driver."},
				"internal": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it has no way out."},
				"spec": schema.MapAttribute{Computed: true, ElementType: types.StringType,
					MarkdownDescription: "Further fields that the documents ask for, flattened, as the engine has them."},
			}},
		},
		"volumes": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The named volumes by their names in the Compose document.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":   schema.StringAttribute{Computed: true, MarkdownDescription: "Name on the engine."},
				"driver": schema.StringAttribute{Computed: true, MarkdownDescription: "Volume driver."},
			}},
		},
	}
}
