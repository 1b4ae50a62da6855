// Package node is the Terraform concept of a node: a machine with a Docker
// engine, under the name that the provider block gives it.
package node

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

var (
	_ datasource.DataSource              = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*dataSource)(nil)
)

// Engines answers questions about nodes; the provider hands it to Configure.
type Engines interface {
	// Facts reads what a node's engine says about itself. Errors may carry a
	// Summary and a Detail for the user, and say NodeNameAtFault or
	// UnknownUntilApply.
	Facts(ctx context.Context, node string) (observed.Facts, error)
}

// NewDataSource returns the data source homelab_node.
func NewDataSource() datasource.DataSource { return &dataSource{} }

type dataSource struct{ engines Engines }

// Metadata sets the type name.
func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_node"
}

// Schema sets the schema.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

// Configure takes the provider's engines; it is also called without, before the
// provider is configured.
func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_node", req.ProviderData, &d.engines)...)
}

// Read asks the engine for its facts.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := config.name()
	facts, err := d.engines.Facts(ctx, name)
	if core.UnknownUntilApply(err) {
		readLater(name, req, resp)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(dataDiagnostics(name, err)...)
		return
	}
	shown, diags := fromObserved(ctx, &facts)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &dataModel{ID: types.StringValue(name), Name: types.StringValue(name), factsModel: shown})...)
}

// readLater defers where Terraform can. Elsewhere a data source that is read at
// plan must return known values, so only the configuration can put it off.
func readLater(name string, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
		return
	}
	resp.Diagnostics.AddAttributeError(path.Root("name"), "Node not known until apply",
		fmt.Sprintf("The connection to node %q depends on values that are only known at apply, so its facts cannot be read now. "+
			"Add depends_on with the resource that makes the node to this data source: it is then read during apply.", name))
}
