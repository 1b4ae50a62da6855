package network

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestModel_ManyProblems_AreReportedInOrder(t *testing.T) {
	text := types.StringValue
	options := map[string]string{}
	for _, name := range []string{"ipv4", "ipv6", "a", "b", "c", "d"} {
		options["com.docker.network.bridge.gateway_mode_"+name] = unprotected
	}
	given, _ := types.MapValueFrom(t.Context(), types.StringType, options)
	m := model{
		ConfigFrom: text("base"), Zone: text("service"), DriverOptions: given,
		EnableIPv4: types.BoolValue(true), EnableIPv6: types.BoolValue(true), Parent: text("eth0"), Mode: text("bridge"), InterfaceName: text("lan"),
	}
	for name, diags := range map[string]diag.Diagnostics{"config_from": m.checkConfig(), "zone": m.checkZone()} {
		var details []string
		for _, d := range diags {
			at := ""
			if placed, ok := d.(diag.DiagnosticWithPath); ok {
				at = placed.Path().String()
			}
			details = append(details, at+": "+d.Detail())
		}
		if len(details) < 6 || !slices.IsSorted(details) {
			t.Errorf("%s: the problems are not in order: %q", name, details)
		}
	}
}
