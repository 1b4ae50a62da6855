package execute

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestRun_NetworkIsLeftLate_IsRemovedWhenItIs(t *testing.T) {
	for _, c := range []struct {
		name     string
		refusals int
		removed  bool
	}{
		{"at once", 0, true},
		{"after a few refusals", 3, true},
		{"never", 1000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := c.refusals
				f := &fake{fault: func(context.Context, string) error {
					if left--; left < 0 {
						return nil
					}
					return errors.New("error while removing network: network n id 1 has active endpoints")
				}}
				w, p := pulls(plan.Operation{ID: "n", Kind: plan.RemoveNetwork, Name: "n"})
				err := Run(t.Context(), f, w, p, Options{})
				if (err == nil) != c.removed {
					t.Errorf("error: %v", err)
				}
			})
		})
	}
}
