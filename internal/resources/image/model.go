package image

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// model is the data source as Terraform holds it.
type model struct {
	Name           types.String `tfsdk:"name"`
	Platform       types.String `tfsdk:"platform"`
	Digest         types.String `tfsdk:"digest"`
	Reference      types.String `tfsdk:"reference"`
	Platforms      types.List   `tfsdk:"platforms"`
	PlatformDigest types.String `tfsdk:"platform_digest"`
	Created        types.String `tfsdk:"created"`
}

// fill writes what the registry told into the computed attributes.
func (m *model) fill(ctx context.Context, img core.Image) diag.Diagnostics {
	var diags diag.Diagnostics
	m.Digest = types.StringValue(img.Digest)
	m.Reference = types.StringValue(repository(m.Name.ValueString()) + "@" + img.Digest)
	m.Platforms, diags = types.ListValueFrom(ctx, types.StringType, img.Platforms)
	m.PlatformDigest = types.StringNull()
	if img.PlatformDigest != "" {
		m.PlatformDigest = types.StringValue(img.PlatformDigest)
	}
	m.Created = types.StringNull()
	if !img.Created.IsZero() {
		m.Created = types.StringValue(img.Created.UTC().Format(time.RFC3339))
	}
	return diags
}

// repository is a reference without tag and digest, as it was written.
func repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if colon := strings.LastIndex(ref, ":"); colon > strings.LastIndex(ref, "/") {
		ref = ref[:colon]
	}
	return ref
}
