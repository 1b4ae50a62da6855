package node

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// defaultName is the node that a provider without nodes has.
const defaultName = "local"

// dataModel is the data source as Terraform holds it.
type dataModel struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	factsModel
}

// name returns the node's name, or the default where none is configured.
func (m *dataModel) name() string {
	if m.Name.IsNull() {
		return defaultName
	}
	return m.Name.ValueString()
}

// model is the resource as Terraform holds it.
type model struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Labels      types.Map    `tfsdk:"labels"`
	Directories types.Map    `tfsdk:"directories"`
}

// directoryModel is one of the resource's directories.
type directoryModel struct {
	UID     types.Int64  `tfsdk:"uid"`
	GID     types.Int64  `tfsdk:"gid"`
	Mode    types.String `tfsdk:"mode"`
	HostUID types.Int64  `tfsdk:"host_uid"`
	HostGID types.Int64  `tfsdk:"host_gid"`
	State   types.String `tfsdk:"state"`
}
