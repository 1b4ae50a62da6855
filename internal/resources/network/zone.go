package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// unprotected is the gateway mode in which all ports of a container are reached from
// outside, published or not.
const unprotected = "nat-unprotected"

// closeZone makes a network of the zone data internal, unless the configuration has
// a word on that.
func (m *model) closeZone(config *model) {
	switch {
	case !config.Internal.IsNull():
	case m.Zone.IsUnknown():
		m.Internal = types.BoolUnknown()
	default:
		m.Internal = types.BoolValue(m.Zone.ValueString() == desired.ZoneData)
	}
}

// checkZone holds a network to what its zone promises.
func (m *model) checkZone() diag.Diagnostics {
	var diags diag.Diagnostics
	if _, written := texts(m.Labels)[desired.LabelZone]; written {
		diags.AddAttributeError(path.Root("labels"), invalid, fmt.Sprintf("The label %s is what the attribute zone sets. Write zone in its place.", desired.LabelZone))
	}
	zone := m.Zone.ValueString()
	closed := !m.Internal.IsNull() && !m.Internal.IsUnknown() && m.Internal.ValueBool()
	open := !m.Internal.IsNull() && !m.Internal.IsUnknown() && !m.Internal.ValueBool()
	switch {
	case zone == desired.ZoneData && open:
		diags.AddAttributeError(path.Root("internal"), invalid,
			"A network of zone data is internal: its containers would reach the outside. Remove internal = false, or choose the zone service.")
	case zone == desired.ZoneExternal && closed:
		diags.AddAttributeError(path.Root("internal"), invalid,
			"A network of zone external is not internal: nothing could reach it from outside. Remove internal = true, or choose the zone service or data.")
	}
	if zone != desired.ZoneData && zone != desired.ZoneService {
		return diags
	}
	options := texts(m.DriverOptions)
	for _, option := range slices.Sorted(maps.Keys(options)) {
		if value := options[option]; strings.HasPrefix(option, "com.docker.network.bridge.gateway_mode_") && value == unprotected {
			diags.AddAttributeError(path.Root("driver_options"), invalid, fmt.Sprintf(
				"%s = %q has the outside reach every port of every container, and the zone %s keeps it off. Remove one of the two.", option, value, zone))
		}
	}
	return diags
}
