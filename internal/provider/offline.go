package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// What happens to a plan when a node is away.
const (
	offlineFail = "fail"
	offlineKeep = "keep"
)

// away is how nodes that don't answer are dealt with, for all of them or for one.
type away struct {
	WhenOffline    types.String `tfsdk:"when_offline"`
	ConnectTimeout types.String `tfsdk:"connect_timeout"`
}

// apply writes what is set into a node's configuration. Values that are not known
// yet count as not set: they only matter when the node is used.
func (a away) apply(c *fleet.NodeConfig) {
	if text := a.ConnectTimeout.ValueString(); text != "" {
		c.ConnectTimeout, _ = time.ParseDuration(text) // the validator has read it already
	}
	if when := a.WhenOffline.ValueString(); when != "" {
		c.KeepOffline = when == offlineKeep
	}
}

func whenOfflineSchema(otherwise string) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: "What happens when a node is offline: `fail` ends the plan with an error; with `keep` the last known state " +
			"of its resources is kept, with a warning, and all other nodes are planned and applied. See the guide on offline nodes. " + otherwise,
		Optional:   true,
		Validators: []validator.String{stringvalidator.OneOf(offlineFail, offlineKeep)},
	}
}

func connectTimeoutSchema(otherwise string) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: "How long connecting to a node may take, such as `10s` or `1m`. It is tried once for all of its resources. " +
			otherwise,
		Optional:   true,
		Validators: []validator.String{duration{}},
	}
}

// The shortest and the longest connect_timeout.
const (
	shortest = 100 * time.Millisecond
	longest  = time.Hour
)

// duration accepts what [time.ParseDuration] does, from shortest to longest.
type duration struct{}

// Description says what is accepted.
func (duration) Description(context.Context) string {
	return fmt.Sprintf("a duration from %s to %s, such as 10s", shortest, longest)
}

// MarkdownDescription is Description.
func (d duration) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

// ValidateString checks a value that is known.
func (d duration) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if value, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || value < shortest || value > longest {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration", fmt.Sprintf("%q is not %s.", req.ConfigValue.ValueString(), d.Description(ctx)))
	}
}
