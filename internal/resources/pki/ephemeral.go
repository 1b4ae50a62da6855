package pki

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

var _ ephemeral.EphemeralResource = (*authority)(nil)

// NewEphemeralResource returns the ephemeral resource homelab_pki.
func NewEphemeralResource() ephemeral.EphemeralResource { return &authority{} }

type authority struct{}

// Metadata sets the type name.
func (a *authority) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_pki"
}

// Schema sets the schema.
func (a *authority) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralSchema()
}

// Open derives the authority and issues the certificates. It does no I/O.
func (a *authority) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if desired.Withheld(m.Seed.ValueString()) {
		resp.Diagnostics.Append(m.withhold()...)
	} else {
		resp.Diagnostics.Append(m.fill(time.Now())...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
	}
}
