package plan

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestCheckOwnRanges(t *testing.T) {
	t.Parallel()
	pools := func(subnet string) []desired.Pool { return []desired.Pool{{Subnet: subnet}} }
	zone := check.Network{Owner: `homelab_network "zone"`, Name: "zone", Pools: pools("172.20.0.0/24")}
	shared := check.Network{Owner: `homelab_network "shared"`, Name: "shared"}
	const warning = `homelab_network "shared" leaves its subnet to the engine, which may take one that holds 172.20.0.0/24 of homelab_network "zone" if it is made first. ` +
		"Name a subnet for it, unless it depends on that one already."
	for name, c := range map[string]struct {
		own, other check.Network
		there      string // is not made
		told       string
		want       []string
	}{
		"named after":          {zone, shared, "", "", []string{warning}},
		"named before":         {shared, zone, "", "", []string{warning}},
		"outside":              {check.Network{Name: "zone", Pools: pools("10.20.0.0/24")}, shared, "", "", nil},
		"both named":           {zone, check.Network{Name: "other", Pools: pools("172.21.0.0/24")}, "", "", nil},
		"both left":            {shared, check.Network{Name: "other"}, "", "", nil},
		"one is there already": {zone, shared, "shared", "", nil},
		"one leaves":           {zone, check.Network{Name: "shared", Leaves: true}, "", "", nil},
		"one borrows":          {zone, check.Network{Name: "shared", Borrows: "lender"}, "", "", nil},
		"one only lends":       {zone, check.Network{Name: "shared", Lends: true}, "", "", nil},
		"in other ranges":      {zone, shared, "", "10.0.0.0/8", nil},
		"in the told ranges":   {zone, shared, "", "172.20.0.0/16", []string{warning}},
		"overlay":              {zone, check.Network{Name: "shared", Driver: "overlay"}, "", "", nil},
	} {
		c.own.Made, c.other.Made = true, c.other.Name != c.there
		told := func() []netip.Prefix {
			if c.told == "" {
				return nil
			}
			return []netip.Prefix{netip.MustParsePrefix(c.told)}
		}
		got := check.EngineRanges(c.own, []check.Network{c.own, c.other}, told)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q\nwant %q", name, got, c.want)
		}
	}
}
