package execute

import (
	"context"
	"fmt"
	"maps"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func (r *run) createNetwork(ctx context.Context, op *plan.Operation) error {
	for key, n := range r.want.Networks {
		if n.Name != op.Name {
			continue
		}
		labels := maps.Clone(n.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, map[string]string{
			desired.LabelProject: r.want.Name, desired.LabelNetwork: key, desired.LabelStack: r.want.Name,
			desired.LabelConfigHash: n.ComposeHash, desired.LabelComposeVer: composeVersion,
		})
		options := network.CreateOptions{
			Driver: n.Driver, Options: n.Options, Internal: n.Internal, Attachable: n.Attachable,
			EnableIPv4: n.EnableIPv4, EnableIPv6: n.EnableIPv6, IPAM: n.IPAM, Labels: labels,
		}
		if _, err := r.engine.NetworkCreate(ctx, n.Name, options); err != nil {
			return fmt.Errorf("create network %s: %w", n.Name, err)
		}
		return nil
	}
	return fmt.Errorf("create network %s: not declared", op.Name)
}
