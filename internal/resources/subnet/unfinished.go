package subnet

import (
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// detached is what unexpected has of a network that a run began to replace and
// did not end: the containers that are off it since.
const detached = "detached"

// unfinished adds to a network the containers that an earlier run left off it, which
// makes it differ from any that is planned.
func (n networkModel) unfinished(view core.NetworkView) networkModel {
	if !view.Unfinished {
		return n
	}
	found := maps.Clone(n.Unexpected.Elements())
	found[detached] = types.StringValue(strings.Join(view.Detached, ", "))
	n.Unexpected = types.MapValueMust(types.StringType, found)
	return n
}

// unfinished says what applying does for those containers.
func (s segment) unfinished(node string, view core.NetworkView) string {
	text := fmt.Sprintf("An earlier apply was cut off while it recreated network %q on node %q.", s.name, node)
	if len(view.Detached) == 0 {
		return text + " Every container is on it that was, or is gone: applying only removes what was noted of them."
	}
	return text + fmt.Sprintf(" These containers are off it since; applying attaches them with the same aliases and fixed addresses: %s.", strings.Join(view.Detached, ", "))
}
