package execute

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

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

// How long an engine is given to notice that nobody is on a network any more.
const (
	firstNetworkPause = 100 * time.Millisecond
	lastNetworkPause  = 3 * time.Second
)

// removeNetwork removes a network, or finds it gone. Engines answer that a
// container is removed before its endpoints are counted off, so a refusal for
// endpoints is asked about again; containers that stay on it are an error.
func (r *run) removeNetwork(ctx context.Context, name string) error {
	for pause := firstNetworkPause; ; pause *= 2 {
		err := ignoreNotFound(r.engine.NetworkRemove(ctx, name))
		if err == nil || !strings.Contains(err.Error(), "has active endpoints") || pause > lastNetworkPause || !sleep(ctx, pause) {
			return err
		}
	}
}
