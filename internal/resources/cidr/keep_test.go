package cidr_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
)

var (
	addresses = cidr.Type{Kind: cidr.Address}
	ranges    = cidr.Type{Kind: cidr.Range}
	pool      = map[string]attr.Type{"subnet": cidr.Type{Kind: cidr.Prefix}, "aux": types.MapType{ElemType: addresses}}
)

func aux(texts ...string) types.Map {
	values := map[string]attr.Value{}
	for i := 0; i < len(texts); i += 2 {
		values[texts[i]] = cidr.New(cidr.Address, texts[i+1])
	}
	return types.MapValueMust(addresses, values)
}

func pools(subnet string, aux types.Map) types.List {
	return types.ListValueMust(types.ObjectType{AttrTypes: pool}, []attr.Value{
		types.ObjectValueMust(pool, map[string]attr.Value{"subnet": cidr.New(cidr.Prefix, subnet), "aux": aux})})
}

func set(texts ...string) types.Set {
	var values []attr.Value
	for _, text := range texts {
		values = append(values, cidr.New(cidr.Range, text))
	}
	return types.SetValueMust(ranges, values)
}

func TestKeep_SameValuesInOtherWords_AreAsBefore(t *testing.T) {
	t.Parallel()
	short := pools("fd00::/64", aux("nas", "fd00::9"))
	unknown := types.SetUnknown(ranges)
	for name, c := range map[string]struct{ planned, prior, want attr.Value }{
		"text":                   {cidr.New(cidr.Address, "FD00:0::1"), cidr.New(cidr.Address, "fd00::1"), cidr.New(cidr.Address, "fd00::1")},
		"another text":           {cidr.New(cidr.Address, "fd00::2"), cidr.New(cidr.Address, "fd00::1"), cidr.New(cidr.Address, "fd00::2")},
		"none before":            {cidr.New(cidr.Address, "fd00::2"), cidr.New(cidr.Address, ""), cidr.New(cidr.Address, "fd00::2")},
		"in an object":           {pools("FD00:0::/64", aux("nas", "fd00:0::0009")), short, short},
		"a map is kept complete": {aux("a", "FD00::1", "b", "fd00::3"), aux("a", "fd00::1", "b", "fd00::2"), aux("a", "FD00::1", "b", "fd00::3")},
		"one of two attributes":  {pools("FD00:0::/64", aux("nas", "fd00::8")), short, pools("fd00::/64", aux("nas", "fd00::8"))},
		"a set":                  {set("10.0.0.8-10.0.0.15", "10.0.1.0/24"), set("10.0.1.0-10.0.1.255", "10.0.0.8/29"), set("10.0.1.0-10.0.1.255", "10.0.0.8/29")},
		"another set":            {set("10.0.0.8-10.0.0.16"), set("10.0.0.8/29"), set("10.0.0.8-10.0.0.16")},
		"an unknown set":         {unknown, unknown, unknown},
		"a plain set":            {types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a")}), types.SetValueMust(types.StringType, []attr.Value{types.StringValue("b")}), types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a")})},
	} {
		if got := cidr.Keep(t.Context(), c.planned, c.prior); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
