package subnet

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
)

// keepSpelling takes over the state's spelling of addresses and ranges that are the
// same: they are no change.
func (m *model) keepSpelling(ctx context.Context, prior *model) {
	keep(ctx, &m.CIDR, prior.CIDR)
	keep(ctx, &m.Gateway, prior.Gateway)
	keep(ctx, &m.Reserved, prior.Reserved)
	keep(ctx, &m.IPv6, prior.IPv6)
	keep(ctx, &m.Addresses, prior.Addresses)
	keep(ctx, &m.Attachments, prior.Attachments)
}

func keep[V attr.Value](ctx context.Context, planned *V, prior V) {
	if kept, ok := cidr.Keep(ctx, *planned, prior).(V); ok {
		*planned = kept
	}
}
