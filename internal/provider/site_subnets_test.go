package provider

import (
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func number(n float64) types.Number { return types.NumberValue(big.NewFloat(n)) }

// object is a Terraform object of the given attributes.
func object(t *testing.T, attributes map[string]attr.Value) types.Object {
	t.Helper()
	kinds := map[string]attr.Type{}
	for name, value := range attributes {
		kinds[name] = value.Type(t.Context())
	}
	return types.ObjectValueMust(kinds, attributes)
}

// callSiteSubnets runs the function; the text is the result's or the error's.
func callSiteSubnets(t *testing.T, site string, subnets attr.Value) string {
	t.Helper()
	req := function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{types.StringValue(site), types.DynamicValue(subnets)})}
	resp := function.RunResponse{Result: function.NewResultData(types.MapUnknown(plannedSubnet))}
	newSiteSubnets().Run(t.Context(), req, &resp)
	if resp.Error != nil {
		return resp.Error.Error()
	}
	return resp.Result.Value().String()
}

func TestSiteSubnets(t *testing.T) {
	t.Parallel()
	text := types.StringValue
	for name, c := range map[string]struct {
		site    string
		subnets attr.Value
		want    string
	}{
		"numbers and objects": {"10.0.0.0/16", object(t, map[string]attr.Value{"servers": number(20),
			"cameras": object(t, map[string]attr.Value{"vlan_id": number(30), "prefix_length": number(26)}),
			"guests":  object(t, map[string]attr.Value{"vlan_id": number(276), "cidr": text("10.0.1.9/24"), "prefix_length": types.NumberNull()})}),
			`{"cameras":{"cidr":"10.0.30.0/26","gateway":"10.0.30.1","vlan_id":30},"guests":{"cidr":"10.0.1.0/24","gateway":"10.0.1.1","vlan_id":276},` +
				`"servers":{"cidr":"10.0.20.0/24","gateway":"10.0.20.1","vlan_id":20}}`},
		"map": {"FD12:3456:789A::/48", types.MapValueMust(types.NumberType, map[string]attr.Value{"servers": number(20)}),
			`{"servers":{"cidr":"fd12:3456:789a:14::/64","gateway":"fd12:3456:789a:14::1","vlan_id":20}}`},
		"numbers as text":   {"10.0.0.0/16", types.MapValueMust(types.StringType, map[string]attr.Value{"servers": text("20")}), `{"servers":{"cidr":"10.0.20.0/24","gateway":"10.0.20.1","vlan_id":20}}`},
		"no site":           {"10.0.0.0", object(t, nil), `"10.0.0.0" has no prefix length, as in 10.0.20.0/24`},
		"no map":            {"10.0.0.0/16", number(3), "subnets is a map from names to VLAN ids or objects"},
		"no number":         {"10.0.0.0/16", object(t, map[string]attr.Value{"a": text("many")}), `"a" is a VLAN id or an object with one: "many" is not a number`},
		"half a VLAN":       {"10.0.0.0/16", object(t, map[string]attr.Value{"a": number(2.5)}), `"a" is a VLAN id or an object with one: 2.5 is not an integer`},
		"unknown attribute": {"10.0.0.0/16", object(t, map[string]attr.Value{"a": object(t, map[string]attr.Value{"size": number(24)})}), `"a": there is no size: it has vlan_id, prefix_length and cidr`},
		"VLAN 0":            {"10.0.0.0/16", object(t, map[string]attr.Value{"a": number(0)}), `"a": VLAN 0 is not from 1 to 4094`},
		"one place": {"10.0.0.0/16", object(t, map[string]attr.Value{"a": number(20), "b": number(276)}),
			`"b": 10.0.20.0/24 (VLAN 276) overlaps 10.0.20.0/24 of "a" (VLAN 20); give the newer of the two a prefix of its own, for example cidr = "10.0.0.0/24"`},
	} {
		if got := callSiteSubnets(t, c.site, c.subnets); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}
