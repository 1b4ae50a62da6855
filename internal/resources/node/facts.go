package node

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// kind is the shape of a fact.
type kind int

const (
	text kind = iota
	number
	flag
	list
	dictionary
)

// fact is one thing that an engine reports about its node.
type fact struct {
	name        string
	kind        kind
	description string
}

// facts are the attributes of the data source.
var facts = []fact{
	{"engine_id", text, "Identity of the engine, as it made it up. Copies of one machine may share it."},
	{"engine_version", text, "Version of the Docker engine, such as `28.5.2`."},
	{"api_version", text, "Version of the engine's API in use: the newest that both sides know, such as `1.51`."},
	{"engine_labels", dictionary, "Labels of the engine, as set in its `daemon.json`. A label without a value has an empty one."},

	{"os", text, "Operating system type: `linux` or `windows`."},
	{"operating_system", text, "Name of the operating system, such as `Debian GNU/Linux 12 (bookworm)`."},
	{"architecture", text, "Architecture as the kernel names it, such as `x86_64` or `aarch64`."},
	{"kernel_version", text, "Version of the kernel."},
	{"cpus", number, "Number of CPUs that the engine may use."},
	{"memory_bytes", number, "Memory of the machine, in bytes."},

	{"cgroup_version", text, "Version of the control groups: `1` or `2`."},
	{"cgroup_driver", text, "What manages the control groups: `systemd`, `cgroupfs` or `none`."},
	{"storage_driver", text, "Storage driver of images and containers, such as `overlay2`."},
	{"rootless", flag, "Whether the engine runs without root privileges."},
	{"userns_remap", flag, "Whether the engine maps the users of containers to others of the node (`userns-remap`). " +
		"Files that root owns on the node are then not root's in a container."},
	{"root_uid", number, "User of the node that root in a container is: `0`, or with `userns-remap` the first of the mapped users. " +
		"Null for an engine without root, which does not tell."},
	{"root_gid", number, "Group of the node that root's in a container is, likewise."},
	{"security_options", list, "Security features in use, as the engine lists them, such as `name=apparmor`."},
	{"runtimes", list, "Names of the container runtimes, sorted. `nvidia` is listed where NVIDIA's toolkit is set up as a runtime."},
	{"cdi_devices", list, "Devices found through the Container Device Interface, such as `nvidia.com/gpu=0`, sorted. " +
		"Empty on engines before Docker 28.2 (API 1.50), which do not tell."},
	{"gpus", list, "Vendors of the GPUs that containers can be given, sorted, such as `nvidia` or `amd`: where there is a CDI device of the kind " +
		"`<vendor>.com/gpu`, or the runtime `nvidia`. A GPU that is only a device file, such as `/dev/dri`, is not told by any engine."},

	{"swarm_role", text, "Role in a swarm: `inactive` (none), `worker` or `manager`; or `pending`, `error` or `locked` " +
		"while the swarm cannot be used."},
}

const pluginsDescription = "Names of the plugins, built-in ones included, by kind and sorted."

// plugins are the attributes of `plugins`.
var plugins = []fact{
	{"volume", list, "Volume plugins, such as `local`."},
	{"network", list, "Network plugins, such as `macvlan`."},
	{"log", list, "Log drivers, such as `json-file`."},
	{"authorization", list, "Authorization plugins."},
}

// forDataSource returns the fact as a data source's attribute.
func (f fact) forDataSource() dsschema.Attribute {
	switch f.kind {
	case number:
		return dsschema.Int64Attribute{MarkdownDescription: f.description, Computed: true}
	case flag:
		return dsschema.BoolAttribute{MarkdownDescription: f.description, Computed: true}
	case list:
		return dsschema.ListAttribute{MarkdownDescription: f.description, ElementType: types.StringType, Computed: true}
	case dictionary:
		return dsschema.MapAttribute{MarkdownDescription: f.description, ElementType: types.StringType, Computed: true}
	default:
		return dsschema.StringAttribute{MarkdownDescription: f.description, Computed: true}
	}
}

// factsModel is what the data source shows of a node.
type factsModel struct {
	EngineID      types.String `tfsdk:"engine_id"`
	EngineVersion types.String `tfsdk:"engine_version"`
	APIVersion    types.String `tfsdk:"api_version"`
	EngineLabels  types.Map    `tfsdk:"engine_labels"`

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
	RootUID         types.Int64  `tfsdk:"root_uid"`
	RootGID         types.Int64  `tfsdk:"root_gid"`
	SecurityOptions types.List   `tfsdk:"security_options"`
	Runtimes        types.List   `tfsdk:"runtimes"`
	CDIDevices      types.List   `tfsdk:"cdi_devices"`
	GPUs            types.List   `tfsdk:"gpus"`

	SwarmRole types.String `tfsdk:"swarm_role"`
	Plugins   types.Object `tfsdk:"plugins"`
}

// fromObserved returns the facts as Terraform holds them.
func fromObserved(ctx context.Context, f *observed.Facts) (factsModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	list := func(values []string) types.List {
		l, d := types.ListValueFrom(ctx, types.StringType, values)
		diags.Append(d...)
		return l
	}
	labels, d := types.MapValueFrom(ctx, types.StringType, f.Labels)
	diags.Append(d...)
	plugins, d := types.ObjectValue(pluginTypes(), map[string]attr.Value{
		"volume": list(f.Plugins.Volume), "network": list(f.Plugins.Network),
		"log": list(f.Plugins.Log), "authorization": list(f.Plugins.Authorization),
	})
	diags.Append(d...)
	return factsModel{
		EngineID: types.StringValue(f.ID), EngineVersion: types.StringValue(f.EngineVersion), APIVersion: types.StringValue(f.APIVersion),
		EngineLabels: labels,
		OS:           types.StringValue(f.OS), OperatingSystem: types.StringValue(f.OperatingSystem),
		Architecture: types.StringValue(f.Architecture), KernelVersion: types.StringValue(f.KernelVersion),
		CPUs: types.Int64Value(int64(f.CPUs)), MemoryBytes: types.Int64Value(f.MemoryBytes),
		CgroupVersion: types.StringValue(f.CgroupVersion), CgroupDriver: types.StringValue(f.CgroupDriver),
		StorageDriver: types.StringValue(f.StorageDriver),
		Rootless:      types.BoolValue(f.Rootless), UsernsRemap: types.BoolValue(f.UsernsRemap),
		RootUID: idValue(f.IDs.UID), RootGID: idValue(f.IDs.GID),
		SecurityOptions: list(f.SecurityOptions), Runtimes: list(f.Runtimes), CDIDevices: list(f.CDIDevices), GPUs: list(f.GPUs),
		SwarmRole: types.StringValue(string(f.SwarmRole)),
		Plugins:   plugins,
	}, diags
}

// idValue shows an owner that cannot be told as null.
func idValue(id int) types.Int64 {
	if id == observed.NoID {
		return types.Int64Null()
	}
	return types.Int64Value(int64(id))
}

func idOf(v types.Int64) int {
	if v.IsNull() || v.IsUnknown() {
		return observed.NoID
	}
	return int(v.ValueInt64())
}

func pluginTypes() map[string]attr.Type {
	kinds := map[string]attr.Type{}
	for _, f := range plugins {
		kinds[f.name] = types.ListType{ElemType: types.StringType}
	}
	return kinds
}
