package sopsfile

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

func ephemeralSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Decrypts a file that was encrypted with [SOPS](https://getsops.io), for use in write-only arguments: " +
			"what it decrypts to is never in state or plan.\n\n" +
			"Keys are found as the command `sops` finds them: age keys through `SOPS_AGE_KEY_FILE`, `SOPS_AGE_KEY`, `SOPS_AGE_KEY_CMD`, " +
			"the file `sops/age/keys.txt` in the user's configuration directory or ssh keys, PGP keys through GnuPG, and the key services of " +
			"AWS, Google Cloud, Azure, Huawei Cloud and HashiCorp Vault with their own credentials.",
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{
				MarkdownDescription: "The encrypted file, as in `\"${path.module}/secrets.yaml\"`. A relative path starts where Terraform runs.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"format": schema.StringAttribute{
				MarkdownDescription: "`yaml`, `json`, `dotenv`, `ini` or `binary`. By default it follows from the file's extension: " +
					"`.yaml` or `.yml`, `.json`, `.env`, `.ini`; every other file is `binary`.",
				Optional: true,
				Validators: []validator.String{stringvalidator.OneOf(
					string(sops.YAML), string(sops.JSON), string(sops.Dotenv), string(sops.INI), string(sops.Binary))},
			},
			"key_required": schema.BoolAttribute{
				MarkdownDescription: "Whether it is an error when no key at hand decrypts the file. With `terraform.applying` a plan can be made " +
					"where the key is not: it shows all but what depends on the values, with a warning. On OpenTofu set `placeholders` too. Defaults to `true`.",
				Optional: true,
			},
			"placeholders": schema.BoolAttribute{
				MarkdownDescription: "How values are planned that are not decrypted because `key_required` is false: as unknown, or with `true` as " +
					"placeholders, in `values` under the file's own keys. OpenTofu takes no unknown values from an ephemeral resource, so it needs " +
					"`true`. Resources of this provider take a placeholder for a value that is known only at apply, also as a part of a text, and " +
					"never apply one; other providers do not recognise it. Defaults to `false`.",
				Optional: true,
			},
			"values": schema.MapAttribute{
				MarkdownDescription: "The file's values. Nested keys are joined by dots, and elements of a list are counted from 0: " +
					"`database.users.0.password`. Keys of an INI file have their section before them. Numbers, booleans and times are written out; " +
					"a null stays null; empty maps and lists have no value. Null for a binary file, and for YAML of several documents.",
				ElementType: types.StringType,
				Computed:    true,
				Sensitive:   true,
			},
			"raw": schema.StringAttribute{
				MarkdownDescription: "The decrypted file, as in `yamldecode(...)`; null if it is not text in UTF-8.",
				Computed:            true,
				Sensitive:           true,
			},
			"raw_base64": schema.StringAttribute{
				MarkdownDescription: "The decrypted file in Base64, whatever it holds.",
				Computed:            true,
				Sensitive:           true,
			},
		},
	}
}
