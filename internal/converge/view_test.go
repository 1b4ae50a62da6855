package converge

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

func TestCompletes_OfOneThatIsImported_FollowsFromItsRestartPolicy(t *testing.T) {
	for restart, want := range map[string]bool{"": true, "on-failure": true, "on-failure:3": true, "always": false, "unless-stopped": false} {
		c := observed.Container{Spec: desired.Spec{}}
		if restart != "" {
			c.Spec["restart"] = restart
		}
		if got := completes([]observed.Container{c}, Memory{}, "job"); got != want {
			t.Errorf("restart %q: %t", restart, got)
		}
	}
}
