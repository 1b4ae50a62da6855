package node

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// pathValidator refuses paths that cannot be a node's directories. What only the
// node knows is checked when it is planned.
type pathValidator struct{}

func (pathValidator) Description(context.Context) string {
	return "an absolute path, without . and .. and a slash at its end"
}

func (v pathValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (pathValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := desired.CheckDirectory(req.ConfigValue.ValueString(), ""); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid directory", "Path "+err.Error()+".")
	}
}

// modeValidator refuses what is not a mode.
type modeValidator struct{}

func (modeValidator) Description(context.Context) string { return "four octal digits" }

func (v modeValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (modeValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := desired.ParseMode(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid mode", "Mode "+err.Error()+".")
	}
}
