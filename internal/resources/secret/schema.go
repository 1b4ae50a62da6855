package secret

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const defaultNode = "local"

// namePattern is what engines accept in the name of a volume.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// maxName leaves room for the rest of a volume's name in a file name of 255 bytes.
const maxName = 200

func resourceSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{identityAttributes(), valueAttributes(), fileAttributes(), observedAttributes()} {
		for name, attribute := range part {
			attributes[name] = attribute
		}
	}
	attributes["timeouts"] = timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Update: true, Delete: true,
		CreateDescription: "How long creating may take. Default `5m`.",
		UpdateDescription: "How long an update may take. Default `5m`.",
		DeleteDescription: "How long destroying may take. Default `5m`.",
	})
	return schema.Schema{
		MarkdownDescription: "A secret that is a file on one node, for any number of services: in a Compose document under `secrets` with `external: true` and its name, " +
			"or mounted by `mount`. Its value is given, or generated when it is applied and known to the node alone; it is in no plan, state or log.\n\n" +
			"Another value is noticed without a counter, by a slow salted hash on the node. It goes into a volume of its own as the next version: " +
			"the services that use the secret are recreated, no others, and the old version is removed once nothing mounts it. " +
			"A file that somebody edited, removed or gave another owner on the node is written again in the same way.\n\n" +
			"See the guide on secrets for what is kept where.",
		Attributes: attributes,
	}
}

func identityAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "`node/name`, by which a secret is imported.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the secret on its node, for stacks to use it by. Changing it replaces the secret, with another value if the value is generated.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators: []validator.String{stringvalidator.LengthBetween(1, maxName), stringvalidator.RegexMatches(namePattern,
				"must begin with a letter or digit and consist of letters, digits, \".\", \"_\" and \"-\"")},
		},
		"node": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(defaultNode),
			MarkdownDescription: "Name of the node, as in the provider's `nodes`. Default `local`. Changing it makes the secret on the other node, with another value if that is generated.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
	}
}

func valueAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"value": schema.StringAttribute{
			Optional: true, WriteOnly: true, Sensitive: true,
			MarkdownDescription: "The value, never kept in state or plan. Take it from an ephemeral variable or resource. One of `value`, `value_base64` and `generate` is set.",
		},
		"value_base64": schema.StringAttribute{
			Optional: true, WriteOnly: true, Sensitive: true,
			MarkdownDescription: "The value in base64, for one that is not text. Never kept in state or plan.",
		},
		"value_version": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "A version of the value, for those who have one: changing it rotates the secret also while the value is not known, as when it is planned " +
				"without the key. It is not needed otherwise.",
		},
		"keepers": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Any texts of which a changed one rotates the secret: a generated one gets another value. They are kept in state.",
		},
		"generate": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "Generate the value when the secret is applied. It exists on the node only, and nothing in Terraform can read it back. " +
				"A changed argument generates another one.",
			Attributes: generateAttributes(),
		},
	}
}

// The bounds of a generated value's length in characters.
const (
	defaultLength = 32
	maxLength     = 4096
)

func generateAttributes() map[string]schema.Attribute {
	least := func(class string) schema.Attribute {
		return schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(0),
			MarkdownDescription: "How many " + class + " there are at least. Default `0`.",
			Validators:          []validator.Int64{int64validator.Between(0, maxLength)},
		}
	}
	may := func(class string, otherwise bool, word string) schema.Attribute {
		return schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(otherwise),
			MarkdownDescription: "Whether there may be " + class + ". Default `" + word + "`.",
		}
	}
	return map[string]schema.Attribute{
		"length": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(defaultLength),
			MarkdownDescription: "Number of characters. Default `32`.",
			Validators:          []validator.Int64{int64validator.Between(1, maxLength)},
		},
		"lower":       may("lower-case letters", true, "true"),
		"upper":       may("upper-case letters", true, "true"),
		"digits":      may("digits", true, "true"),
		"special":     may("special characters, `"+specialCharacters+"`", false, "false"),
		"min_lower":   least("lower-case letters"),
		"min_upper":   least("upper-case letters"),
		"min_digits":  least("digits"),
		"min_special": least("special characters"),
		"exclude": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Characters that are not used, such as `0O1lI`, which look alike.",
		},
	}
}

func fileAttributes() map[string]schema.Attribute {
	id := func(what string) schema.Attribute {
		return schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(0),
			MarkdownDescription: what + " of the file, as containers have it also on a node that remaps users. Default `0`.",
			Validators:          []validator.Int64{int64validator.Between(0, desired.MaxID)},
		}
	}
	return map[string]schema.Attribute{
		"keep_on_destroy": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether the value stays on the node when the secret is destroyed, as the named volumes of a stack do: the next secret of this name uses it if it " +
				"matches `generate`. Data that was made with a value opens with that value only. Default `true` for a generated value, which nobody else has, and `false` for one that is given.",
		},
		"uid": id("User"),
		"gid": id("Group"),
		"mode": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("0400"),
			MarkdownDescription: "Permissions of the file, four octal digits. Default `0400`: only its owner may read it. " +
				"A service that does not run as `uid` needs that changed.",
			Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^0[0-7]{3}$`), "must be four octal digits that begin with 0, such as \"0440\"")},
		},
	}
}

func observedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"version": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The version in force, another one after each rotation. It says nothing of the value.",
		},
		"rotated": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Why the version in force took the place of the one before, or that it is the kept value of a secret that was destroyed.",
		},
		"volume": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Volume that holds the version in force.",
		},
		"mount": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "An entry for a Compose service's `volumes` that mounts the file read-only at `/run/secrets/<name>`: what containers of any make can be given. " +
				"It is a path where the node's engine keeps the volume.",
		},
		"superseded": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Volumes of other versions that nothing mounts any more. Applying removes them.",
		},
		"watched": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether changes by hand are seen. The file is looked at through a container that is never started, named `homelab-secret-<name>`; " +
				"after it was removed, as by `docker container prune`, applying puts it back.",
		},
	}
}
