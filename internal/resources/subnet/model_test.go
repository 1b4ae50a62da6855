package subnet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/cidr"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept/concepttest"
)

func TestModel_InputsKnown_AsksEachInput(t *testing.T) {
	concepttest.EachField(t, func(m, _ *model) bool { return !m.inputsKnown(t.Context()) },
		"id", "networks", "vlan", // computed
		"timeouts") // says how, not what
}

func TestReader_ManyBadAddresses_AreReportedInOrder(t *testing.T) {
	kind := map[string]attr.Type{"node": types.StringType, "ipv4": cidr.Type{Kind: cidr.Address}, "ipv6": cidr.Type{Kind: cidr.Address}}
	null, _ := cidr.Type{Kind: cidr.Address}.ValueFromString(t.Context(), types.StringNull())
	elements := map[string]attr.Value{}
	for i := range 20 {
		empty, _ := types.ObjectValue(kind, map[string]attr.Value{
			"node": types.StringValue("atlas"), "ipv4": null, "ipv6": null,
		})
		elements[fmt.Sprintf("name%02d", i)] = empty
	}
	r := &reader{ctx: t.Context()}
	r.addresses(types.MapValueMust(types.ObjectType{AttrTypes: kind}, elements))
	if len(r.diags) != len(elements) {
		t.Fatalf("got %d diagnostics: %v", len(r.diags), r.diags)
	}
	for i, d := range r.diags {
		if want := fmt.Sprintf("name%02d", i); !strings.Contains(d.Detail(), want) {
			t.Errorf("diagnostic %d is %q, want the one of %s", i, d.Detail(), want)
		}
	}
}
