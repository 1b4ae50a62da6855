package topology

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

var (
	_ datasource.DataSource                   = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*dataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*dataSource)(nil)
)

// Engines answers questions about nodes; the provider hands it to Configure.
type Engines interface {
	// Names returns the names of all nodes, sorted, and whether there may be more
	// that are known only at apply.
	Names() (names []string, more bool)
	// Inventory reads all that a node runs. Errors may carry a Summary and a Detail
	// for the user, and say NodeNameAtFault or UnknownUntilApply.
	Inventory(ctx context.Context, node string) (core.Inventory, error)
}

// NewDataSource returns the data source homelab_topology.
func NewDataSource() datasource.DataSource { return &dataSource{} }

type dataSource struct{ engines Engines }

// Metadata sets the type name.
func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_topology"
}

// Schema sets the schema.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

// Configure takes the provider's engines; it is also called without, before the
// provider is configured.
func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_topology", req.ProviderData, &d.engines)...)
}

// ValidateConfig reports a source that does not go with the stacks.
func (d *dataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || config.Source.IsUnknown() || config.Stacks.IsUnknown() {
		return
	}
	resp.Diagnostics.Append(config.checkStacks()...)
	switch source := config.Source.ValueString(); {
	case source == sourceDeclared && config.Stacks.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root("stacks"), "Missing stacks",
			"The declared homelab is drawn from stacks. List them, for example stacks = [homelab_stack.media], or set source = \"running\".")
	case !config.Subnets.IsNull() && config.Stacks.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root("subnets"), "Subnets not used",
			"Subnets belong to the declared homelab, which is drawn from stacks. List those too, or leave the subnets out: the running homelab shows its VLANs by itself.")
	case source == sourceRunning && !config.Stacks.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root("stacks"), "Stacks not used",
			"The running homelab is drawn from what the nodes answer, so stacks have no effect. Leave them out, or set source = \"declared\".")
	}
}

// Read draws the homelab.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.Config.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(state.setDefaults(ctx)...)
	options, diags := state.options(ctx)
	resp.Diagnostics.Append(diags...)
	names, diags := state.nodeNames(ctx)
	resp.Diagnostics.Append(diags...)
	var homelab diagram.Homelab
	if state.Source.ValueString() == sourceDeclared {
		homelab, diags = state.declared(ctx, names)
	} else {
		if _, more := d.engines.Names(); more && names == nil && req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
			return
		}
		homelab, diags = d.running(ctx, names, state.CriticalityLabel.ValueString())
	}
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	drawn, diags := state.draw(ctx, homelab, options)
	resp.Diagnostics.Append(diags...)
	if len(drawn.Omitted) > 0 {
		resp.Diagnostics.AddWarning("Diagram shortened", fmt.Sprintf(
			"The complete homelab is more than GitHub draws in one diagram (%d characters, %d lines), so this was left out: %s. "+
				"For more detail draw parts of it, with nodes, or leave out details, with show.", diagram.MaxCharacters, diagram.MaxEdges, strings.Join(drawn.Omitted, "; ")))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// declared draws up the declared homelab. A node that is asked for and has no
// stack is drawn without.
func (m *model) declared(ctx context.Context, names []string) (diagram.Homelab, diag.Diagnostics) {
	if diags := m.checkStacks(); diags.HasError() {
		return diagram.Homelab{}, diags
	}
	list, diags := m.declarations(ctx, names)
	if diags.HasError() {
		return diagram.Homelab{}, diags
	}
	h := fromDeclarations(list, m.CriticalityLabel.ValueString())
	diags.Append(m.describe(ctx, &h)...)
	found := map[string]bool{}
	for _, n := range h.Nodes {
		found[n.Name] = true
	}
	for _, name := range names {
		if !found[name] {
			h.Nodes = append(h.Nodes, diagram.Node{Name: name})
		}
	}
	return h, diags
}
