package node

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func dataSourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "What a node's Docker engine says about itself and its machine: versions, hardware, cgroups, " +
			"storage, runtimes, plugins and its role in a swarm. Reading it changes nothing on the node.\n\n" +
			"Use it to fit stacks to the machines they run on, for example to pick an image by architecture or " +
			"to check for a runtime before a stack asks for it.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the node: a key of `nodes` in the provider block. Defaults to `local`, " +
					"the one node there is when the provider block has none.",
				Optional:   true,
				Computed:   true,
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"id": text("Identity of the engine, as it made it up. Copies of one machine may share it."),

			"engine_version": text("Version of the Docker engine, such as `28.5.2`."),
			"api_version":    text("Version of the engine's API in use: the newest that both sides know, such as `1.51`."),

			"os":               text("Operating system type: `linux` or `windows`."),
			"operating_system": text("Name of the operating system, such as `Debian GNU/Linux 12 (bookworm)`."),
			"architecture":     text("Architecture in the kernel's words, such as `x86_64` or `aarch64`."),
			"kernel_version":   text("Version of the kernel."),
			"cpus": schema.Int64Attribute{
				MarkdownDescription: "Number of CPUs that the engine may use.", Computed: true,
			},
			"memory_bytes": schema.Int64Attribute{
				MarkdownDescription: "Memory of the machine, in bytes.", Computed: true,
			},

			"cgroup_version": text("Version of the control groups: `1` or `2`."),
			"cgroup_driver":  text("What manages the control groups: `systemd`, `cgroupfs` or `none`."),
			"storage_driver": text("Storage driver of images and containers, such as `overlay2`."),
			"rootless": schema.BoolAttribute{
				MarkdownDescription: "Whether the engine runs without root privileges.", Computed: true,
			},
			"userns_remap": schema.BoolAttribute{
				MarkdownDescription: "Whether the engine maps the users of containers to others of the node (`userns-remap`). " +
					"Files that root owns on the node are then not root's in a container.",
				Computed: true,
			},
			"security_options": list("Security features in use, as the engine lists them, such as `name=apparmor`."),
			"runtimes":         list("Names of the container runtimes, sorted. `nvidia` stands here where NVIDIA's toolkit is set up as a runtime."),
			"cdi_devices": list("Devices found through the Container Device Interface, such as `nvidia.com/gpu=0`, sorted. " +
				"Empty on engines before Docker 28.2 (API 1.50), which do not tell."),

			"swarm_role": text("Role in a swarm: `inactive` (none), `worker` or `manager`; or `pending`, `error` or `locked` " +
				"while the swarm cannot be used."),
			"plugins": pluginsSchema(),
			"labels": schema.MapAttribute{
				MarkdownDescription: "Labels of the engine, as set in its `daemon.json`. A label without a value has an empty one.",
				ElementType:         types.StringType,
				Computed:            true,
			},
		},
	}
}

func pluginsSchema() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Names of the plugins, built-in ones included, by kind and sorted.",
		Computed:            true,
		Attributes: map[string]schema.Attribute{
			"volume":        list("Volume plugins, such as `local`."),
			"network":       list("Network plugins, such as `macvlan`."),
			"log":           list("Log drivers, such as `json-file`."),
			"authorization": list("Authorization plugins."),
		},
	}
}

func text(description string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

func list(description string) schema.Attribute {
	return schema.ListAttribute{MarkdownDescription: description, ElementType: types.StringType, Computed: true}
}
