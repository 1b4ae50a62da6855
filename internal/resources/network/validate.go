package network

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

const invalid = "Invalid network"

// ValidateConfig refuses what can never work, each at its attribute. What is
// unknown is left for the plan.
func (r *networkResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	pools := m.pools()
	for _, p := range core.CheckPools(pools) {
		resp.Diagnostics.AddAttributeError(concept.AttributePath(p.Attribute), invalid, p.Detail)
	}
	resp.Diagnostics.Append(m.checkFamilies(pools)...)
	resp.Diagnostics.Append(m.checkDriver()...)
	resp.Diagnostics.Append(m.checkParent()...)
	resp.Diagnostics.Append(m.checkConfig()...)
	resp.Diagnostics.Append(m.checkTwice()...)
	resp.Diagnostics.Append(m.checkZone()...)
}

// checkFamilies holds the ranges against what is said of IPv4 and IPv6.
func (m *model) checkFamilies(pools []desired.Pool) diag.Diagnostics {
	var diags diag.Diagnostics
	for i, p := range pools {
		is6 := strings.Contains(p.Subnet, ":")
		at := path.Root("ipam").AtListIndex(i).AtName("subnet")
		off6 := !m.EnableIPv6.IsNull() && !m.EnableIPv6.IsUnknown() && !m.EnableIPv6.ValueBool()
		off4 := !m.EnableIPv4.IsNull() && !m.EnableIPv4.IsUnknown() && !m.EnableIPv4.ValueBool()
		switch {
		case p.Subnet == "":
		case is6 && off6:
			diags.AddAttributeError(at, invalid, fmt.Sprintf("The subnet %s is IPv6, and enable_ipv6 is false: containers would get no address of it. Remove one of the two.", p.Subnet))
		case !is6 && off4:
			diags.AddAttributeError(at, invalid, fmt.Sprintf("The subnet %s is IPv4, and enable_ipv4 is false: containers would get no address of it. Remove one of the two.", p.Subnet))
		}
	}
	return diags
}

// drivers says which drivers know an attribute.
var drivers = map[string][]string{
	"nat":            {desired.DriverBridge},
	"interface_name": {desired.DriverBridge},
	"mtu":            {desired.DriverBridge, desired.DriverOverlay},
	"parent":         {desired.DriverMacvlan, desired.DriverIPvlan},
	"mode":           {desired.DriverMacvlan, desired.DriverIPvlan},
}

// modes are the values of the mode attribute, by driver.
var modes = map[string][]string{
	desired.DriverMacvlan: {"bridge", "private", "vepa", "passthru"},
	desired.DriverIPvlan:  {"l2", "l3", "l3s"},
}

// checkDriver refuses attributes that the driver does not know. One that takes its
// settings from another network has checkConfig's; a config-only one may lend to
// any driver.
func (m *model) checkDriver() diag.Diagnostics {
	if m.Driver.IsUnknown() || m.ConfigOnly.IsUnknown() || m.ConfigOnly.ValueBool() || !m.ConfigFrom.IsNull() {
		return nil
	}
	var diags diag.Diagnostics
	driver := m.Driver.ValueString()
	if driver == "" {
		driver = desired.DriverBridge
	}
	set := map[string]bool{"nat": !m.NAT.IsNull(), "interface_name": !m.InterfaceName.IsNull(), "mtu": !m.MTU.IsNull(), "parent": !m.Parent.IsNull(), "mode": !m.Mode.IsNull()}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] && !slices.Contains(drivers[name], driver) {
			diags.AddAttributeError(path.Root(name), invalid, fmt.Sprintf("A network with the driver %s has no %s: only %s has. Remove it, or set driver.",
				driver, name, strings.Join(drivers[name], " or ")))
		}
	}
	if allowed, ok := modes[driver]; ok && !m.Mode.IsNull() && !m.Mode.IsUnknown() && !slices.Contains(allowed, m.Mode.ValueString()) {
		diags.AddAttributeError(path.Root("mode"), invalid, fmt.Sprintf("The driver %s has no mode %q: it has %s.", driver, m.Mode.ValueString(), strings.Join(allowed, ", ")))
	}
	return diags
}

// maxVLAN is the highest 802.1Q id of a VLAN.
const maxVLAN = 4094

// checkParent holds the parent's name to what the kernel and the drivers take.
func (m *model) checkParent() diag.Diagnostics {
	var diags diag.Diagnostics
	parent := m.Parent.ValueString()
	at := path.Root("parent")
	if len(parent) > desired.MaxInterfaceName {
		diags.AddAttributeError(at, invalid, fmt.Sprintf("%q has %d characters, and an interface's name at most %d.", parent, len(parent), desired.MaxInterfaceName))
	}
	if _, vlan, tagged := strings.Cut(parent, "."); tagged {
		id, err := strconv.Atoi(vlan)
		if err != nil || id < 1 || id > maxVLAN {
			diags.AddAttributeError(at, invalid, fmt.Sprintf("%q does not name a VLAN: write its id, from 1 to %d, after the dot, as in eth0.20.", parent, maxVLAN))
		}
	}
	return diags
}

// checkConfig keeps networks that lend settings, or borrow them, from having what
// engines refuse in them.
func (m *model) checkConfig() diag.Diagnostics {
	var diags diag.Diagnostics
	refuse := func(name string, set bool, detail string) {
		if set {
			diags.AddAttributeError(path.Root(name), invalid, detail)
		}
	}
	if m.ConfigOnly.ValueBool() {
		const lends = "A config-only network only lends its settings: %s is set on the networks that take them with config_from."
		refuse("driver", !m.Driver.IsNull(), fmt.Sprintf(lends, "driver"))
		refuse("mode", !m.Mode.IsNull(), "A config-only network has no driver, which mode belongs to: write driver_options = { macvlan_mode = … } or { ipvlan_mode = … }.")
		refuse("internal", m.Internal.ValueBool(), fmt.Sprintf(lends, "internal"))
		refuse("attachable", m.Attachable.ValueBool(), fmt.Sprintf(lends, "attachable"))
		refuse("zone", !m.Zone.IsNull(), fmt.Sprintf(lends, "zone"))
		refuse("config_from", !m.ConfigFrom.IsNull(), "A config-only network cannot take its settings from another one.")
		return diags
	}
	if m.ConfigFrom.IsNull() {
		return diags
	}
	given := map[string]bool{"ipam": !m.IPAM.IsNull(), "zone": !m.Zone.IsNull(), "labels": !m.Labels.IsNull(), "driver_options": !m.DriverOptions.IsNull(),
		"enable_ipv4": !m.EnableIPv4.IsNull(), "enable_ipv6": !m.EnableIPv6.IsNull(), "nat": !m.NAT.IsNull(), "mtu": !m.MTU.IsNull(),
		"parent": !m.Parent.IsNull(), "mode": !m.Mode.IsNull(), "interface_name": !m.InterfaceName.IsNull()}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		refuse(name, given[name], fmt.Sprintf("A network with config_from takes its settings from that network, and engines allow it no %s of its own. Set it there.", name))
	}
	return diags
}

// checkTwice refuses an option that is asked for in two ways.
func (m *model) checkTwice() diag.Diagnostics {
	var diags diag.Diagnostics
	attribute := map[string]string{desired.OptionMTU: "mtu", desired.OptionBridgeName: "interface_name", desired.OptionParent: "parent",
		desired.OptionMacvlanMode: "mode", desired.OptionIPvlanMode: "mode", desired.OptionMasquerade: "nat",
		desired.OptionGatewayMode4: "nat", desired.OptionGatewayMode6: "nat"}
	written, own := texts(m.DriverOptions), m.ownOptions(true)
	for _, option := range slices.Sorted(maps.Keys(written)) {
		if _, twice := own[option]; twice {
			diags.AddAttributeError(path.Root("driver_options").AtMapKey(option), invalid,
				fmt.Sprintf("%s is also what the attribute %s sets. Keep one of the two.", option, attribute[option]))
		}
	}
	return diags
}
