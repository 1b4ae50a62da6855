package subnet

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// failing are networks whose applies fail, and that is read as the test says.
type failing struct {
	Networks
	exists bool
	unread error // of reads after the apply
	failed bool
}

var errRefused = errors.New("the engine refuses")

func (f *failing) Read(context.Context, string, string) (core.NetworkView, bool, error) {
	if f.failed {
		return core.NetworkView{}, f.exists, f.unread
	}
	return core.NetworkView{}, true, nil
}

func (f *failing) Apply(context.Context, string, *desired.Network, core.NetworkOptions) (core.NetworkView, error) {
	f.failed = true
	return core.NetworkView{}, errRefused
}

func TestApplyOne_UpdateFails_StateLosesOnlyWhatIsKnownToBeGone(t *testing.T) {
	s := sample()
	parts, _ := s.divide(nil)
	prior := map[string]networkModel{"atlas": {ID: types.StringValue("before"), Unexpected: noneUnexpected}}
	for name, c := range map[string]struct {
		door  failing
		node  string
		stays bool
	}{
		"cannot be read":                {failing{unread: errors.New("connection lost")}, "atlas", true},
		"exists":                        {failing{exists: true}, "atlas", true},
		"is gone":                       {failing{}, "atlas", false},
		"was not there, cannot be read": {failing{unread: errors.New("connection lost")}, "helios", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &subnetResource{networks: &c.door}
			left, err := r.applyOne(t.Context(), s, c.node, parts[c.node], prior, nil)
			if !errors.Is(err, errRefused) || (left != nil) != c.stays {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}
