package image

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// platformPattern is "os/arch[/variant]" as images spell it.
var platformPattern = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`)

func dataSourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "What an image reference means now, as its registry says: digest, platforms and when it was built. No node is " +
			"asked, and nothing is pulled. Mirror and credentials are those of the provider's `registries`, else those of the Docker " +
			"configuration where Terraform runs.\n\n" +
			"Use it to pin a stack to the digest that a tag has now, or to fail early where an image is not made for a node's " +
			"architecture. To follow a tag, the stack's own `pull = \"digest\"` is shorter.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "The image as stacks name it: `[registry/]repository[:tag][@digest]`. Without tag and digest, `latest` is meant.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"platform": schema.StringAttribute{
				MarkdownDescription: "The platform that `platform_digest` and `created` are about: `os/arch[/variant]`, such as `linux/arm64`. " +
					"An image that is not made for it is an error.",
				Optional: true,
				Validators: []validator.String{stringvalidator.RegexMatches(platformPattern,
					"a platform is os/arch or os/arch/variant in Go's terms, such as linux/amd64 or linux/arm/v7")},
			},
			"digest": text("Digest of what the reference means, `sha256:…`: that of the index for an image of several platforms. " +
				"A stack with `pull = \"digest\"` shows the same."),
			"reference": text("`name` with this digest in place of the tag: for a service that is to run just this image."),
			"platforms": schema.ListAttribute{
				MarkdownDescription: "Platforms that the image is made for, sorted.",
				ElementType:         types.StringType,
				Computed:            true,
			},
			"platform_digest": text("Digest of the image for `platform`, or of the only one. Null where there are several platforms and none is given."),
			"created": text("When that image was built, in RFC 3339 form; of the first platform in the index where there are several and none is given. " +
				"Null if the image does not say, as with some reproducible builds."),
		},
	}
}

func text(description string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}
