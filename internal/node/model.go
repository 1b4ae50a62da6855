package node

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// defaultName is the node that a provider without nodes has.
const defaultName = "local"

// model is the data source as Terraform holds it.
type model struct {
	Name types.String `tfsdk:"name"`
	ID   types.String `tfsdk:"id"`

	EngineVersion types.String `tfsdk:"engine_version"`
	APIVersion    types.String `tfsdk:"api_version"`

	OS              types.String `tfsdk:"os"`
	OperatingSystem types.String `tfsdk:"operating_system"`
	Architecture    types.String `tfsdk:"architecture"`
	KernelVersion   types.String `tfsdk:"kernel_version"`
	CPUs            types.Int64  `tfsdk:"cpus"`
	MemoryBytes     types.Int64  `tfsdk:"memory_bytes"`

	CgroupVersion   types.String `tfsdk:"cgroup_version"`
	CgroupDriver    types.String `tfsdk:"cgroup_driver"`
	StorageDriver   types.String `tfsdk:"storage_driver"`
	Rootless        types.Bool   `tfsdk:"rootless"`
	UsernsRemap     types.Bool   `tfsdk:"userns_remap"`
	SecurityOptions types.List   `tfsdk:"security_options"`
	Runtimes        types.List   `tfsdk:"runtimes"`
	CDIDevices      types.List   `tfsdk:"cdi_devices"`

	SwarmRole types.String  `tfsdk:"swarm_role"`
	Plugins   *pluginsModel `tfsdk:"plugins"`
	Labels    types.Map     `tfsdk:"labels"`
}

type pluginsModel struct {
	Volume        types.List `tfsdk:"volume"`
	Network       types.List `tfsdk:"network"`
	Log           types.List `tfsdk:"log"`
	Authorization types.List `tfsdk:"authorization"`
}

// name returns the node's name, or the default where none is configured.
func (m model) name() string {
	if m.Name.IsNull() {
		return defaultName
	}
	return m.Name.ValueString()
}

// fromObserved returns the state of the node of that name.
func fromObserved(ctx context.Context, name string, f observed.Facts) (model, diag.Diagnostics) {
	var diags diag.Diagnostics
	list := func(values []string) types.List {
		l, d := types.ListValueFrom(ctx, types.StringType, values)
		diags.Append(d...)
		return l
	}
	labels, d := types.MapValueFrom(ctx, types.StringType, f.Labels)
	diags.Append(d...)
	return model{
		Name: types.StringValue(name), ID: types.StringValue(f.ID),
		EngineVersion: types.StringValue(f.EngineVersion), APIVersion: types.StringValue(f.APIVersion),
		OS: types.StringValue(f.OS), OperatingSystem: types.StringValue(f.OperatingSystem),
		Architecture: types.StringValue(f.Architecture), KernelVersion: types.StringValue(f.KernelVersion),
		CPUs: types.Int64Value(int64(f.CPUs)), MemoryBytes: types.Int64Value(f.MemoryBytes),
		CgroupVersion: types.StringValue(f.CgroupVersion), CgroupDriver: types.StringValue(f.CgroupDriver),
		StorageDriver: types.StringValue(f.StorageDriver),
		Rootless:      types.BoolValue(f.Rootless), UsernsRemap: types.BoolValue(f.UsernsRemap),
		SecurityOptions: list(f.SecurityOptions), Runtimes: list(f.Runtimes), CDIDevices: list(f.CDIDevices),
		SwarmRole: types.StringValue(string(f.SwarmRole)),
		Plugins: &pluginsModel{
			Volume: list(f.Plugins.Volume), Network: list(f.Plugins.Network),
			Log: list(f.Plugins.Log), Authorization: list(f.Plugins.Authorization),
		},
		Labels: labels,
	}, diags
}
