// Package pki is the Terraform concept of a homelab's own certificate authority.
package pki

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/certificate"
)

var (
	day      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	nameText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
)

const (
	defaultYears = 10
	defaultDays  = 397
)

func ephemeralSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A certificate authority of the homelab's own, with an intermediate and the certificates that it issues, for use in write-only arguments: " +
			"no key is ever in state or plan.\n\n" +
			"Everything is derived from one secret, the seed: the same seed and arguments give the same keys and certificates, byte for byte, so a plan shows " +
			"no change where there is none. Keep the seed in a file encrypted with SOPS. **Everyone who has the seed has every key.** " +
			"Keys are of ECDSA on P-256.",
		Attributes: map[string]schema.Attribute{
			"seed": schema.StringAttribute{
				MarkdownDescription: "The secret that everything is derived from: at least 32 random characters, as `openssl rand -hex 32` gives. Another seed replaces everything.",
				Required:            true, Sensitive: true,
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Common name of the authority, as programs show it.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthBetween(1, 64)},
			},
			"not_before": date("The day (`2026-01-31`, UTC) from which the authority is valid. Another day gives another authority.", true),
			"years": schema.Int64Attribute{
				MarkdownDescription: "How many years the authority is valid. Defaults to 10.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 50)},
			},
			"certificates": schema.MapNestedAttribute{
				MarkdownDescription: "What it issues, by names of your choice.",
				Optional:            true,
				Validators: []validator.Map{mapvalidator.KeysAre(stringvalidator.RegexMatches(nameText,
					"must have only letters, digits, \"_\", \".\" and \"-\", beginning with a letter or digit"))},
				NestedObject: schema.NestedAttributeObject{Attributes: certificateAttributes()},
			},
			"root": schema.StringAttribute{
				MarkdownDescription: "The root's certificate in PEM, which the other side has to trust. It is not a secret.",
				Computed:            true,
			},
			"intermediate": schema.StringAttribute{
				MarkdownDescription: "The intermediate's certificate in PEM. `chains` have it already.",
				Computed:            true,
			},
			"chains": schema.MapAttribute{
				MarkdownDescription: "By name, the certificate in PEM, followed by the intermediate.",
				ElementType:         types.StringType, Computed: true,
			},
			"keys": schema.MapAttribute{
				MarkdownDescription: "By name, the certificate's key in PEM (PKCS #8).",
				ElementType:         types.StringType, Computed: true, Sensitive: true,
			},
			"secrets": schema.MapAttribute{
				MarkdownDescription: "All of it for a stack's `secrets`: `ca` (the root), and by each certificate's name `<name>_cert` (the chain) and `<name>_key`.",
				ElementType:         types.StringType, Computed: true, Sensitive: true,
			},
		},
	}
}

func certificateAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"profile": schema.StringAttribute{
			MarkdownDescription: "`server`, `client`, or `peer` for both.",
			Required:            true,
			Validators:          []validator.String{stringvalidator.OneOf(string(certificate.Server), string(certificate.Client), string(certificate.Peer))},
		},
		"common_name": schema.StringAttribute{
			MarkdownDescription: "Common name. Defaults to the certificate's name here.",
			Optional:            true,
			Validators:          []validator.String{stringvalidator.LengthBetween(1, 64)},
		},
		"dns_names": schema.ListAttribute{
			MarkdownDescription: "Host names that it is for. A server is known by these, not by its common name.",
			ElementType:         types.StringType, Optional: true,
		},
		"ip_addresses": schema.ListAttribute{
			MarkdownDescription: "Addresses that it is for.",
			ElementType:         types.StringType, Optional: true,
		},
		"not_before": date("The day from which it is valid. Defaults to the authority's. A later one renews it, with another key.", false),
		"days": schema.Int64Attribute{
			MarkdownDescription: "How many days it is valid. Defaults to 397, the most that browsers accept of public authorities. A plan warns in the last 30 days.",
			Optional:            true,
			Validators:          []validator.Int64{int64validator.AtLeast(1)},
		},
	}
}

func date(description string, required bool) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Required:            required, Optional: !required,
		Validators: []validator.String{stringvalidator.RegexMatches(day, "must be a day, as 2026-01-31")},
	}
}
